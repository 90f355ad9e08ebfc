use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, lu, on};

/// The browser's own modal dialog: its first field takes the keyboard, Esc closes it, the rest of the page can't be reached meanwhile, and
/// focus returns to where it was.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] id: String,
    #[prop(into)] title: Signal<String>,
    children: Children,
) -> impl IntoView {
    let own = id.clone();
    Effect::new(move || {
        let wanted = open.get();
        let Some(dialog) = document().get_element_by_id(&own) else { return };
        let dialog: web_sys::HtmlDialogElement = dialog.unchecked_into();
        if wanted && !dialog.open() {
            let _ = dialog.show_modal();
            let field = dialog.query_selector("input, textarea, select").ok().flatten();
            if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = field.focus();
            }
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    let title_id = format!("{id}-title");
    let named_by = title_id.clone();
    view! {
        <dialog
            id=id
            aria-labelledby=named_by
            class="m-auto w-[min(32rem,calc(100vw-2rem))] rounded-md bg-card p-0 text-ink shadow-pop"
            on:close=on(move |_| open.set(false))
        >
            <div class="flex items-center border-b border-line py-2.5 pr-2.5 pl-4">
                <h2 id=title_id class="font-semibold">{title}</h2>
                <button type="button" aria-label="Close" class="ml-auto grid size-8 place-items-center rounded-sm text-ink-3 hover:bg-sunk hover:text-ink" on:click=on(move |_| open.set(false))>
                    <Icon glyph=lu::LuX />
                </button>
            </div>
            <div class="grid gap-4 p-4">{children()}</div>
        </dialog>
    }
}
