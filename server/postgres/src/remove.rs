//! Removes servers for good.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::disk::{blocking, parent, remove_dir, rename_durably, sync_dir};
use crate::error::{At, Result};
use crate::server::Server;
use crate::{Host, cgroup, pidfile, sockets};

impl Host {
    /// Ends the server and removes its directory, socket and cgroup. The directory goes by a rename first, so that a crash leaves no
    /// half of it in its place; the next call removes the rest. Already gone: fine.
    ///
    /// # Errors
    /// A process that doesn't end, a file that can't be removed.
    pub async fn remove(&self, dir: &Path) -> Result<()> {
        let server = Server::at(dir)?;
        let guard = self.lock(dir).await;
        self.fence_unlocked(&server).await?;
        if let Some(cgroup) = &self.config().cgroup {
            cgroup.remove(&cgroup::name_for(dir)).at("remove the cgroup of", dir)?;
        }
        let sockets = self.socket_dir().to_owned();
        blocking(move || {
            let _guard = guard;
            clear_sockets(&sockets, &server);
            if server.dir.exists() {
                rename_durably(&server.dir, &trash(&server.dir))?;
            }
            empty_trash(&server.dir)
        })
        .await
    }
}

/// A killed server leaves its socket behind. One that another server has since made is left alone.
fn clear_sockets(dir: &Path, server: &Server) {
    let by_settings = server.settings().ok().map(|settings| settings.port);
    let by_file = pidfile::read(&server.data()).map(|file| file.port);
    for port in [by_settings, by_file].into_iter().flatten() {
        if let Err(error) = sockets::clear(dir, port) {
            tracing::debug!(%error, "a socket stays");
        }
    }
}

fn trash_prefix(dir: &Path) -> OsString {
    let mut name = OsString::from(".trash-");
    name.push(dir.file_name().unwrap_or_default());
    name.push("-");
    name
}

fn trash(dir: &Path) -> PathBuf {
    let mut name = trash_prefix(dir);
    name.push(format!("{:016x}", rand::random::<u64>()));
    dir.with_file_name(name)
}

/// Deletes what this and earlier removals of `dir` renamed away.
fn empty_trash(dir: &Path) -> Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    let above = parent(dir);
    if !above.exists() {
        return Ok(());
    }
    let prefix = trash_prefix(dir);
    for entry in std::fs::read_dir(above).at("list", above)? {
        let entry = entry.at("list", above)?;
        if entry.file_name().as_bytes().starts_with(prefix.as_bytes()) {
            remove_dir(&entry.path())?;
        }
    }
    sync_dir(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trash_of_earlier_removals_goes_too_and_neighbours_stay() {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("db");
        for name in ["db2", ".trash-db-1", ".trash-other-1"] {
            std::fs::create_dir(above.path().join(name)).unwrap();
        }
        std::fs::create_dir(trash(&dir)).unwrap();
        empty_trash(&dir).unwrap();
        let entries = std::fs::read_dir(above.path()).unwrap();
        let mut left: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        left.sort();
        assert_eq!(left, [".trash-other-1", "db2"]);
        empty_trash(&above.path().join("none/db")).unwrap();
    }
}
