use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, lu, on};

/// The browser's own modal dialog: its first field takes the keyboard, Esc and its cross close it, the rest of the page can't be
/// reached meanwhile, and focus returns to where it was. A button with `opens` opens it (`frontend/page/menus.ts`); in an island a
/// signal may.
#[component]
pub fn Dialog(
    #[prop(into)] id: String,
    #[prop(into)] title: String,
    #[prop(optional)] open: Option<RwSignal<bool>>,
    children: Children,
) -> impl IntoView {
    if let Some(open) = open {
        follow(id.clone(), open);
    }
    let title_id = format!("{id}-title");
    let (named_by, closes) = (title_id.clone(), id.clone());
    view! {
        <dialog
            id=id
            aria-labelledby=named_by
            class="m-auto w-[min(32rem,calc(100vw-2rem))] rounded-md bg-card p-0 text-ink shadow-pop"
            on:close=on(move |_| {
                if let Some(open) = open {
                    open.set(false);
                }
            })
        >
            <div class="flex items-center border-b border-line py-2.5 pr-2.5 pl-4">
                <h2 id=title_id class="min-w-0 font-semibold [overflow-wrap:anywhere]">{title}</h2>
                <button
                    type="button"
                    aria-label="Close"
                    data-closes=closes
                    class="ml-auto grid size-8 flex-none place-items-center rounded-sm text-ink-3 hover:bg-sunk hover:text-ink"
                >
                    <Icon glyph=lu::LuX />
                </button>
            </div>
            <div class="grid gap-4 p-4">{children()}</div>
        </dialog>
    }
}

/// Opens and closes it as the signal says.
fn follow(id: String, open: RwSignal<bool>) {
    Effect::new(move || {
        let wanted = open.get();
        let Some(dialog) = document().get_element_by_id(&id) else { return };
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
}
