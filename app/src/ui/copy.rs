use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsValue;

use super::{Button, lu};

const SHOWN_FOR: Duration = Duration::from_millis(1800);

/// What the button says of the last copy. Browsers give a clipboard only over https and on this machine.
const COPY: &str = "Copy";
const COPIED: &str = "Copied";
const NO_CLIPBOARD: &str = "Select and copy it";

/// What the button says, and how to copy. For text that has to be fetched first, run it with the text once it is there.
pub fn use_copy() -> (RwSignal<String>, Callback<String>) {
    let said = RwSignal::new(COPY.to_owned());
    let copy = Callback::new(move |text: String| {
        spawn_local(async move {
            said.set(if write(&text).await { COPIED } else { NO_CLIPBOARD }.to_owned());
            set_timeout(move || said.set(COPY.to_owned()), SHOWN_FOR);
        });
    });
    (said, copy)
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
    let (said, copy) = use_copy();
    view! { <CopyFace said label on_press=Callback::new(move |_| copy.run(text.get_untracked())) /> }
}

/// The button alone, for those who fetch what they copy.
#[component]
pub fn CopyFace(
    said: RwSignal<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] busy: Signal<bool>,
    /// While it holds a reason nothing can be copied.
    #[prop(optional, into)]
    refused: Signal<Option<String>>,
    on_press: Callback<leptos::ev::MouseEvent>,
) -> impl IntoView {
    view! {
        <Button id="copy" small=true quiet=true icon=lu::LuCopy busy refused on_press>
            {said}
            <span class="sr-only">" " {label}</span>
            <span class="sr-only" role="status">
                {Signal::derive(move || Some(said.get()).filter(|said| said != COPY))}
            </span>
        </Button>
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
