use std::time::Duration;

use leptos::prelude::*;

use super::{Icon, Tone, dynamic, lu, on};

const SHOWN_FOR: Duration = Duration::from_secs(7);
/// Where a page leaves the words for the one that it leads to; `page.ts` does.
const LEFT: &str = "toast";

/// Short words about what the page before this one came to. Errors that need an action belong where they happened, in a `Notice`.
#[island]
pub fn Toast() -> impl IntoView {
    let words = RwSignal::new(String::new());
    Effect::new(move || {
        let Ok(Some(storage)) = window().session_storage() else { return };
        if let Ok(Some(left)) = storage.get_item(LEFT) {
            let _ = storage.remove_item(LEFT);
            words.set(left);
            set_timeout(move || words.set(String::new()), SHOWN_FOR);
        }
    });
    view! {
        <div role="status" aria-live="polite" class="pointer-events-none fixed right-4 bottom-4 z-40 grid w-[min(24rem,calc(100vw-2rem))] gap-2">
            {dynamic(move || {
                let said = words.get();
                if said.is_empty() {
                    return ().into_any();
                }
                view! {
                    <div class="pointer-events-auto flex items-start gap-2.5 rounded-md bg-card py-2.5 pr-2 pl-3.5 shadow-pop">
                        <span class=format!("mt-[7px] size-[7px] shrink-0 rounded-full bg-current {}", Tone::Ok.ink()) aria-hidden="true"></span>
                        <p class="min-w-0 flex-1 [overflow-wrap:anywhere]">{said}</p>
                        <button
                            type="button"
                            aria-label="Close"
                            class="grid size-6 place-items-center rounded-sm text-ink-3 hover:text-ink"
                            on:click=on(move |_| words.set(String::new()))
                        >
                            <Icon glyph=lu::LuX size="size-3.5" />
                        </button>
                    </div>
                }
                    .into_any()
            })}
        </div>
    }
}
