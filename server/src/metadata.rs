//! Berth's own PostgreSQL: a server below the data directory, reachable by a unix socket only.

use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::{Host, HostConfig, Limits, Listen, Major, Running, Settings, StopMode, scram_verifier};
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;

/// Where its data is, below the data directory.
pub const DIR: &str = "metadata";
/// Programs, templates and sockets of every server that this console runs.
pub const HOST_DIR: &str = "postgres";
/// The newest major that has a year of fixes behind it.
const MAJOR: u16 = 17;
/// Part of its socket's name; nothing listens on it over TCP.
const PORT: u16 = 5432;
/// Role and database.
const NAME: &str = "berth";
/// Room for 100,000 services and their history.
const LIMITS: Limits = Limits { ram_mib: 256, disk_mib: 8192, cpu_millis: 2000 };
/// Two seconds are left of the ten that an end may take.
const STOP: Duration = Duration::from_secs(1);

/// Why the metadata server isn't there.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("the metadata server: {0}")]
    Server(#[from] postgres::Error),
    #[error("the metadata server has no password of its own; {} is damaged", .0.display())]
    NoPassword(PathBuf),
    #[error("PostgreSQL {MAJOR} is not known")]
    Major,
}

/// The metadata server, running.
pub struct Metadata {
    host: Host,
    dir: PathBuf,
    running: Running,
}

impl Metadata {
    /// Starts it, or adopts the one that runs. The first start fetches programs where there are none.
    ///
    /// # Errors
    /// It can't be made or started; the message says why.
    pub async fn start(data_dir: &Path) -> Result<Self, MetadataError> {
        let host = Host::new(HostConfig::new(data_dir.join(HOST_DIR)))?;
        let dir = data_dir.join(DIR);
        let major = Major::new(MAJOR).ok_or(MetadataError::Major)?;
        if !dir.join("data").exists() {
            host.binaries(major, &|progress| match progress {
                postgres::Progress::Downloading { version } => {
                    tracing::info!("downloading PostgreSQL {version} (15 MB)")
                }
                postgres::Progress::Unpacking { version } => tracing::info!("unpacking PostgreSQL {version}"),
            })
            .await?;
        }
        host.prepare(&dir, &Settings::new(major, LIMITS, Listen::SocketOnly, PORT)).await?;
        let running = host.start(&dir).await?;
        Ok(Self { host, dir, running })
    }

    /// How to connect as the owner of the database, which is made where it is missing.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn options(&self) -> Result<PgConnectOptions, MetadataError> {
        let password = self.host.superuser_password(&self.dir)?;
        let password = password.ok_or_else(|| MetadataError::NoPassword(self.dir.clone()))?;
        if !self.running.adopted {
            self.host.ensure_role_and_database(&self.dir, NAME, &scram_verifier(&password)).await?;
        }
        Ok(PgConnectOptions::new_without_pgpass()
            .socket(self.host.socket_dir())
            .port(self.running.port)
            .username(NAME)
            .database(NAME)
            .password(password.expose_secret()))
    }

    /// Stops it, where this process started it or means to end with it.
    pub async fn stop(&self) {
        if let Err(error) = self.host.stop(&self.dir, StopMode::Fast, STOP).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the metadata server goes on running");
        }
    }
}
