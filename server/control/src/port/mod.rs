//! The port: what a runtime has to be able to do. One suite of contract tests runs on every adapter.

mod desired;
mod name;
mod volumes;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use contract::Capabilities;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::preview::Preview;
use contract::replication::Lsn;
use contract::values::Secret;
use futures::stream::BoxStream;
use uuid::Uuid;

pub use self::desired::{Desired, Follows, Origin, Power, Primary, SslMode};
pub use self::name::{ServiceName, ServiceRef};
pub use self::volumes::{Mounted, Place, Volume, Volumes};

/// What a server that follows another says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Following {
    /// Its receiver is connected.
    pub streams: bool,
    pub received: Option<Lsn>,
    pub replayed: Option<Lsn>,
}

/// How far a service is, as the runtime sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing of it is there.
    Absent,
    /// Its storage is being made: programs are fetched, a directory is copied, a volume is bound.
    Preparing,
    /// Its storage is there; no server runs.
    Stopped,
    /// A server runs and doesn't answer yet.
    Starting,
    /// The server answers.
    Running,
    /// Role, database and settings are as wanted.
    Ready,
    /// It was ready once, and its storage is gone.
    Lost,
}

impl Phase {
    pub const ALL: [Phase; 7] =
        [Self::Absent, Self::Preparing, Self::Stopped, Self::Starting, Self::Running, Self::Ready, Self::Lost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Preparing => "preparing",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Lost => "lost",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// Where a service is reached from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// A hostname or an IP address, without brackets.
    pub host: String,
    pub port: u16,
}

/// What a runtime saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub phase: Phase,
    /// The server that takes writes, where one runs.
    pub primary: Option<String>,
    /// With [`Phase::Ready`], where it has public access: it was signed in to through there.
    pub outside: Option<Outside>,
    /// It serves, and not all is well with it: a standby is behind or down, its source is not heard of, a volume can't grow.
    pub degraded: Option<String>,
    /// Something that [`Provisioner::ensure`] had made, and would make again, isn't there any more.
    pub missing: Option<String>,
    /// It goes on once somebody uses it: nothing is late.
    pub idle: bool,
    /// What it has to say: what it waits for, what was found.
    pub detail: Option<String>,
}

impl Observed {
    pub fn at(phase: Phase) -> Self {
        Self { phase, primary: None, outside: None, degraded: None, missing: None, idle: false, detail: None }
    }

    pub fn saying(phase: Phase, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::at(phase) }
    }
}

/// Whether anything is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Pending,
    Gone,
}

/// A sign-in over TCP with the credentials that the API returns.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub service: ServiceRef,
    pub host: String,
    pub port: u16,
    /// The database, and the user that owns it.
    pub database: String,
    pub password: Secret,
}

/// What a sign-in found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// What the server says it is: 17.11.
    pub version: String,
    pub tls: bool,
    pub took: Duration,
}

/// What a running server does and takes. Counters grow from some beginning of their own, and may begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Sessions of clients; Berth's own don't count.
    pub connections: i64,
    pub max_connections: i64,
    /// Counter: committed and rolled back.
    pub transactions: i64,
    /// Counters: blocks found in shared buffers, and blocks asked of the operating system.
    pub blocks_hit: i64,
    pub blocks_read: i64,
    /// Bytes of all databases.
    pub size: i64,
    /// Counter: bytes of WAL written.
    pub wal: i64,
    /// Counter: milliseconds of CPU time.
    pub cpu_ms: i64,
    /// Bytes of its processes; shared memory counts once.
    pub memory: i64,
}

/// The variables of a project, for its apps.
#[derive(Clone, Debug)]
pub struct Publication {
    pub workspace: Uuid,
    pub project: Uuid,
    /// Grows with every change.
    pub version: i64,
    /// By key; `None` where the project is gone.
    pub vars: Option<BTreeMap<String, Secret>>,
}

