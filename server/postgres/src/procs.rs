//! Which processes are a server's, by procfs.
//!
//! A pid alone proves nothing: it may be reused (`pg_ctl status` is fooled by that) or a zombie's. A process belongs to a server only if it
//! runs a program named `postgres`, works in the data directory, and isn't a zombie.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::{Process, all_processes};

/// A process, and when it started: together unique until the machine restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proc {
    pub pid: i32,
    parent: i32,
    /// Clock ticks since the machine started: `starttime` of proc(5).
    started: u64,
    /// Whether it has set the title of a postmaster's child.
    titled: bool,
}

impl Proc {
    /// The process `pid`, if it is one of the server in `data`.
    pub(crate) fn of_server(pid: i32, data: &Path) -> Option<Proc> {
        inspect(&Process::new(pid).ok()?, &std::fs::metadata(data).ok()?)
    }

    pub(crate) fn is_alive(&self) -> bool {
        Process::new(self.pid)
            .and_then(|process| process.stat())
            .is_ok_and(|stat| stat.starttime == self.started && !is_over(stat.state))
    }

    /// Sends a signal if it still lives; gone is fine, and whether it ends is for the caller to watch.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            let sent = kill(Pid::from_raw(self.pid), signal);
            tracing::debug!(pid = self.pid, ?signal, ?sent, "signalled a server process");
        }
    }
}

/// All living processes of the server in `data`, whether their postmaster lives or not.
pub(crate) fn of_data(data: &Path) -> Vec<Proc> {
    let (Ok(data), Ok(all)) = (std::fs::metadata(data), all_processes()) else {
        return Vec::new();
    };
    all.flatten().filter_map(|process| inspect(&process, &data)).collect()
}

/// The postmaster among the processes of one server: what no other one of them started, and what has no child's title.
pub(crate) fn postmaster_among(processes: &[Proc]) -> Option<Proc> {
    processes.iter().find(|one| !one.titled && !processes.iter().any(|other| other.pid == one.parent)).copied()
}

fn inspect(process: &Process, data: &Metadata) -> Option<Proc> {
    let stat = process.stat().ok()?;
    let exe = process.exe().ok()?;
    // After an upgrade in place the name reads "postgres (deleted)".
    let named = matches!(exe.file_name()?.to_str()?, "postgres" | "postgres (deleted)");
    let cwd = std::fs::metadata(format!("/proc/{}/cwd", process.pid)).ok()?;
    let here = cwd.dev() == data.dev() && cwd.ino() == data.ino();
    let title = process.cmdline().ok()?.into_iter().next()?;
    (named && here && !is_over(stat.state)).then_some(Proc {
        pid: process.pid,
        parent: stat.ppid,
        started: stat.starttime,
        titled: title.starts_with("postgres: "),
    })
}

/// What the processes of a server take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Milliseconds of CPU time since the postmaster started, those of ended children included.
    pub cpu_ms: u64,
    /// Bytes: what is each one's own, and the shared memory once.
    pub memory: u64,
}

/// What the server in `data` takes. Processes that end meanwhile count nothing.
pub(crate) fn load(data: &Path) -> Load {
    const KIB: u64 = 1024;
    let processes = of_data(data);
    let postmaster = postmaster_among(&processes).map(|one| one.pid);
    let ticks_per_second = procfs::ticks_per_second().max(1);
    let (mut ticks, mut own, mut shared) = (0, 0, 0);
    for process in processes.iter().filter_map(|one| Process::new(one.pid).ok()) {
        let (Ok(stat), Ok(status)) = (process.stat(), process.status()) else { continue };
        ticks += stat.utime + stat.stime;
        if Some(process.pid) == postmaster {
            ticks += u64::try_from(stat.cutime + stat.cstime).unwrap_or_default();
        }
        own += status.rssanon.unwrap_or_default() * KIB;
        shared = shared.max(status.rssshmem.unwrap_or_default() * KIB);
    }
    Load { cpu_ms: ticks * 1000 / ticks_per_second, memory: own + shared }
}

/// A zombie, or dead.
fn is_over(state: char) -> bool {
    matches!(state, 'Z' | 'X' | 'x')
}

/// Children of this process that run (or ran) `postgres`: pid, and whether it is over.
pub(crate) fn children() -> Vec<(i32, bool)> {
    let me = std::process::id().cast_signed();
    let Ok(all) = all_processes() else {
        return Vec::new();
    };
    all.flatten()
        .filter_map(|process| process.stat().ok())
        .filter(|stat| stat.ppid == me && stat.comm == "postgres")
        .map(|stat| (stat.pid, is_over(stat.state)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, titled: bool) -> Proc {
        Proc { pid, parent, started: 0, titled }
    }

    #[test]
    fn a_process_that_is_not_postgres_is_nobodys() {
        let me = std::process::id().cast_signed();
        assert_eq!(Proc::of_server(me, &std::env::current_dir().unwrap()), None);
    }

    #[test]
    fn the_postmaster_is_told_from_its_children_and_from_orphans() {
        let (master, fork, child) = (process(7, 1, false), process(8, 7, false), process(9, 7, true));
        assert_eq!(postmaster_among(&[child, fork, master]), Some(master));
        assert_eq!(postmaster_among(&[process(9, 1, true)]), None);
        assert_eq!(postmaster_among(&[]), None);
    }
}
