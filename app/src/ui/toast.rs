use std::time::Duration;

use leptos::prelude::*;

use super::{Icon, Tone, lu};

const SHOWN_FOR: Duration = Duration::from_secs(7);
/// More at once would cover the page; the oldest goes.
const MOST: usize = 4;

#[derive(Clone, Debug, PartialEq)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
}

/// Short words about what just happened. Errors that need an action belong where they happened, in a `Notice`.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

pub fn provide_toasts() {
    provide_context(Toasts { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
}

pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(|| Toasts { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) })
}

impl Toasts {
    pub fn say(self, tone: Tone, text: impl Into<String>) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.shown.update(|shown| {
            shown.push(Toast { id, tone, text: text.into() });
            if shown.len() > MOST {
                shown.remove(0);
            }
        });
        set_timeout(move || self.forget(id), SHOWN_FOR);
    }

    fn forget(self, id: u32) {
        let _ = self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div role="status" aria-live="polite" class="pointer-events-none fixed right-4 bottom-4 z-40 grid w-[min(24rem,calc(100vw-2rem))] gap-2">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <div class="pointer-events-auto flex items-start gap-2.5 rounded-md bg-card py-2.5 pr-2 pl-3.5 shadow-pop">
                    <span class=format!("mt-[7px] size-[7px] shrink-0 rounded-full bg-current {}", toast.tone.ink()) aria-hidden="true"></span>
                    <p class="min-w-0 flex-1 [overflow-wrap:anywhere]">{toast.text}</p>
                    <button type="button" aria-label="Close" class="grid size-6 place-items-center rounded-sm text-ink-3 hover:text-ink" on:click=move |_| toasts.forget(toast.id)>
                        <Icon glyph=lu::LuX size="size-3.5" />
                    </button>
                </div>
            </For>
        </div>
    }
}
