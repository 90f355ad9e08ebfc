//! The port.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::Capabilities;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::preview::Preview;
use contract::replication::Lsn;
use contract::service::MemberRole;
use contract::values::Secret;
use control::port::{
    Desired, Following, Measurement, Observed, Phase, PortError, Power, Provisioner, Publication, Removal, ServiceName,
    ServiceRef, SignIn, SignedIn, Volumes,
};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use postgres::{Limits, Listen, Major, Settings, Status, StopMode, find_log_lines, scram_verifier, sign_in};
use secrecy::SecretString;
use tokio_stream::wrappers::BroadcastStream;

use crate::fetch::Programs;
use crate::{Inner, LocalRuntime};

/// Servers listen on loopback only.
const HOST: &str = "127.0.0.1";
/// How long sessions may take to end before a stop cuts them off.
const STOP: Duration = Duration::from_secs(30);
/// How long somebody waits for his turn to read a log.
const LOG_WAIT: Duration = Duration::from_secs(5);
/// How long a sign-in may take.
const SIGN_IN: Duration = Duration::from_secs(5);

#[async_trait]
impl Provisioner for LocalRuntime {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities.borrow().clone()
    }

    fn host(&self, _: &ServiceRef) -> String {
        HOST.to_owned()
    }

    fn ports(&self) -> Option<RangeInclusive<u16>> {
        Some(self.0.ports.clone())
    }

    async fn ensure(&self, desired: &Desired) -> Result<Observed, PortError> {
        let observed = self.0.ensure(desired).await?;
        self.0.seen.told(&desired.service.name, observed.phase);
        Ok(observed)
    }

    async fn preview(&self, _: &Desired) -> Result<Option<Preview>, PortError> {
        Ok(None)
    }

    async fn observe(&self, service: &ServiceRef) -> Result<Observed, PortError> {
        let name = &service.name;
        let phase = self.0.phase(name)?;
        self.0.seen.told(name, phase);
        let detail = self.0.notes.of(name).filter(|_| phase == Phase::Running);
        Ok(Observed { detail, ..Observed::at(phase) })
    }

    /// Stops the server; it is started by the next call of `ensure`.
    async fn restart(&self, at: &SignIn) -> Result<Observed, PortError> {
        let name = &at.service.name;
        let phase = self.0.phase(name)?;
        if phase <= Phase::Stopped {
            return Ok(Observed::at(phase));
        }
        self.0.stop(name).await?;
        self.0.seen.told(name, Phase::Stopped);
        Ok(Observed::at(Phase::Stopped))
    }

    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        self.0.host.remove(&self.0.dir(&service.name)).await.map_err(retry)?;
        self.0.seen.told(&service.name, Phase::Absent);
        Ok(Removal::Gone)
    }

    async fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError> {
        let (user, password) = (&at.database, SecretString::from(at.password.expose()));
        let signed_in = sign_in(&at.host, at.port, user, user, &password, SIGN_IN).await;
        let signed_in = signed_in.map_err(|error| PortError::retry(error.to_string()))?;
        Ok(SignedIn { version: signed_in.version, tls: signed_in.tls, took: signed_in.took })
    }

    async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        let phase = self.0.phase(&service.name)?;
        let only = Member {
            name: service.name.to_string(),
            role: Some(MemberRole::Primary),
            ready: phase == Phase::Running,
            node: None,
            started_at: None,
            lag_bytes: None,
            detail: None,
        };
        Ok(Some(only).filter(|_| phase != Phase::Absent).into_iter().collect())
    }

    async fn log(&self, service: &ServiceRef, filter: &LogFilter, secret: &Secret) -> Result<LogLines, PortError> {
        let turn = tokio::time::timeout(LOG_WAIT, Arc::clone(&self.0.logs).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PortError::retry("too many logs are being read; try again")) };
        let (dir, text, count) = (self.0.dir(&service.name), filter.q.clone(), usize::from(filter.lines));
        let secret = SecretString::from(secret.expose());
        let found = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            find_log_lines(&dir, &text, count, &secret)
        });
        let found = found.await.unwrap_or(Err(postgres::Error::Interrupted)).map_err(retry)?;
        Ok(LogLines { lines: found.lines, more: found.more })
    }

    async fn following(&self, _: &ServiceRef) -> Result<Option<Following>, PortError> {
        // its capabilities refuse what would follow somebody
        Ok(None)
    }

    async fn live(&self, _: &Desired) -> Result<Option<Live>, PortError> {
        Ok(None)
    }

    async fn written(&self, _: &ServiceRef) -> Result<Option<Lsn>, PortError> {
        Ok(None)
    }

    async fn measure(&self, at: &SignIn) -> Result<Option<Measurement>, PortError> {
        let measured = self.0.host.measure(&self.0.dir(&at.service.name)).await.map_err(retry)?;
        Ok(measured.map(|now| Measurement {
            connections: now.connections,
            max_connections: now.max_connections,
            transactions: now.transactions,
            blocks_hit: now.blocks_hit,
            blocks_read: now.blocks_read,
            size: now.size,
            wal: now.wal,
            cpu_ms: now.cpu_ms,
            memory: now.memory,
        }))
    }

    fn publishes(&self) -> bool {
        false
    }

    async fn publish(&self, _: &Publication) -> Result<(), PortError> {
        Ok(())
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        None
    }

    fn changes(&self) -> BoxStream<'static, ServiceName> {
        // a reader that was too slow lost hints only
        BroadcastStream::new(self.0.hints.subscribe()).filter_map(|hint| std::future::ready(hint.ok())).boxed()
    }
}

