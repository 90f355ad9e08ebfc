//! Ends servers, and proves that they are ended.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};
use crate::server::Server;
use crate::{Host, procs};

/// How a server is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Sessions are ended, and all is written: SIGINT, 0.4 s when idle.
    Fast,
    /// At once; the next start recovers: SIGQUIT.
    Immediate,
}

/// How long a server has to end after SIGQUIT: it kills its own children after 5 s.
const QUIT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long orphans have after SIGQUIT before SIGKILL: what a postmaster gives its children.
const ORPHAN_TIMEOUT: Duration = Duration::from_secs(5);
/// How often processes are looked at meanwhile.
const EVERY: Duration = Duration::from_millis(10);

impl Host {
    /// Stops a server and returns when none of its processes is left. After `timeout` a fast stop becomes an immediate one. Already
    /// stopped, or absent: fine.
    ///
    /// # Errors
    /// [`Error::StillAlive`].
    pub async fn stop(&self, dir: &Path, mode: StopMode, timeout: Duration) -> Result<()> {
        let server = Server::at(dir)?;
        let _guard = self.lock(dir).await;
        self.stop_unlocked(&server, mode, timeout).await
    }

    /// Ends a server at any price, and proves that no process of it is left: it can't write any more when this returns.
    ///
    /// # Errors
    /// [`Error::StillAlive`]: a process hangs in the kernel.
    pub async fn fence(&self, dir: &Path) -> Result<()> {
        let server = Server::at(dir)?;
        let _guard = self.lock(dir).await;
        self.fence_unlocked(&server).await
    }

    async fn stop_unlocked(&self, server: &Server, mode: StopMode, timeout: Duration) -> Result<()> {
        if mode == StopMode::Fast {
            self.signal_postmaster(server, Signal::SIGINT);
            if self.postmaster_ends(server, timeout).await {
                return self.end_orphans(server).await;
            }
            tracing::warn!(dir = %server.dir.display(), "a fast stop takes too long: stopping at once");
        }
        self.signal_postmaster(server, Signal::SIGQUIT);
        match self.postmaster_ends(server, QUIT_TIMEOUT).await {
            true => self.end_orphans(server).await,
            false => Err(still_alive(server)),
        }
    }

    pub(crate) async fn fence_unlocked(&self, server: &Server) -> Result<()> {
        let stopped = self.stop_unlocked(server, StopMode::Immediate, Duration::ZERO);
        if stopped.await.is_ok() {
            return Ok(());
        }
        for process in server.processes() {
            process.signal(Signal::SIGKILL);
        }
        match self.wait_for_end(server, QUIT_TIMEOUT).await {
            true => Ok(()),
            false => Err(still_alive(server)),
        }
    }

    fn signal_postmaster(&self, server: &Server, signal: Signal) {
        let by_file = server.postmaster();
        let postmaster = by_file.or_else(|| procs::postmaster_among(&server.processes()));
        if let Some(postmaster) = postmaster {
            postmaster.signal(signal);
        }
    }

    async fn postmaster_ends(&self, server: &Server, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while server.postmaster().is_some() || procs::postmaster_among(&server.processes()).is_some() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(EVERY).await;
        }
        true
    }

    /// Ends processes that their postmaster left behind, which hold its shared memory: SIGQUIT, and at last SIGKILL, as it would itself.
    pub(crate) async fn end_orphans(&self, server: &Server) -> Result<()> {
        for (signal, timeout) in [(Signal::SIGQUIT, ORPHAN_TIMEOUT), (Signal::SIGKILL, QUIT_TIMEOUT)] {
            for orphan in server.processes() {
                tracing::warn!(pid = orphan.pid, ?signal, "ending a process without a postmaster");
                orphan.signal(signal);
            }
            if self.wait_for_end(server, timeout).await {
                return Ok(());
            }
        }
        Err(still_alive(server))
    }

    /// Whether no process of the server is left within `timeout`.
    pub(crate) async fn wait_for_end(&self, server: &Server, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while !server.processes().is_empty() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(EVERY).await;
        }
        true
    }
}

fn still_alive(server: &Server) -> Error {
    Error::StillAlive { dir: server.dir.clone(), pids: server.processes().iter().map(|process| process.pid).collect() }
}
