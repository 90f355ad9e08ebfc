//! Starts a server, or adopts one that runs.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::cgroup::{Cpu, LimitsEnforced, name_for};
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
/// How long a process that was killed may still look alive.
const DYING: Duration = Duration::from_millis(500);
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
        match self.attempt(&server, &settings).await {
            // Killed a moment ago, and seen before the kernel was done with it.
            Err(Failed { adopted: Some(process), error }) if dies(&process).await => {
                tracing::info!(%error, dir = %server.dir.display(), "the server ended while it was adopted");
                self.attempt(&server, &settings).await
            }
            other => other,
        }
        .map_err(|failed| failed.error)
    }

    async fn attempt(&self, server: &Server, settings: &Settings) -> Result<Running, Failed> {
        let adopted = self.running_or_cleared(server).await?;
        let running = self.bring_up(server, settings, adopted).await;
        running.map_err(|error| Failed { error, adopted })
    }

    async fn bring_up(&self, server: &Server, settings: &Settings, adopted: Option<Proc>) -> Result<Running> {
        let process = match adopted {
            Some(process) => Process::Adopted(process),
            None => Process::Started(self.launch(server, settings).await?),
        };
        let limits = self.confine(server, settings, process.pid());
        let (pid, port, started_at) = self.wait_until_ready(server, settings, &process).await?;
        self.settle_superuser(server, port).await?;
        // Those that were born before the postmaster had joined the group.
        self.sweep(server);
        Ok(Running { pid, port, started_at, adopted: adopted.is_some(), limits })
    }

    /// The living postmaster; or none, and nothing of an earlier one either.
    async fn running_or_cleared(&self, server: &Server) -> Result<Option<Proc>> {
        let by_file = server.postmaster();
        if look(server) == Status::Stopping {
            self.wait_for_end(server, TIMEOUT).await;
        } else if by_file.is_some() {
            return Ok(by_file);
        }
        // One that has not written its pid file yet.
        let processes = server.processes();
        if let Some(postmaster) = procs::postmaster_among(&processes) {
            return Ok(Some(postmaster));
        }
        self.end_orphans(server).await?;
        remove_file(&pidfile::path(&server.data()))?;
        Ok(None)
    }

    async fn launch(&self, server: &Server, settings: &Settings) -> Result<Started> {
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
        Ok(started)
    }

    /// Puts the server into its cgroup. Its ceiling of CPU time holds from [`Host::apply`] on.
    fn confine(&self, server: &Server, settings: &Settings, pid: i32) -> LimitsEnforced {
        let Some(cgroup) = &self.config().cgroup else {
            return LimitsEnforced::Advisory;
        };
        let name = name_for(&server.dir);
        let set = cgroup.set(&name, &settings.limits, Cpu::Unlimited);
        let joined = set.and_then(|()| cgroup.join(&name, pid));
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
        process: &Process,
    ) -> Result<(u32, u16, SystemTime)> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Status::Running { pid, port, started_at } = look(server)
                && process.pid().unsigned_abs() == pid
            {
                return Ok((pid, port, started_at));
            }
            if process.has_ended() {
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

/// The postmaster that is waited for.
enum Process {
    Adopted(Proc),
    Started(Started),
}

impl Process {
    fn pid(&self) -> i32 {
        match self {
            Process::Adopted(process) => process.pid,
            Process::Started(started) => started.pid,
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Process::Adopted(process) => !process.is_alive(),
            Process::Started(started) => started.has_ended(),
        }
    }
}

struct Failed {
    error: Error,
    /// The process that was to be adopted.
    adopted: Option<Proc>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, adopted: None }
    }
}

/// Whether a process that didn't answer ends within [`DYING`].
async fn dies(process: &Proc) -> bool {
    let deadline = Instant::now() + DYING;
    while process.is_alive() {
        if Instant::now() > deadline {
            return false;
        }
        sleep(EVERY).await;
    }
    true
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
