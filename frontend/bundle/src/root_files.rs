//! `public/`: files whose address is fixed (favicon, robots.txt).

use std::fs;

use anyhow::Result;

use crate::{
    digest::Digest,
    workspace::{Part, Workspace, files_below},
};

pub fn make(workspace: &Workspace) -> Result<Part> {
    let public = workspace.root.join("public");
    let mut inputs = Digest::default();
    let files = files_below(&public)?;
    for file in &files {
        inputs.file(file)?;
    }
    workspace.part("public", "", inputs, |folder| {
        for file in &files {
            let to = folder.join(file.strip_prefix(&public)?);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(file, to)?;
        }
        Ok(())
    })
}
