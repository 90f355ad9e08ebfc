//! Where things are, and the rule that a part is made again only when its inputs changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::{compress, digest::Digest};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Dev,
    Release,
}

/// A finished folder, and where its files belong under the site.
pub struct Part {
    pub files: PathBuf,
    pub under: &'static str,
}

pub struct Workspace {
    pub root: PathBuf,
    pub mode: Mode,
    /// Cargo's target folder; the site itself always lies in `<root>/target`, where the server looks for it.
    pub target: PathBuf,
    stage: PathBuf,
}

impl Workspace {
    pub fn here(mode: Mode) -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").context("run it through cargo: cargo bundle build")?;
        let root = Path::new(&manifest).ancestors().nth(2).context("the crate lies in frontend/bundle")?.to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        let stage = target.join("bundle").join(if mode == Mode::Release { "release" } else { "dev" });
        fs::create_dir_all(&stage)?;
        Ok(Self { root, mode, target, stage })
    }

    pub fn site(&self) -> PathBuf {
        self.root.join("target/site")
    }

    pub fn style(&self) -> PathBuf {
        self.root.join("style")
    }

    pub fn is_release(&self) -> bool {
        self.mode == Mode::Release
    }

    /// Runs `build` on an empty folder unless the folder was already made from the same inputs.
    pub fn part(
        &self,
        name: &str,
        under: &'static str,
        mut inputs: Digest,
        build: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Part> {
        let files = self.stage.join(name);
        let stamp = self.stage.join(format!("{name}.stamp"));
        inputs.own_program()?;
        let wanted = inputs.finish();
        if files.is_dir() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(Part { files, under });
        }

        let start = Instant::now();
        remove(&stamp)?;
        if files.exists() {
            fs::remove_dir_all(&files)?;
        }
        fs::create_dir_all(&files)?;
        build(&files).with_context(|| format!("making the part `{name}`"))?;
        if self.is_release() {
            compress::folder(&files)?;
        }
        fs::write(&stamp, wanted)?;
        eprintln!("{:>8.2} s  {name}", start.elapsed().as_secs_f32());
        Ok(Part { files, under })
    }
}

pub fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Every file below `folder`, in a fixed order.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", command.get_program().display()))?;
    ensure!(status.success(), "{} ended with {status}", command.get_program().display());
    Ok(())
}
