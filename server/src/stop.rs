//! `berth stop`: asks the console of a data directory to end, and waits until it has.

use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::lock;

/// A console promises to be gone in 10 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// How it went.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The console with this pid has ended.
    Ended(i32),
    /// None was running.
    NotRunning,
}

/// Why the console still runs.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error("can't end the console (process {pid}): {source}")]
    Signal { pid: i32, source: Errno },
    #[error("the console (process {0}) is still there after {s} s", s = PATIENCE.as_secs())]
    TooSlow(i32),
}

/// Ends the console that runs on `dir`.
///
/// The process is held by a descriptor before it is recognised, so the signal can't reach another that gets its pid
/// in between.
pub fn console(dir: &Path) -> Result<Stopped, StopError> {
    let Some(holder) = lock::holder(dir) else { return Ok(Stopped::NotRunning) };
    let fail = |source| StopError::Signal { pid: holder.pid, source };
    let pid = Pid::from_raw(holder.pid).ok_or(fail(Errno::SRCH))?;
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(Errno::SRCH) => return Ok(Stopped::NotRunning),
        Err(error) => return Err(fail(error)),
    };
    if !holder.alive() {
        return Ok(Stopped::NotRunning);
    }
    pidfd_send_signal(&process, Signal::TERM).map_err(fail)?;
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).map_err(fail)? {
        0 => Err(StopError::TooSlow(holder.pid)),
        _ => Ok(Stopped::Ended(holder.pid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_stop_is_no_failure() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(console(dir.path()).unwrap(), Stopped::NotRunning);
    }
}
