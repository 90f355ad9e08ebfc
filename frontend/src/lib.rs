//! The browser's entry point: starts what the islands of the page run on. `frontend/page` calls it, then hydrates each island.

// the islands: nothing here names them, and all of them are exported
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
