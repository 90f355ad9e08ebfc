//! Programs that go on running, each with a log of its own.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::programs::say;

/// A program that ends with its holder, and by the kernel's hand where that one is killed.
pub(crate) struct Running(Child);

impl Running {
    /// Must be called by a thread that lives as long as the program may: the kernel ends it with that thread.
    pub(crate) fn start(program: &Path, log: &Path, configure: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        configure(&mut command);
        let log = File::create(log).with_context(|| format!("the log {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self(command.spawn().with_context(|| format!("starting {}", program.display()))?))
    }

    /// `false` once it has ended.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

/// The last words of whoever has them, on standard error.
pub(crate) fn tell(logs: &Path) {
    for log in crate::files::below(logs).unwrap_or_default() {
        let name = log.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(5)) {
            say(&format!("{name}: {line}"));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
