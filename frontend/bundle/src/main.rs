//! `cargo bundle build [--release]` and `cargo bundle watch`: turns the browser's side into `target/site`, which the server embeds.
//!
//! Each part (WASM, page script, stylesheet, fonts, root files) is made in a folder of its own under `target/bundle/<mode>` and made again only
//! when its inputs changed; `site` then copies what differs. A second run in the same state costs one look by cargo.

mod compress;
mod digest;
mod fonts;
mod npm;
mod optimise;
mod page;
mod root_files;
mod site;
mod split;
mod style;
mod wasm;
mod watch;
mod workspace;

use std::time::Instant;

use anyhow::{Result, bail};
use workspace::{Mode, Workspace};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["build"] => build(Mode::Dev),
        ["build", "--release"] => build(Mode::Release),
        ["watch"] => watch::watch(&Workspace::here(Mode::Dev)?.root, || build(Mode::Dev)),
        _ => bail!("usage: cargo bundle build [--release] | watch"),
    }
}

fn build(mode: Mode) -> Result<()> {
    let start = Instant::now();
    let workspace = Workspace::here(mode)?;
    npm::install(&workspace)?;
    let parts = [
        root_files::make(&workspace)?,
        fonts::make(&workspace)?,
        style::make(&workspace)?,
        page::make(&workspace)?,
        wasm::make(&workspace)?,
    ];
    let changed = site::publish(&workspace, &parts)?;
    let seconds = start.elapsed().as_secs_f32();
    eprintln!("{seconds:>8.2} s  {}: {changed} files changed", workspace.site().display());
    Ok(())
}
