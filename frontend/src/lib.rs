//! The browser's entry point: hydrates what the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // Lazy routes need this one: with `hydrate_body` each of them ends in `unreachable`.
    leptos::mount::hydrate_lazy(app::App);
}