/// Why a runtime didn't do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It may work later: the runtime is away, a port is taken, a download failed.
    #[error("{message}")]
    Retry { message: String, after: Option<Duration> },
    /// The runtime itself can't be asked: nothing is known of the service, neither good nor bad.
    #[error("{0}")]
    Away(String),
    /// It never will, unless somebody changes something.
    #[error("{0}")]
    Rejected(String),
}

impl PortError {
    pub fn retry(message: impl Into<String>) -> Self {
        Self::Retry { message: message.into(), after: None }
    }
}

/// A runtime. Every method may be called again at any time, also after a crash in its middle.
#[async_trait]
pub trait Provisioner: Send + Sync + 'static {
    /// What this runtime can do here, with the reason for each thing that it can't. Cheap; asked on page views.
    fn capabilities(&self) -> Capabilities;

    /// The host under which a service is reached from inside.
    fn host(&self, service: &ServiceRef) -> String;

    /// The ports that services are given, each for life; `None` where every service has an address of its own.
    fn ports(&self) -> Option<std::ops::RangeInclusive<u16>>;

    /// Goes one step from what is there to what is wanted, and reports where that is.
    ///
    /// Absent: begins to make it. Half done: goes on, or starts that half over. Already done: changes nothing and
    /// reports [`Phase::Ready`] (or [`Phase::Stopped`], where that is wanted). Settings that differ are applied; a
    /// server is restarted where they need it.
    async fn ensure(&self, desired: &Desired) -> Result<Observed, PortError>;

    /// What [`Provisioner::ensure`] would make of a wish, with what it refuses, and changes nothing; `None` where there is nothing
    /// that people would read.
    async fn preview(&self, desired: &Desired) -> Result<Option<Preview>, PortError>;

    /// The object that it is made of, with what [`Provisioner::ensure`] would change of it, and changes nothing. Absent, or on a
    /// runtime without objects: `None`. Asked on page views.
    async fn live(&self, desired: &Desired) -> Result<Option<Live>, PortError>;

    /// Looks, and changes nothing. Absent: [`Phase::Absent`]. Reports at most [`Phase::Running`].
    async fn observe(&self, service: &ServiceRef) -> Result<Observed, PortError>;

    /// Begins a restart, and reports where that is: the next [`Phase::Ready`] of [`Provisioner::ensure`] is one of servers
    /// that have begun anew. Absent or stopped: nothing to do.
    async fn restart(&self, at: &SignIn) -> Result<Observed, PortError>;

    /// Removes everything of it. Absent: [`Removal::Gone`]. Half removed: goes on.
    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError>;

    /// Signs in as the owner, from where the server runs.
    async fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError>;

    /// How far one that follows another server has come. Absent, stopped or following nobody: `None`.
    async fn following(&self, service: &ServiceRef) -> Result<Option<Following>, PortError>;

    /// Where a primary writes. Absent or stopped, or on a runtime that makes no replicas: `None`.
    async fn written(&self, service: &ServiceRef) -> Result<Option<Lsn>, PortError>;

    /// The servers behind it, whatever state they are in, the one that takes writes first. Absent: none.
    async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError>;

    /// The newest lines that the server logged and that hold the text, without what clients sent. The secret is shown,
    /// and found, as dots. Absent: no lines.
    async fn log(&self, service: &ServiceRef, filter: &LogFilter, secret: &Secret) -> Result<LogLines, PortError>;

    /// Measures a running server. Absent, stopped or not ready yet: `None`.
    async fn measure(&self, at: &SignIn) -> Result<Option<Measurement>, PortError>;

    /// Whether apps are given their project's variables by this runtime.
    fn publishes(&self) -> bool;

    /// Gives the apps of a project its variables, and begins those anew that read them when they begin. Published already: nothing
    /// to do.
    async fn publish(&self, publication: &Publication) -> Result<(), PortError>;

    /// Its volumes; `None` where it has none to give.
    fn volumes(&self) -> Option<&dyn Volumes>;

    /// Names of services that may have changed: hints, which may be lost or wrong.
    fn changes(&self) -> BoxStream<'static, ServiceName>;
}
