use contract::State;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::words;
use crate::{
    calls::CallError,
    paths,
    ui::{Badge, ButtonLink, Notice, Tone},
};

#[component]
pub fn StateBadge(#[prop(into)] state: Signal<State>, #[prop(optional)] large: bool) -> impl IntoView {
    let tone = Signal::derive(move || words::tone(state.get()));
    let word = Signal::derive(move || state.get().to_string());
    view! { <Badge tone word large /> }
}

/// Why something can't be shown or wasn't done; nothing while there is no error. Whoever was signed out is led to the sign-in page and back.
#[component]
pub fn Refusal(
    /// What didn't work: "The services can't be shown."
    #[prop(into)]
    cause: String,
    #[prop(into)] error: Signal<Option<CallError>>,
) -> impl IntoView {
    let location = use_location();
    move || {
        let error = error.get()?;
        let cause = cause.clone();
        if error.is_signed_out() {
            let search = location.search.get_untracked();
            let mark = if search.is_empty() { "" } else { "?" };
            let here = format!("{}{mark}{search}", location.pathname.get_untracked());
            let to = paths::sign_in(&here);
            return Some(
                view! {
                    <Notice tone=Tone::Warn cause="Your session has ended.">
                        <ButtonLink href=to small=true outside=true>
                            "Sign in"
                        </ButtonLink>
                    </Notice>
                }
                .into_any(),
            );
        }
        let words = Some(error.to_string());
        Some(view! { <Notice tone=Tone::Bad cause evidence=words /> }.into_any())
    }
}
