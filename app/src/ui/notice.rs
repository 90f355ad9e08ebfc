use leptos::prelude::*;

use super::{Icon, Tone, lu};

/// What went wrong or wants attention: cause, evidence, next action, on one line where it fits.
#[component]
pub fn Notice(
    tone: Tone,
    #[prop(into)] cause: String,
    /// The runtime's or PostgreSQL's own words.
    #[prop(optional_no_strip)]
    evidence: Option<String>,
    /// The request's id, as the log knows it.
    #[prop(optional_no_strip)]
    request: Option<String>,
    /// The next action: a button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (glyph, role) = match tone {
        Tone::Bad | Tone::Warn => (lu::LuTriangleAlert, "alert"),
        Tone::Ok => (lu::LuCheck, "status"),
        Tone::Busy | Tone::Idle => (lu::LuInfo, "status"),
    };
    view! {
        <div role=role class=format!("flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md px-3.5 py-2.5 {}", tone.pill())>
            <Icon glyph />
            <p class="min-w-0 flex-1 basis-48 text-ink">
                <span class="font-medium">{cause}</span>
                {evidence.map(|words| view! { " " <span class="text-ink-2 [overflow-wrap:anywhere]">{words}</span> })}
                {request.map(|id| view! { " " <span class="text-sm text-ink-2">"Request " <code class="font-mono">{id}</code></span> })}
            </p>
            {children.map(|children| children())}
        </div>
    }
}

/// What goes here, why, and the one next action.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="rounded-md border border-dashed border-line-strong px-6 py-12 text-center">
            <p class="font-semibold">{title}</p>
            <p class="mx-auto mt-1 max-w-[30rem] text-balance text-ink-2">{text}</p>
            {children.map(|children| view! { <div class="mt-5 flex justify-center gap-2">{children()}</div> })}
        </div>
    }
}
