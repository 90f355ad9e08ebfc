//! The server's `postmaster.pid`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What `postmaster.pid` says (PostgreSQL's `miscadmin.h`, `LOCK_FILE_LINE_*`). The server writes it in pieces: the first five lines at
/// once, the address and the status later. It says nothing about whether that process still lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub pid: i32,
    pub started_at: SystemTime,
    pub port: u16,
    pub phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting,
    /// Takes connections, as a primary or a hot standby. (`standby` means a standby that takes none.)
    Ready,
    Stopping,
}

pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// `None` if there is no such file, or only the beginning of one.
pub(crate) fn read(data: &Path) -> Option<PidFile> {
    parse(&std::fs::read_to_string(path(data)).ok()?)
}

fn parse(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().collect();
    // A negative number marks a single-user backend: initdb or a repair by hand.
    let pid: i32 = lines.first()?.trim().parse().ok()?;
    let seconds: u64 = lines.get(2)?.trim().parse().ok()?;
    let port = lines.get(3)?.trim().parse().ok()?;
    let phase = match lines.get(7).map(|line| line.trim()) {
        Some("ready") => Phase::Ready,
        Some("stopping") => Phase::Stopping,
        _ => Phase::Starting,
    };
    Some(PidFile {
        pid: pid.checked_abs().filter(|pid| *pid > 0)?,
        started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        port,
        phase,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "4242\n/srv/d/data\n1795000000\n15432\n/srv/s\n127.0.0.1\n  1234567   8\nready   \n";

    #[test]
    fn a_ready_server_is_read_whole() {
        let file = parse(WHOLE).unwrap();
        assert_eq!((file.pid, file.port), (4242, 15432));
        assert_eq!(file.phase, Phase::Ready);
        let since = file.started_at.duration_since(SystemTime::UNIX_EPOCH);
        assert_eq!(since.unwrap().as_secs(), 1_795_000_000);
    }

    #[test]
    fn a_server_that_is_not_ready_is_starting() {
        let five: String = WHOLE.split_inclusive('\n').take(5).collect();
        assert_eq!(parse(&five).unwrap().phase, Phase::Starting);
        let standby = WHOLE.replace("ready   ", "standby ");
        assert_eq!(parse(&standby).unwrap().phase, Phase::Starting);
        let stopping = WHOLE.replace("ready   ", "stopping");
        assert_eq!(parse(&stopping).unwrap().phase, Phase::Stopping);
    }

    #[test]
    fn a_broken_file_is_no_file() {
        for text in ["", "4242", "x\ny\nz\n1\n", "0\n/d\n1\n2\n/s\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
