//! Cuts the compiled WASM at its lazy routes and writes the scripts that load the pieces.

use std::{fs, path::Path};

use anyhow::{Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

/// `berth.js` and `berth_bg.wasm`, one module per lazy route, their loader, and the list of what each route needs.
pub fn modules(compiled: &Path, folder: &Path) -> Result<()> {
    let bytes = fs::read(compiled)?;
    let main = compiled.with_file_name("berth.wasm");
    let mut options = Options::new(&bytes);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.main_module = "./berth.js";
    options.link_name = "./__wasm_split.______________________.js"; // the name that Leptos' macros import
    let split = transform(options).map_err(|error| anyhow!("splitting: {error:#}"))?;
    fs::write(folder.join("split.json"), serde_json::to_vec(&split.prefetch_map)?)?;

    let mut bindgen = Bindgen::new();
    bindgen.input_path(&main).out_name("berth").web(true)?.typescript(false).keep_lld_exports(true).demangle(false);
    bindgen.generate(folder)
}
