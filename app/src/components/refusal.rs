use contract::State;
use leptos::prelude::*;

use super::words;
use crate::{
    calls::CallError,
    paths,
    ui::{Badge, ButtonLink, Notice, Tone, dynamic},
};

#[component]
pub fn StateBadge(state: State, #[prop(optional)] large: bool) -> impl IntoView {
    view! { <Badge tone=words::tone(state) word=state.to_string() large /> }
}

/// Why something wasn't done; nothing while there is no error. Whoever was signed out is led to the sign-in page and back.
#[component]
pub fn Refusal(
    /// What didn't work: "The service wasn't created."
    #[prop(into)]
    cause: String,
    #[prop(into)] error: Signal<Option<CallError>>,
) -> impl IntoView {
    dynamic(move || {
        let Some(error) = error.get() else { return ().into_any() };
        let cause = cause.clone();
        if error.is_signed_out() {
            view! {
                <Notice tone=Tone::Warn cause="Your session has ended.">
                    <ButtonLink href=paths::sign_in(&here()) small=true>
                        "Sign in"
                    </ButtonLink>
                </Notice>
            }
            .into_any()
        } else {
            view! { <Notice tone=Tone::Bad cause evidence=Some(error.to_string()) /> }.into_any()
        }
    })
}

/// The address of the page. In the browser, where calls fail.
fn here() -> String {
    let at = window().location();
    at.pathname().unwrap_or_default() + &at.search().unwrap_or_default()
}
