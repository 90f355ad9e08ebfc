//! Starts programs, and reaps what they leave.
//!
//! A postmaster that is killed leaves its children to the nearest subreaper: this process, if it may be one, so that nobody waits for
//! process 1 to take notice (1.75 s were seen). Only processes that nothing else here waits for are reaped.

use std::collections::BTreeSet;
use std::process::{Command, ExitStatus, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use tokio::sync::watch;

use crate::procs;

/// Children that a task waits for. Process-wide, as children are.
static AWAITED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// How long orphans of an ended postmaster are waited for, and how often they are looked at. They end within a second unless they hang.
const ORPHANS_FOR: Duration = Duration::from_secs(30);
const ORPHANS_EVERY: Duration = Duration::from_millis(100);

/// A started server process. Dropping it changes nothing: the process lives on, and is reaped when it ends.
pub(crate) struct Started {
    pub pid: i32,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Started {
    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.exit.borrow().is_some() || self.exit.has_changed().is_err()
    }
}

/// Lets orphaned grandchildren become children of this process.
pub(crate) fn become_subreaper() {
    if let Err(error) = nix::sys::prctl::set_child_subreaper(true) {
        tracing::debug!(%error, "orphans are left to process 1");
    }
}

/// Starts a program that outlives this one.
pub(crate) fn start(command: Command) -> std::io::Result<Started> {
    let mut child = {
        let mut awaited = awaited();
        let child = tokio::process::Command::from(command).spawn()?;
        awaited.extend(pid_of(&child));
        child
    };
    let pid = pid_of(&child).ok_or_else(|| std::io::Error::other("it has no pid"))?;
    let (ended, exit) = watch::channel(None);
    tokio::spawn(async move {
        match child.wait().await {
            Ok(status) => {
                tracing::debug!(pid, %status, "a server ended");
                ended.send_replace(Some(status));
            }
            Err(error) => tracing::warn!(pid, %error, "could not wait for a server"),
        }
        awaited().remove(&pid);
        drop(ended);
        reap_orphans().await;
    });
    Ok(Started { pid, exit })
}

/// Runs a program to its end. It is killed if the caller goes away.
pub(crate) async fn run(command: Command) -> std::io::Result<Output> {
    use std::process::Stdio;
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    let child = {
        let mut awaited = awaited();
        let child = command.spawn()?;
        awaited.extend(pid_of(&child));
        child
    };
    let pid = pid_of(&child);
    let output = child.wait_with_output().await;
    if let Some(pid) = pid {
        awaited().remove(&pid);
    }
    output
}

/// An environment and a directory without surprises: nothing is inherited, so no `PG…` variable and no secret either.
pub(crate) fn command(program: &std::path::Path, cwd: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(cwd)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null());
    command
}

async fn reap_orphans() {
    let deadline = tokio::time::Instant::now() + ORPHANS_FOR;
    loop {
        let left = {
            let awaited = awaited();
            let mut left = procs::children();
            left.retain(|(pid, _)| !awaited.contains(pid));
            for (pid, _) in left.iter().filter(|(_, over)| *over) {
                // An error means that it was reaped elsewhere.
                let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
            }
            left
        };
        if left.is_empty() || tokio::time::Instant::now() > deadline {
            return;
        }
        tokio::time::sleep(ORPHANS_EVERY).await;
    }
}

fn pid_of(child: &tokio::process::Child) -> Option<i32> {
    child.id().and_then(|pid| i32::try_from(pid).ok())
}

fn awaited() -> MutexGuard<'static, BTreeSet<i32>> {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner)
}
