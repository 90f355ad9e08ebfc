//! `cargo bundle watch`: builds the debug bundle and the server, serves, and begins again whenever a source is saved.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use notify_debouncer_mini::notify::RecursiveMode;
use notify_debouncer_mini::{DebounceEventResult, new_debouncer};

/// Editors write a file in several goes.
const SETTLE: Duration = Duration::from_millis(300);
const SOURCES: [&str; 5] = ["app", "frontend", "server", "style", "public"];

/// Until Ctrl-C, which ends the server too: it is in our process group.
pub fn watch(root: &Path, build: impl Fn() -> Result<()>) -> Result<()> {
    let (saved, saves) = mpsc::channel();
    let mut watcher = new_debouncer(SETTLE, move |event: DebounceEventResult| {
        if event.is_ok_and(|events| events.iter().any(|e| is_source(&e.path))) {
            // the other end is only gone when we are
            let _ = saved.send(());
        }
    })?;
    for dir in SOURCES {
        watcher.watcher().watch(&root.join(dir), RecursiveMode::Recursive).with_context(|| format!("watch {dir}"))?;
    }
    let mut server: Option<Child> = None;
    loop {
        match build().and_then(|()| compile(root)) {
            Ok(()) => {
                end(server.take())?;
                server = Some(Command::new(root.join("target/debug/berth")).arg("serve").current_dir(root).spawn()?);
            }
            Err(error) => eprintln!("{error:#}\nwaiting for the next save"),
        }
        saves.recv()?;
        while saves.try_recv().is_ok() {}
    }
}

fn is_source(path: &Path) -> bool {
    let skipped = |part: &std::ffi::OsStr| part == "node_modules" || part == ".sqlx";
    !path.components().any(|c| skipped(c.as_os_str()))
}

fn compile(root: &Path) -> Result<()> {
    let status = Command::new("cargo").args(["build", "--package", "server"]).current_dir(root).status()?;
    anyhow::ensure!(status.success(), "the server doesn't compile");
    Ok(())
}

/// Asks the console to end as a service manager would; databases go on running.
fn end(server: Option<Child>) -> Result<()> {
    let Some(mut server) = server else { return Ok(()) };
    let pid = nix::unistd::Pid::from_raw(i32::try_from(server.id())?);
    // one that has ended already has no need of it
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
    server.wait()?;
    Ok(())
}
