//! What is wanted of a PostgreSQL service, and where what is in it comes from.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use contract::spec::{Size, Source};
use contract::values::{Instances, Mib, PgMajor, Secret};
use uuid::Uuid;

use super::{ServiceName, ServiceRef};

/// Whether a service should be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    Running,
    Stopped,
}

/// What is wanted of one PostgreSQL service.
#[derive(Clone, Debug)]
pub struct Desired {
    pub service: ServiceRef,
    /// Of the service; it stands on everything that a runtime makes for it.
    pub id: Uuid,
    pub project: Uuid,
    pub major: PgMajor,
    pub instances: Instances,
    /// Of one instance.
    pub size: Size,
    /// It can be reached from outside.
    pub public_access: bool,
    pub power: Power,
    /// The port that was given to it, where the runtime has a range of them.
    pub port: Option<u16>,
    /// The database, and the user that owns it.
    pub database: String,
    /// Of that user.
    pub password: Secret,
    pub origin: Origin,
    /// Grows with every wish: what was applied for one before isn't taken to be there still.
    pub generation: i64,
    /// It was ready once: a runtime that finds no storage reports [`super::Phase::Lost`] and makes none.
    pub existed: bool,
}

/// Where what is in a database comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// It is its own.
    Fresh,
    /// Of another server, which it follows and takes no writes beside. Nobody owns it yet: the roles are those of the other.
    Follows(Box<Follows>),
    /// Of another server, which it followed until it was promoted. Owner and database are made then.
    Promoted { host: String, port: u16, settings: BTreeMap<String, u32> },
    /// Of another service, which it follows and takes no writes beside. Database, owner and password are those of the other.
    Replica(Primary),
    /// Of another service, which it followed until it was promoted. Database and owner stay.
    Detached { from: ServiceName },
}

/// A service that others of its workspace follow. Settings of a standby may not fall below those that its primary has, or had when
/// it wrote what the standby hasn't replayed yet.
#[derive(Clone, Debug)]
pub struct Primary {
    pub name: ServiceName,
    /// The most memory that it has had since it is followed: settings follow from it.
    pub ram: Mib,
    /// Those that it has from a server that it followed itself.
    pub settings: BTreeMap<String, u32>,
}

impl Origin {
    pub fn follows(&self) -> Option<&Follows> {
        match self {
            Self::Follows(follows) => Some(follows),
            _ => None,
        }
    }

    /// Settings of an external server that it may not fall below.
    pub fn settings(&self) -> Option<&BTreeMap<String, u32>> {
        match self {
            Self::Fresh | Self::Replica(_) | Self::Detached { .. } => None,
            Self::Follows(follows) => Some(&follows.settings),
            Self::Promoted { settings, .. } => Some(settings),
        }
    }
}

/// An external server, as it was found when it was first reached.
#[derive(Clone, Debug)]
pub struct Follows {
    pub source: Source,
    /// Where it and its archive are now: whoever follows it may go there.
    pub at: Vec<SocketAddr>,
    pub sslmode: SslMode,
    /// Those that a standby may not fall below.
    pub settings: BTreeMap<String, u32>,
}

/// How a connection is encrypted, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    VerifyFull,
    VerifyCa,
    Require,
    Prefer,
}

impl SslMode {
    pub const ALL: [Self; 4] = [Self::VerifyFull, Self::VerifyCa, Self::Require, Self::Prefer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyFull => "verify-full",
            Self::VerifyCa => "verify-ca",
            Self::Require => "require",
            Self::Prefer => "prefer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
