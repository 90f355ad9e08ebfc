use leptos::prelude::*;

use super::Page;
use crate::{
    ui::{ButtonLink, Crumb, EmptyState, Kind},
    viewer::request_id,
};

/// A page of the frame whose thing isn't there, or isn't there for this person: the same words for both, and 404 in the status line.
#[component]
pub fn NotHere(
    #[prop(into)] title: String,
    #[prop(into)] back: String,
    #[prop(into)] back_to: String,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let (Some(response), false) = (use_context::<leptos_axum::ResponseOptions>(), crate::viewer::draws_anew()) {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Page title="Not found" crumbs=vec![Crumb::to(back_to.clone(), back.clone()), Crumb::here("Not found")] missing=true>
            <h1 class="mb-5 text-xl font-semibold tracking-[-0.015em]">{title}</h1>
            <EmptyState title="There is nothing at this address" text="It may have been deleted or renamed, or it isn't open to you.">
                <ButtonLink href=back kind=Kind::Primary>
                    {format!("Go to {}", back_to.to_lowercase())}
                </ButtonLink>
            </EmptyState>
            {request_id()
                .map(|id| {
                    view! { <p class="mt-4 text-center text-sm text-ink-3">"Request " <code class="font-mono">{id.0}</code></p> }
                })}
        </Page>
    }
}
