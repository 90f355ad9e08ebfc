//! Starts a server, or adopts one that runs.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::cgroup::{LimitsEnforced, name_for};
use crate::disk::{blocking, remove_file};
use crate::error::{At, Error, Result};
use crate::host::refuse_root;
use crate::observe::{Status, look};
use crate::process::{self, Started};
use crate::procs::{self, Proc};
use crate::server::Server;
use crate::settings::{Listen, Settings};
use crate::{Host, last_log_lines, pidfile, ports, sockets};

/// How long a start is waited for. Recovery after a crash may take longer: the server goes on, and a later call adopts it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often its files are looked at meanwhile; a start takes 60 ms at best.
const EVERY: Duration = Duration::from_millis(10);
/// Lines of its log that an error carries.
const EVIDENCE: usize = 12;

/// A server that takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub pid: u32,
    pub port: u16,
    /// By the server's own account, in whole seconds.
    pub started_at: SystemTime,
    /// It ran already.
    pub adopted: bool,
    pub limits: LimitsEnforced,
}

impl Host {
    /// Starts the server prepared in `dir`, and returns once it takes its superuser's connection. One that runs already is adopted, and
    /// one that is starting is waited for. What a crash left behind (pid file, socket, orphans) is cleared once it is proved dead.
    ///
    /// # Errors
    /// [`Error::NotPrepared`]; [`Error::PortInUse`]; [`Error::StartFailed`] and [`Error::StartTimeout`] with the log's last lines (after
    /// the latter the server may still come up); [`Error::StillAlive`] if orphans don't end; missing programs.
    pub async fn start(&self, dir: &Path) -> Result<Running> {
        let server = Server::at(dir)?;
        refuse_root()?;
        let _guard = self.lock(dir).await;
        if !server.is_prepared() {
            return Err(Error::NotPrepared(server.dir));
        }
        let settings = server.settings()?;
        let (process, started) = match self.running_or_cleared(&server).await? {
            Some(process) => (process, None),
            None => self.launch(&server, &settings).await?,
        };
        let pid = process.map(|process| process.pid);
        let pid = pid.or(started.as_ref().map(|started| started.pid));
        let limits = self.confine(&server, &settings, pid);
        let (pid, port, started_at) = self.wait_until_ready(&server, &settings, process, started.as_ref()).await?;
        self.settle_superuser(&server, port).await?;
        // Those that were born before the postmaster had joined the group.
        self.sweep(&server);
        Ok(Running { pid, port, started_at, adopted: started.is_none(), limits })
    }

    /// The living postmaster; or none, and nothing of an earlier one either.
    async fn running_or_cleared(&self, server: &Server) -> Result<Option<Option<Proc>>> {
        let by_file = server.postmaster();
        if look(server) == Status::Stopping {
            self.wait_for_end(server, TIMEOUT).await;
        } else if by_file.is_some() {
            return Ok(Some(by_file));
        }
        // One that has not written its pid file yet.
        let processes = server.processes();
        if let Some(postmaster) = procs::postmaster_among(&processes) {
            return Ok(Some(Some(postmaster)));
        }
        self.end_orphans(server).await?;
        remove_file(&pidfile::path(&server.data()))?;
        Ok(None)
    }

    async fn launch(&self, server: &Server, settings: &Settings) -> Result<(Option<Proc>, Option<Started>)> {
        sockets::ensure(self.socket_dir())?;
        sockets::clear(self.socket_dir(), settings.port)?;
        if settings.listen == Listen::Loopback && !ports::can_bind(settings.port) {
            return Err(Error::PortInUse { port: settings.port });
        }
        let binaries = self.binaries(settings.major, &|_| {}).await?;
        let log = server.stderr_log();
        let log = File::create(&log).at("create", &log)?;
        let copy = log.try_clone().at("open", &server.stderr_log())?;
        // In its data directory from the first moment: that is how it is known before it has written its pid file.
        let mut command = process::command(&binaries.postgres(), &server.data());
        command.arg("-D").arg(server.data()).stdin(Stdio::null()).stdout(Stdio::from(copy)).stderr(Stdio::from(log));
        // A group of its own: an interrupt at this process's terminal isn't one for the server.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = process::start(command).at("start", &binaries.postgres())?;
        tracing::info!(pid = started.pid, dir = %server.dir.display(), version = binaries.version, "started a server");
        Ok((None, Some(started)))
    }

    /// Puts the server into its cgroup.
    fn confine(&self, server: &Server, settings: &Settings, pid: Option<i32>) -> LimitsEnforced {
        let Some(cgroup) = &self.config().cgroup else {
            return LimitsEnforced::Advisory;
        };
        let name = name_for(&server.dir);
        let set = cgroup.set(&name, &settings.limits);
        let joined = set.and_then(|()| pid.map_or(Ok(()), |pid| cgroup.join(&name, pid)));
        match joined {
            Ok(()) => LimitsEnforced::Cgroup,
            Err(error) => {
                tracing::warn!(%error, dir = %server.dir.display(), "limits of memory and CPU are advisory");
                LimitsEnforced::Advisory
            }
        }
    }

    fn sweep(&self, server: &Server) {
        let Some(cgroup) = &self.config().cgroup else {
            return;
        };
        for process in server.processes() {
            // It may have ended since, or the group may be closed to us: `confine` has said so.
            let _ = cgroup.join(&name_for(&server.dir), process.pid);
        }
    }

    async fn wait_until_ready(
        &self,
        server: &Server,
        settings: &Settings,
        process: Option<Proc>,
        started: Option<&Started>,
    ) -> Result<(u32, u16, SystemTime)> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Status::Running { pid, port, started_at } = look(server)
                && started.is_none_or(|started| started.pid.unsigned_abs() == pid)
            {
                return Ok((pid, port, started_at));
            }
            let ended = started.is_some_and(Started::has_ended);
            if ended || process.is_some_and(|process| !process.is_alive()) {
                return Err(explain(server, settings).await);
            }
            if Instant::now() > deadline {
                return Err(Error::StartTimeout {
                    dir: server.dir.clone(),
                    seconds: TIMEOUT.as_secs(),
                    log: evidence(server).await,
                });
            }
            sleep(EVERY).await;
        }
    }
}

/// Why a server ended while starting.
async fn explain(server: &Server, settings: &Settings) -> Error {
    let log = evidence(server).await;
    let socket_lock = format!(".s.PGSQL.{}.lock\" already exists", settings.port);
    let taken = log.iter().any(|line| line.contains("Address already in use") || line.contains(&socket_lock));
    match taken {
        true => Error::PortInUse { port: settings.port },
        false => Error::StartFailed { dir: server.dir.clone(), log },
    }
}

async fn evidence(server: &Server) -> Vec<String> {
    let dir = server.dir.clone();
    let lines = blocking(move || last_log_lines(&dir, EVIDENCE)).await;
    lines.unwrap_or_default()
}
