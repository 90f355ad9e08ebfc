//! The two variable fonts, Latin and extended Latin; `style/fonts.css` names them.

use std::fs;

use anyhow::{Context, Result};

use crate::{
    digest::Digest,
    workspace::{Part, Workspace},
};

const FONTS: [(&str, &str); 4] = [
    ("geist", "geist-latin-wght-normal.woff2"),
    ("geist", "geist-latin-ext-wght-normal.woff2"),
    ("geist-mono", "geist-mono-latin-wght-normal.woff2"),
    ("geist-mono", "geist-mono-latin-ext-wght-normal.woff2"),
];

pub fn make(workspace: &Workspace) -> Result<Part> {
    let packages = workspace.style().join("node_modules/@fontsource-variable");
    let mut inputs = Digest::default();
    inputs.file(&workspace.style().join("package-lock.json"))?;
    workspace.part("fonts", "pkg", inputs, |folder| {
        for (package, file) in FONTS {
            fs::copy(packages.join(package).join("files").join(file), folder.join(file))
                .with_context(|| format!("copying {file}"))?;
        }
        Ok(())
    })
}
