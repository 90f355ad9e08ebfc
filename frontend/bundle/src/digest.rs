//! A fingerprint of what a part is made from. It only has to tell a change on one machine, so the standard hasher will do.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    time::SystemTime,
};

use anyhow::{Context, Result};

use crate::workspace::files_below;

#[derive(Default)]
pub struct Digest(DefaultHasher);

impl Digest {
    pub fn file(&mut self, file: &Path) -> Result<()> {
        file.file_name().hash(&mut self.0);
        fs::read(file).with_context(|| format!("reading {}", file.display()))?.hash(&mut self.0);
        Ok(())
    }

    /// The files directly or deeper in `folder` whose extension is one of `extensions`.
    pub fn folder(&mut self, folder: &Path, extensions: &[&str]) -> Result<()> {
        for file in files_below(folder)? {
            if file.extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted)) {
                file.hash(&mut self.0);
                self.file(&file)?;
            }
        }
        Ok(())
    }

    /// A changed bundler makes everything again.
    pub fn own_program(&mut self) -> Result<()> {
        let program = env::current_exe()?.metadata()?;
        program.len().hash(&mut self.0);
        program.modified().unwrap_or(SystemTime::UNIX_EPOCH).hash(&mut self.0);
        Ok(())
    }

    pub fn finish(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}