impl Inner {
    async fn ensure(&self, desired: &Desired) -> Result<Observed, PortError> {
        match self.status(&desired.service.name)? {
            Status::Absent | Status::HalfPrepared if desired.existed => Ok(Observed::at(Phase::Lost)),
            Status::Absent | Status::HalfPrepared => self.prepare(desired).await,
            Status::Stopped => self.start(desired).await,
            Status::Starting | Status::Stopping => Ok(Observed::at(Phase::Starting)),
            Status::Running { .. } if desired.power == Power::Stopped => {
                self.stop(&desired.service.name).await?;
                Ok(Observed::at(Phase::Stopped))
            }
            Status::Running { .. } => self.configure(desired).await,
        }
    }

    /// How a service looks from outside.
    pub(crate) fn phase(&self, name: &ServiceName) -> Result<Phase, PortError> {
        Ok(match self.status(name)? {
            Status::Absent => Phase::Absent,
            Status::HalfPrepared => Phase::Preparing,
            Status::Stopped => Phase::Stopped,
            Status::Starting | Status::Stopping => Phase::Starting,
            Status::Running { .. } => Phase::Running,
        })
    }

    fn status(&self, name: &ServiceName) -> Result<Status, PortError> {
        self.host.observe(&self.dir(name)).map_err(retry)
    }

    async fn prepare(&self, desired: &Desired) -> Result<Observed, PortError> {
        let major = major(desired)?;
        match self.fetches.programs(&self.host, major).await {
            Programs::Ready => {}
            Programs::Waiting(said) => return Ok(Observed::saying(Phase::Preparing, said)),
            Programs::Failed(reason) => return Err(PortError::retry(reason)),
        }
        self.host.prepare(&self.dir(&desired.service.name), &settings(desired)?).await.map_err(retry)?;
        Ok(Observed::saying(Phase::Stopped, format!("from the PostgreSQL {major} template")))
    }

    async fn start(&self, desired: &Desired) -> Result<Observed, PortError> {
        let dir = self.dir(&desired.service.name);
        self.host.prepare(&dir, &settings(desired)?).await.map_err(retry)?;
        if desired.power == Power::Stopped {
            return Ok(Observed::at(Phase::Stopped));
        }
        let running = self.host.start(&dir).await.map_err(retry)?;
        Ok(Observed::saying(Phase::Running, format!("on port {}", running.port)))
    }

    async fn stop(&self, name: &ServiceName) -> Result<(), PortError> {
        self.host.stop(&self.dir(name), StopMode::Fast, STOP).await.map_err(retry)
    }

    /// Role, database and settings of a server that runs. Settings that need a restart end in a stopped server, which
    /// the next call starts. The limits come last: from then on it serves.
    async fn configure(&self, desired: &Desired) -> Result<Observed, PortError> {
        let dir = self.dir(&desired.service.name);
        let name = &desired.database;
        let verifier = scram_verifier(&SecretString::from(desired.password.expose()));
        // adopts it: a console that ended while it started this server may have left its superuser's password and its group undone
        self.host.start(&dir).await.map_err(retry)?;
        self.host.ensure_role_and_database(&dir, name, &verifier).await.map_err(retry)?;
        let waiting = self.host.apply(&dir, &settings(desired)?).await.map_err(retry)?;
        if !waiting.is_empty() {
            self.stop(&desired.service.name).await?;
            return Ok(Observed::at(Phase::Stopped));
        }
        Ok(Observed::saying(Phase::Ready, format!("both are called {name}")))
    }
}

fn major(desired: &Desired) -> Result<Major, PortError> {
    let number = u16::from(desired.major.number());
    Major::new(number).ok_or_else(|| PortError::Rejected(format!("PostgreSQL {number} can't run here")))
}

fn settings(desired: &Desired) -> Result<Settings, PortError> {
    let port = desired.port.ok_or_else(|| PortError::Rejected("It was given no port".into()))?;
    let limits = Limits {
        ram_mib: u64::from(desired.size.ram.mib()),
        disk_mib: u64::from(desired.size.disk.mib()),
        cpu_millis: desired.size.cpu.millis(),
    };
    Ok(Settings::new(major(desired)?, limits, Listen::Loopback, port))
}

/// On this machine everything may be mended by somebody: room made, a port freed, programs installed.
fn retry(error: postgres::Error) -> PortError {
    tracing::debug!(error = &error as &dyn std::error::Error, "a server refused");
    let message = match &error {
        postgres::Error::PortInUse { port } => {
            format!("Port {port} is taken by another program on this machine; end that program")
        }
        // paths of this machine stay in the log
        postgres::Error::Io { action, source, .. } => format!("Could not {action} a file of the server: {source}"),
        postgres::Error::StartFailed { log, .. } => format!("The server ended while starting: {}", log.join(" | ")),
        postgres::Error::StartTimeout { seconds, log, .. } => {
            format!("The server is still not ready after {seconds} s: {}", log.join(" | "))
        }
        postgres::Error::NotPrepared(_) => "Its data directory isn't ready".to_owned(),
        postgres::Error::StillAlive { pids, .. } => format!("Processes {pids:?} of the server do not end"),
        postgres::Error::Superuser { .. } => "The server does not take its superuser's password".to_owned(),
        postgres::Error::OtherMajor { found, wanted, .. } => {
            format!("Its data is of PostgreSQL {found}, not {wanted}")
        }
        postgres::Error::BinariesMissing { version, reason, .. } => {
            format!("PostgreSQL {version} is not on this machine and could not be fetched ({reason})")
        }
        other => other.to_string(),
    };
    PortError::retry(message)
}
