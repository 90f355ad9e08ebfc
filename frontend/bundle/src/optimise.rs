//! Smaller modules and scripts, for releases.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use anyhow::Result;

use crate::{
    npm,
    workspace::{Workspace, files_below, run},
};

/// Features are listed one by one: with `--all-features` Binaryen writes encodings that browsers refuse (compact imports).
const WASM_OPT: [&str; 7] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

pub fn wasm(workspace: &Workspace, folder: &Path) -> Result<()> {
    each(with_extension(folder, "wasm")?, |module| {
        run(npm::tool(workspace, "wasm-opt")?.args(WASM_OPT).arg(module).arg("-o").arg(module))
    })
}

pub fn scripts(workspace: &Workspace, folder: &Path) -> Result<()> {
    each(with_extension(folder, "js")?, |script| {
        let small = script.with_extension("min");
        let mut esbuild = npm::tool(workspace, "esbuild")?;
        esbuild.arg(script).args(["--minify", "--format=esm", "--log-level=error"]);
        run(esbuild.arg(format!("--outfile={}", small.display())))?;
        fs::rename(small, script)?;
        Ok(())
    })
}

fn with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    Ok(files_below(folder)?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|found| found == extension))
        .collect())
}

/// Works through `files` on every core; the first error ends it.
pub fn each(files: Vec<PathBuf>, work: impl Fn(&Path) -> Result<()> + Sync) -> Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let left = Mutex::new(files);
    let next = || left.lock().ok().and_then(|mut files| files.pop());
    thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(file) = next() {
                        work(&file)?;
                    }
                    Ok(())
                })
            })
            .collect();
        running
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker died"))))
    })
}
