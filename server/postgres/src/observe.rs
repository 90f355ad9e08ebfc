//! What a server is doing, by its files and procfs alone.

use std::path::Path;
use std::time::SystemTime;

use crate::pidfile::{self, Phase};
use crate::server::Server;
use crate::{Host, Result};

/// What a look at a directory found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// No such directory.
    Absent,
    /// A directory without data: preparing it began and didn't end.
    HalfPrepared,
    /// Prepared, and no postmaster runs.
    Stopped,
    /// A postmaster runs that takes no connections yet: it starts, or recovers after a crash.
    Starting,
    /// It says that it takes connections.
    Running { pid: u32, port: u16, started_at: SystemTime },
    /// It is shutting down.
    Stopping,
}

impl Host {
    /// Looks; connects to nothing, changes nothing and waits for nobody. A handful of small reads.
    ///
    /// # Errors
    /// A path that isn't absolute.
    pub fn observe(&self, dir: &Path) -> Result<Status> {
        Ok(look(&Server::at(dir)?))
    }
}

pub(crate) fn look(server: &Server) -> Status {
    if !server.is_prepared() {
        return match server.dir.exists() {
            true => Status::HalfPrepared,
            false => Status::Absent,
        };
    }
    let Some(process) = server.postmaster() else {
        return Status::Stopped;
    };
    match pidfile::read(&server.data()) {
        None => Status::Stopped,
        Some(file) => match file.phase {
            Phase::Starting => Status::Starting,
            Phase::Stopping => Status::Stopping,
            Phase::Ready => {
                Status::Running { pid: process.pid.unsigned_abs(), port: file.port, started_at: file.started_at }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_without_a_process_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::at(&dir.path().join("s")).unwrap();
        assert_eq!(look(&server), Status::Absent);
        std::fs::create_dir_all(server.data()).unwrap();
        assert_eq!(look(&server), Status::HalfPrepared);
        std::fs::write(server.data().join("PG_VERSION"), "17\n").unwrap();
        assert_eq!(look(&server), Status::Stopped);
        // A pid that is this test's, not a server's.
        let pid = std::process::id();
        let text = format!("{pid}\n/d\n1\n15432\n/s\n\n1 2\nready\n");
        std::fs::write(server.data().join("postmaster.pid"), text).unwrap();
        assert_eq!(look(&server), Status::Stopped);
    }
}
