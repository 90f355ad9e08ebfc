//! One console per data directory, and the way to find it again.
//!
//! The lock is the kernel's and dies with its holder. The pid file beside it says who that is: a pid alone may have
//! been given to another program since, a pid with its start time and the boot's id can't.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::account::directory::MARK;

const PID_FILE: &str = "berth.pid";

/// Held as long as the console runs.
#[derive(Debug)]
pub struct Lock {
    pid_file: PathBuf,
    _file: File,
}

/// Why the directory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("a console already runs on {}{}: end it with `berth stop --data-dir {}`, or choose another --data-dir (BERTH_DATA_DIR)",
        dir.display(), holder.as_ref().map(|h| format!(" (process {})", h.pid)).unwrap_or_default(), dir.display())]
    Held { dir: PathBuf, holder: Option<Holder> },
    #[error("can't lock {}: {source}", dir.display())]
    Io { dir: PathBuf, source: io::Error },
}

/// The process that holds the lock, told apart from any other that gets its pid later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: i32,
    /// In clock ticks since the boot.
    started: u64,
    boot: String,
}

impl Holder {
    fn present() -> io::Result<Self> {
        Self::of(&Process::myself().map_err(io::Error::other)?)
    }

    fn of(process: &Process) -> io::Result<Self> {
        let stat = process.stat().map_err(io::Error::other)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        Ok(Self { pid: stat.pid, started: stat.starttime, boot })
    }

    /// Whether this very process still runs; one that has ended and waits for its parent doesn't.
    pub fn alive(&self) -> bool {
        let Ok(process) = Process::new(self.pid) else { return false };
        let ended = process.stat().map_or(true, |stat| matches!(stat.state, 'Z' | 'X'));
        !ended && Self::of(&process).is_ok_and(|now| now == *self)
    }
}

impl Lock {
    /// Takes the directory for this process and writes the pid file.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io { dir: dir.to_owned(), source };
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(dir.join(MARK)).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { dir: dir.to_owned(), holder: read(dir) }),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let pid_file = dir.join(PID_FILE);
        write(&pid_file).map_err(io)?;
        Ok(Self { pid_file, _file: file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Stale at worst, and then recognised as such.
        let _ = std::fs::remove_file(&self.pid_file);
    }
}

/// The console that runs on `dir`, if one does.
pub fn holder(dir: &Path) -> Option<Holder> {
    read(dir).filter(Holder::alive)
}

fn read(dir: &Path) -> Option<Holder> {
    serde_json::from_slice(&std::fs::read(dir.join(PID_FILE)).ok()?).ok()
}

/// Under a private name first: nobody reads half a file.
fn write(path: &Path) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(&Holder::present()?)?)?;
    std::fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_console_is_told_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        let refused = Lock::take(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("already runs") && refused.contains(&std::process::id().to_string()), "{refused}");
        assert_eq!(holder(dir.path()).unwrap().pid as u32, std::process::id());
        drop(first);
        assert_eq!(holder(dir.path()), None);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_pid_given_to_another_program_isnt_the_console() {
        let dir = tempfile::tempdir().unwrap();
        let me = Holder::present().unwrap();
        for stale in [
            Holder { started: me.started + 1, ..me.clone() },
            Holder { boot: "another boot".into(), ..me.clone() },
            Holder { pid: i32::MAX, ..me.clone() },
        ] {
            std::fs::write(dir.path().join(PID_FILE), serde_json::to_vec(&stale).unwrap()).unwrap();
            assert_eq!(holder(dir.path()), None, "{stale:?}");
        }
        std::fs::write(dir.path().join(PID_FILE), "garbage").unwrap();
        assert_eq!(holder(dir.path()), None);
    }
}
