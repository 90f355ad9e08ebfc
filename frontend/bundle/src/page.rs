//! `frontend/page/` and the library that it morphs with, as one script.

use std::process::Command;

use anyhow::Result;

use crate::{
    digest::Digest,
    npm,
    workspace::{Part, Workspace, run},
};

pub fn make(workspace: &Workspace) -> Result<Part> {
    let sources = workspace.root.join("frontend/page");
    let mut inputs = Digest::default();
    inputs.folder(&sources, &["ts"])?;
    inputs.file(&workspace.style().join("package-lock.json"))?;
    workspace.part("page", "pkg", inputs, |folder| {
        let mut esbuild: Command = npm::tool(workspace, "esbuild")?;
        // the packages lie beside the stylesheet's
        esbuild.env("NODE_PATH", workspace.style().join("node_modules"));
        esbuild.arg(sources.join("index.ts")).args([
            "--bundle",
            "--format=esm",
            "--target=es2022",
            "--log-level=error",
        ]);
        if workspace.is_release() {
            esbuild.arg("--minify");
        }
        run(esbuild.arg(format!("--outfile={}", folder.join("page.js").display())))
    })
}
