//! Compiles the crate `frontend` for the browser and makes modules of it.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use anyhow::Result;

use crate::{
    digest::Digest,
    optimise, split,
    workspace::{Part, Workspace, run},
};

pub fn make(workspace: &Workspace) -> Result<Part> {
    let compiled = compile(workspace)?;
    let mut inputs = Digest::default();
    inputs.file(&compiled)?;
    inputs.file(&workspace.style().join("package-lock.json"))?;
    workspace.part("wasm", "pkg", inputs, |folder| {
        split::modules(&compiled, folder)?;
        if workspace.is_release() {
            optimise::wasm(workspace, folder)?;
            optimise::scripts(workspace, folder)?;
        }
        Ok(())
    })
}

fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let (profile, folder) = if workspace.is_release() { ("release-wasm", "release-wasm") } else { ("dev", "debug") };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .current_dir(&workspace.root)
        .args(["rustc", "--package=frontend", "--lib", "--target=wasm32-unknown-unknown", "--profile", profile])
        // Splitting wants relocations from the last link alone; in RUSTFLAGS the same flag would build every dependency again.
        .args(["--", "-Clink-args=--emit-relocs"]);
    run(&mut command)?;
    Ok(workspace.target.join("wasm32-unknown-unknown").join(folder).join("frontend.wasm"))
}
