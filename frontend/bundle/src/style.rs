//! The stylesheet: Tailwind reads `style/tailwind.css` and the class names in the console's sources.

use anyhow::Result;

use crate::{
    digest::Digest,
    npm,
    workspace::{Part, Workspace, run},
};

pub fn make(workspace: &Workspace) -> Result<Part> {
    let style = workspace.style();
    let mut inputs = Digest::default();
    inputs.folder(&workspace.root.join("app/src"), &["rs"])?;
    for file in ["tailwind.css", "tokens.css", "fonts.css", "package-lock.json"] {
        inputs.file(&style.join(file))?;
    }
    workspace.part("style", "pkg", inputs, |folder| {
        let mut tailwind = npm::tool(workspace, "tailwindcss")?;
        tailwind.current_dir(&style).args(["--input", "tailwind.css", "--output"]).arg(folder.join("berth.css"));
        if workspace.is_release() {
            tailwind.arg("--minify");
        }
        run(&mut tailwind)
    })
}
