//! The npm packages in `style/`: the stylesheet compiler, the WASM optimiser, the minifier and the fonts.

use std::{fs, process::Command};

use anyhow::{Result, ensure};

use crate::{
    digest::Digest,
    workspace::{Workspace, run},
};

/// Installs what the lock file names, unless it is there already.
pub fn install(workspace: &Workspace) -> Result<()> {
    let style = workspace.style();
    let stamp = style.join("node_modules/.lock-digest");
    let mut lock = Digest::default();
    lock.file(&style.join("package-lock.json"))?;
    let wanted = lock.finish();
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    // Neither esbuild nor the file watcher needs its install script to build once.
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&style))?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// A program out of `style/node_modules`.
pub fn tool(workspace: &Workspace, name: &str) -> Result<Command> {
    let program = workspace.style().join("node_modules/.bin").join(name);
    ensure!(program.exists(), "{} is missing: delete style/node_modules and build again", program.display());
    Ok(Command::new(program))
}
