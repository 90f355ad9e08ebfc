//! Who may work on what: one task at a time on a server's directory, one process at a time on shared programs and templates.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use crate::error::{At, Result};

/// How often a file lock that another process holds is tried again: it is held for seconds, for a download.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// One lock for each directory, in memory.
#[derive(Default)]
pub(crate) struct DirLocks {
    locks: Mutex<HashMap<PathBuf, Weak<tokio::sync::Mutex<()>>>>,
}

impl DirLocks {
    pub(crate) async fn lock(&self, dir: &Path) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| lock.strong_count() > 0);
            locks.get(dir).and_then(Weak::upgrade).unwrap_or_else(|| {
                let lock = Arc::default();
                locks.insert(dir.to_owned(), Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }
}

/// Waits for the lock on a file, which is made if missing. Dropping the file, or dying, gives it back.
pub(crate) async fn lock_file(path: &Path) -> Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).at("open", path)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TRY_EVERY).await,
            Err(TryLockError::Error(error)) => return Err(error).at("lock", path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_is_locked_for_one_and_forgotten_after() {
        let locks = DirLocks::default();
        let first = locks.lock(Path::new("/a")).await;
        let other = locks.lock(Path::new("/b")).await;
        let second = tokio::time::timeout(Duration::from_millis(20), locks.lock(Path::new("/a")));
        assert!(second.await.is_err());
        drop((first, other));
        drop(locks.lock(Path::new("/a")).await);
        assert_eq!(locks.locks.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_file_lock_excludes_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = lock_file(&path).await.unwrap();
        let second = tokio::time::timeout(Duration::from_millis(80), lock_file(&path));
        assert!(second.await.is_err());
        drop(held);
        lock_file(&path).await.unwrap();
    }
}
