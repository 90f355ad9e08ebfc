use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;

/// A button that opens a small panel. Opens and closes without script; with it, Esc, leaving it and going to another page close it too.
#[component]
pub fn Menu(
    /// The classes of the button and of the panel.
    button: &'static str,
    panel: &'static str,
    #[prop(into)] label: String,
    face: ViewFn,
    children: Children,
) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(details) = details.get_untracked() {
            let _ = details.remove_attribute("open");
        }
    };
    let location = use_location();
    Effect::new(move || {
        location.pathname.track();
        close();
    });
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close();
            let face = details.get_untracked().and_then(|details| details.query_selector("summary").ok().flatten());
            if let Some(face) = face.and_then(|face| face.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = face.focus();
            }
        }
    };
    let left = move |event: leptos::ev::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        if to.is_some_and(|to| details.get_untracked().is_some_and(|details| !details.contains(Some(&to)))) {
            close();
        }
    };
    view! {
        <details node_ref=details class="relative" on:keydown=escape on:focusout=left>
            <summary class=button aria-label=label>
                {face.run()}
            </summary>
            <div class=panel>{children()}</div>
        </details>
    }
}
