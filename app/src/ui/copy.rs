use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsValue;

use super::{Button, lu};

const SHOWN_FOR: Duration = Duration::from_millis(1800);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    Not,
    Done,
    /// No clipboard here: browsers give one only over https and on this machine.
    Refused,
}

impl Copied {
    fn word(self) -> &'static str {
        match self {
            Self::Not => "Copy",
            Self::Done => "Copied",
            Self::Refused => "Select and copy it",
        }
    }
}

/// What became of the last copy, and how to make one. For text that has to be fetched first, run it with the text once it is there.
pub fn use_copy() -> (ReadSignal<Copied>, Callback<String>) {
    let (copied, set_copied) = signal(Copied::Not);
    let copy = Callback::new(move |text: String| {
        spawn_local(async move {
            set_copied.set(if write(&text).await { Copied::Done } else { Copied::Refused });
            set_timeout(
                move || {
                    let _ = set_copied.try_set(Copied::Not);
                },
                SHOWN_FOR,
            );
        });
    });
    (copied, copy)
}

async fn write(text: &str) -> bool {
    let navigator = window().navigator();
    let present =
        js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|found| !found.is_undefined());
    present && wasm_bindgen_futures::JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What is copied, for those who can't see what the button stands beside: "the connection URL".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let (copied, copy) = use_copy();
    view! { <CopyFace copied label on_press=Callback::new(move |_| copy.run(text.get_untracked())) /> }
}

/// The button alone, for those who fetch what they copy.
#[component]
pub fn CopyFace(
    copied: ReadSignal<Copied>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] busy: Signal<bool>,
    /// While it holds a reason nothing can be copied.
    #[prop(optional, into)]
    refused: Signal<Option<String>>,
    on_press: Callback<leptos::ev::MouseEvent>,
) -> impl IntoView {
    view! {
        <Button id="copy" small=true quiet=true icon=lu::LuCopy busy refused on_press>
            {move || copied.get().word()}
            <span class="sr-only">" " {label}</span>
            <span class="sr-only" role="status">
                {move || (copied.get() != Copied::Not).then(|| copied.get().word())}
            </span>
        </Button>
    }
}

/// One line to copy, monospace, with its button. Children stand between text and button ("Reveal").
#[component]
pub fn Well(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] label: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-2 rounded-sm border border-line bg-sunk px-3 py-2">
            <code class="min-w-0 flex-1 basis-40 overflow-x-auto font-mono text-sm whitespace-nowrap" tabindex="0" role="group" aria-label=label.clone()>
                {text}
            </code>
            <div class="ml-auto flex flex-none gap-2">{children.map(|children| children())} <CopyButton text label /></div>
        </div>
    }
}

/// Several lines to copy.
#[component]
pub fn WellBlock(#[prop(into)] text: Signal<String>, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <div class="relative min-w-0 rounded-sm border border-line bg-sunk">
            <pre class="overflow-x-auto px-3 pt-2.5 pb-12 font-mono text-xs leading-[1.5]" tabindex="0" role="group" aria-label=label.clone()>
                {text}
            </pre>
            <div class="absolute right-2 bottom-2"><CopyButton text label /></div>
        </div>
    }
}
