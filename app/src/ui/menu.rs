use leptos::prelude::*;

/// A button that opens a small panel. Opens and closes without script; with it, Esc and leaving it close it too (`frontend/page/menus.ts`).
#[component]
pub fn Menu(
    /// The classes of the button and of the panel.
    button: &'static str,
    panel: &'static str,
    #[prop(into)] label: String,
    face: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <details data-menu class="relative">
            <summary class=button aria-label=label>
                {face.run()}
            </summary>
            <div class=panel>{children()}</div>
        </details>
    }
}
