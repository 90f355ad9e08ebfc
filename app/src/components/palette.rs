use leptos::prelude::*;

use crate::{
    paths,
    ui::{Icon, lu},
};

/// ⌘K: the page `find` in a dialog (`frontend/page/palette.ts`). What is found is asked for when it opens.
#[component]
pub fn Palette(slug: String) -> impl IntoView {
    view! {
        <dialog
            data-palette
            aria-label="Go to"
            class="m-auto mt-[12vh] w-[min(36rem,calc(100vw-2rem))] overflow-hidden rounded-md bg-card p-0 text-ink shadow-pop"
        >
            <form action=paths::find(&slug) method="get" role="search" class="flex items-center gap-2.5 border-b border-line px-4 text-ink-3">
                <Icon glyph=lu::LuSearch />
                <input
                    type="search"
                    name="q"
                    id="palette-q"
                    aria-label="Go to a service, a project, a page or an action"
                    placeholder="Go to a service, a project, a page, an action"
                    autocomplete="off"
                    spellcheck="false"
                    class="h-12 min-w-0 flex-1 bg-transparent text-ink outline-none placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden"
                />
                <kbd class="rounded-sm border border-line px-1.5 text-xs">"Esc"</kbd>
            </form>
            <div class="max-h-[min(26rem,60vh)] overflow-y-auto p-1.5">
                <div data-found></div>
            </div>
        </dialog>
    }
}
