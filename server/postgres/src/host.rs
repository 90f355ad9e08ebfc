//! This machine, as far as servers need it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::binaries::Versions;
use crate::cgroup::Cgroup;
use crate::disk::{make_private_dir, require_absolute};
use crate::error::{Error, Result};
use crate::locks::DirLocks;
use crate::{process, sockets};

/// Where a host keeps its things. All paths are absolute.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// Holds `sockets/`, and `binaries/` and `templates/` unless `shared` is set. Made if missing.
    pub root: PathBuf,
    /// Holds `binaries/<version>/` and `templates/<major>/` instead of `root`, for several hosts together.
    pub shared: Option<PathBuf>,
    /// Programs of the administrator's choice, looked at first: holds `17/bin/postgres` and the like, or `bin/postgres`.
    pub binaries: Option<PathBuf>,
    /// Whether missing programs may be fetched from Maven Central.
    pub downloads: bool,
    /// A delegated cgroup, writable for this user. Without one, limits of memory and CPU are advisory.
    pub cgroup: Option<Cgroup>,
}

impl HostConfig {
    /// Everything below `root`, downloads allowed, no cgroup.
    pub fn new(root: impl Into<PathBuf>) -> HostConfig {
        HostConfig { root: root.into(), shared: None, binaries: None, downloads: true, cgroup: None }
    }
}

/// Finds programs and runs servers. Cheap to clone; dropping it ends no server.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    config: HostConfig,
    sockets: PathBuf,
    locks: DirLocks,
    versions: Versions,
}

impl Host {
    /// Makes the directories (0700), and this process the subreaper of its servers.
    ///
    /// # Errors
    /// A path that isn't absolute or can't be made; a socket directory that others can enter.
    pub fn new(config: HostConfig) -> Result<Host> {
        let given = [Some(&config.root), config.shared.as_ref(), config.binaries.as_ref()];
        for path in given.into_iter().flatten() {
            require_absolute(path)?;
        }
        let shared = config.shared.as_ref().unwrap_or(&config.root);
        make_private_dir(&config.root)?;
        make_private_dir(&shared.join("binaries"))?;
        make_private_dir(&shared.join("templates"))?;
        let sockets = sockets::place(&config.root);
        sockets::ensure(&sockets)?;
        process::become_subreaper();
        Ok(Host {
            inner: Arc::new(Inner { config, sockets, locks: DirLocks::default(), versions: Versions::default() }),
        })
    }

    /// The directory of the servers' sockets, for a connection by `host=<this> port=<the server's>`.
    pub fn socket_dir(&self) -> &Path {
        &self.inner.sockets
    }

    pub(crate) fn config(&self) -> &HostConfig {
        &self.inner.config
    }

    pub(crate) fn versions(&self) -> &Versions {
        &self.inner.versions
    }

    pub(crate) fn binaries_dir(&self) -> PathBuf {
        self.shared().join("binaries")
    }

    pub(crate) fn templates_dir(&self) -> PathBuf {
        self.shared().join("templates")
    }

    fn shared(&self) -> &Path {
        let config = self.config();
        config.shared.as_ref().unwrap_or(&config.root)
    }

    /// Waits until no other task works on this directory.
    pub(crate) async fn lock(&self, dir: &Path) -> OwnedMutexGuard<()> {
        self.inner.locks.lock(dir).await
    }
}

/// # Errors
/// [`Error::Root`] if this process runs as root.
pub(crate) fn refuse_root() -> Result<()> {
    match nix::unistd::geteuid().is_root() {
        true => Err(Error::Root),
        false => Ok(()),
    }
}
