use contract::{Action, State, change::StateChange, permission::Permission};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::services::{ChangeState, RetryService},
    components::CallForm,
};

/// Whether an action may be asked for now, by this viewer.
pub fn can_press(state: State, action: Action) -> bool {
    refused(state, action, Permission::ServicesOperate).is_none()
}

/// A form that asks for one action; what is pressed stands in it.
#[component]
pub fn PressForm(
    slug: String,
    name: String,
    action: Action,
    /// What it is told with that it was asked for; nothing where the page itself shows it.
    #[prop(optional, into)]
    said: String,
    children: Children,
) -> impl IntoView {
    let wish = |word: &str| ChangeState {
        workspace: slug.clone(),
        id: name.clone(),
        change: StateChange { state: word.into(), ..StateChange::default() },
    };
    let change = match action {
        Action::Start => wish("process_start"),
        Action::Stop => wish("process_stop"),
        Action::Restart => wish("process_restart"),
        _ => {
            let call = RetryService { workspace: slug, id: name };
            return view! { <CallForm call said class="contents">{children()}</CallForm> }.into_any();
        }
    };
    view! { <CallForm call=change said class="contents">{children()}</CallForm> }.into_any()
}
