//! The browser's entry point: starts what the islands of the page run on. `page.ts` calls it, then hydrates each island.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    app::ui::keep_times_relative();
}
