use leptos::prelude::*;

use super::{Icon, Tone, lu};

/// Short words about what something came to; `frontend/page/toast.ts` fills it. Errors that need an action belong where they
/// happened, in a `Notice`.
#[component]
pub fn Toast() -> impl IntoView {
    view! {
        <div role="status" aria-live="polite" class="pointer-events-none fixed right-4 bottom-4 z-40 grid w-[min(24rem,calc(100vw-2rem))] gap-2">
            <div id="toast" hidden class="pointer-events-auto flex items-start gap-2.5 rounded-md bg-card py-2.5 pr-2 pl-3.5 shadow-pop">
                <span class=format!("mt-[7px] size-[7px] shrink-0 rounded-full bg-current {}", Tone::Ok.ink()) aria-hidden="true"></span>
                <p data-words class="min-w-0 flex-1 [overflow-wrap:anywhere]"></p>
                <button
                    type="button"
                    data-close
                    aria-label="Close"
                    class="grid size-6 place-items-center rounded-sm text-ink-3 hover:text-ink"
                >
                    <Icon glyph=lu::LuX size="size-3.5" />
                </button>
            </div>
        </div>
    }
}
