use leptos::prelude::*;

use super::Tone;

/// A state as a pill: dot, word and colour, never colour alone.
#[component]
pub fn Badge(tone: Tone, #[prop(into)] word: String, #[prop(optional)] large: bool) -> impl IntoView {
    let size = if large {
        "h-[34px] rounded-full px-3.5 text-sm"
    } else {
        "h-[22px] rounded-full pr-[9px] pl-2 text-[12.5px]"
    };
    view! {
        <span class=format!("inline-flex items-center gap-1.5 font-medium whitespace-nowrap {size} {}", tone.pill())>
            <Dot />
            {word}
        </span>
    }
}

#[component]
fn Dot() -> impl IntoView {
    view! { <span class="size-[7px] shrink-0 rounded-full bg-current" aria-hidden="true"></span> }
}
