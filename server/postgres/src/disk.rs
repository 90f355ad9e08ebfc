//! Files and directories that survive a crash of the machine, and how much they take.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{At, Error, Result};

/// Runs work on files away from the threads that drive futures.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Interrupted))
}

pub(crate) fn require_absolute(path: &Path) -> Result<()> {
    match path.is_absolute() {
        true => Ok(()),
        false => Err(Error::NotAbsolute(path.to_owned())),
    }
}

/// The directory above; the root is its own parent.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Makes a directory, and those above it, for this user only (0700); what exists stays as it is.
pub(crate) fn make_private_dir(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).at("create", path)
}

/// Writes a file of mode 0600 so that after a crash either the old content is there or the new, and after returning the new.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().at("write", &new)?;
    std::fs::rename(&new, path).at("rename", &new)?;
    sync_dir(parent(path))
}

/// Lets the names in a directory reach the disk.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    File::open(path).and_then(|dir| dir.sync_all()).at("sync", path)
}

/// Renames within one file system, durably.
pub(crate) fn rename_durably(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).at("rename", from)?;
    sync_dir(parent(from))?;
    if parent(from) != parent(to) {
        sync_dir(parent(to))?;
    }
    Ok(())
}

/// Removes a file; none there is fine.
pub(crate) fn remove_file(path: &Path) -> Result<()> {
    gone(std::fs::remove_file(path)).at("remove", path)
}

/// Removes a directory and all below it; none there is fine.
pub(crate) fn remove_dir(path: &Path) -> Result<()> {
    gone(std::fs::remove_dir_all(path)).at("remove", path)
}

pub(crate) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Bytes that a directory takes on disk (allocated blocks, not lengths; links aren't followed). Files that vanish meanwhile count
/// nothing, and so does a directory that isn't there. Blocks the thread: some milliseconds for a thousand files.
///
/// # Errors
/// A directory that exists but can't be read.
pub fn disk_usage(dir: &Path) -> Result<u64> {
    /// The unit of `st_blocks`, whatever the file system's block size: stat(2).
    const BLOCK: u64 = 512;
    let mut bytes = 0;
    let mut dirs: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).at("list", &dir),
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            bytes += metadata.blocks() * BLOCK;
            if metadata.is_dir() {
                dirs.push(entry.path());
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_counts_blocks_below_and_nothing_for_the_absent() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        make_private_dir(&deep).unwrap();
        std::fs::write(deep.join("file"), vec![1; 100_000]).unwrap();
        let used = disk_usage(dir.path()).unwrap();
        assert!((100_000..200_000).contains(&used), "{used}");
        assert_eq!(disk_usage(&dir.path().join("none")).unwrap(), 0);
    }

    #[test]
    fn a_durable_write_replaces_and_leaves_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_durably(&path, b"one").unwrap();
        write_durably(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        remove_dir(&dir.path().join("none")).unwrap();
        remove_file(&dir.path().join("none")).unwrap();
    }

    #[test]
    fn relative_paths_are_refused() {
        assert!(require_absolute(Path::new("var/db")).is_err());
        assert!(require_absolute(Path::new("/var/db")).is_ok());
    }
}
