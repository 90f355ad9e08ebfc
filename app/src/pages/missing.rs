use leptos::prelude::*;

use crate::{
    components::TabTitle,
    ui::{ButtonLink, Kind, Logo, MAIN},
    viewer::{request_id, viewer},
};

/// What no address leads to, and what isn't there or isn't for this person: one page for all, with 404 in the status line.
#[component]
pub fn Missing() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    let home =
        viewer().map_or_else(|| crate::paths::SIGN_IN.to_owned(), |viewer| crate::paths::overview(&viewer.workspace));
    view! {
        <TabTitle text="Not found · Berth" />
        <main id=MAIN tabindex="-1" class="mx-auto max-w-[34rem] px-4 py-16">
            <Logo />
            <h1 class="mt-8 text-xl font-semibold tracking-tight">"There is nothing at this address"</h1>
            <p class="mt-2 text-ink-2">"It may have been deleted or renamed, or it isn't open to you."</p>
            <div class="mt-6">
                <ButtonLink href=home kind=Kind::Primary>
                    "Go to the overview"
                </ButtonLink>
            </div>
            {request_id()
                .map(|id| {
                    view! {
                        <p class="mt-8 text-sm text-ink-3">"Request " <code class="font-mono">{id.0}</code></p>
                    }
                })}
        </main>
    }
}
