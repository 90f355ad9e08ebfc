//! `target/site`: what the server embeds. Files that stayed the same aren't touched, so that the server isn't compiled again.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Result;

use crate::workspace::{Part, Workspace, files_below, remove};

/// Makes the site the union of `parts`; the number of files written or removed.
pub fn publish(workspace: &Workspace, parts: &[Part]) -> Result<usize> {
    let site = workspace.site();
    fs::create_dir_all(&site)?;
    let mut wanted: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for part in parts {
        for file in files_below(&part.files)? {
            wanted.insert(site.join(part.under).join(file.strip_prefix(&part.files)?), file);
        }
    }

    let mut changed = 0;
    for found in files_below(&site)? {
        if !wanted.contains_key(&found) {
            remove(&found)?;
            changed += 1;
        }
    }
    for (to, from) in wanted {
        let bytes = fs::read(from)?;
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(to, bytes)?;
        changed += 1;
    }
    Ok(changed)
}
