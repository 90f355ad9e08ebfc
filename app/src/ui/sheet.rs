use leptos::prelude::*;

use super::{Icon, lu};

/// A modal dialog of a page that the server draws: a button with `opens` opens it, Esc and its cross close it. In an island it
/// is a [`super::Dialog`].
#[component]
pub fn Sheet(#[prop(into)] id: String, #[prop(into)] title: String, children: Children) -> impl IntoView {
    let title_id = format!("{id}-title");
    let (named_by, closes) = (title_id.clone(), id.clone());
    view! {
        <dialog
            id=id
            aria-labelledby=named_by
            class="m-auto w-[min(32rem,calc(100vw-2rem))] rounded-md bg-card p-0 text-ink shadow-pop"
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
