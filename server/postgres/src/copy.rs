//! Copies and syncs directory trees with several threads at once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::disk::{make_private_dir, sync_dir};
use crate::error::{At, Error, Result};

/// Threads that copy or sync. A data directory has about 970 files; syncing them took 1.35 s with one thread, 0.15 s with 8 and 0.10 s
/// with 32.
const THREADS: usize = 8;

/// The directories (the top first, parents before children) and the other entries below `top`, relative to it.
struct Tree {
    dirs: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

/// Copies a tree of directories and plain files. `to` must not exist; its directories get mode 0700 and its files keep theirs. Where the
/// file system can share blocks, it does (`copy_file_range`). Nothing is synced.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let tree = list(from)?;
    for dir in &tree.dirs {
        make_private_dir(&to.join(dir))?;
    }
    in_parallel(&tree.files, |file| {
        let source = from.join(file);
        std::fs::copy(&source, to.join(file)).at("copy", &source)?;
        Ok(())
    })
}

/// Lets all files and directories below `top`, and `top` itself, reach the disk.
pub(crate) fn sync_tree(top: &Path) -> Result<()> {
    let tree = list(top)?;
    in_parallel(&tree.files, |file| {
        let path = top.join(file);
        // A link has nothing of its own to sync: its name is in the directory.
        if path.is_symlink() {
            return Ok(());
        }
        File::open(&path).and_then(|file| file.sync_all()).at("sync", &path)
    })?;
    in_parallel(&tree.dirs, |dir| sync_dir(&top.join(dir)))
}

fn list(top: &Path) -> Result<Tree> {
    let mut tree = Tree { dirs: vec![PathBuf::new()], files: Vec::new() };
    let mut next = 0;
    while let Some(dir) = tree.dirs.get(next).cloned() {
        next += 1;
        let path = top.join(&dir);
        for entry in std::fs::read_dir(&path).at("list", &path)? {
            let entry = entry.at("list", &path)?;
            let name = dir.join(entry.file_name());
            match entry.file_type().at("inspect", &entry.path())?.is_dir() {
                true => tree.dirs.push(name),
                false => tree.files.push(name),
            }
        }
    }
    Ok(tree)
}

/// Each thread takes the next path until none is left or one has failed; the first error is returned.
fn in_parallel(paths: &[PathBuf], work: impl Fn(&Path) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let run = || -> Result<()> {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(path).inspect_err(|_| next.store(paths.len(), Ordering::Relaxed))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Err(Error::Interrupted)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_files_and_syncs() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        make_private_dir(&from.join("a/b")).unwrap();
        for number in 0..50 {
            std::fs::write(from.join(format!("a/b/{number}")), number.to_string()).unwrap();
        }
        copy_tree(&from, &to).unwrap();
        sync_tree(&to).unwrap();
        for number in 0..50 {
            let copied = std::fs::read_to_string(to.join(format!("a/b/{number}"))).unwrap();
            assert_eq!(copied, number.to_string());
        }
    }

    #[test]
    fn the_first_failure_is_reported() {
        let paths = vec![PathBuf::from("x"); 100];
        let failed = in_parallel(&paths, |path| Err(Error::NotAbsolute(path.to_owned())));
        assert!(matches!(failed, Err(Error::NotAbsolute(_))));
    }
}
