use contract::{Action, State, change::StateChange, permission::Permission};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    calls::{
        CallError,
        services::{change_state, retry_service},
    },
    components::{Refusal, words},
    live,
    pages::workspace,
    ui::{Button, Notice},
    viewer,
};

/// Why a button can't be pressed: the viewer's role, or the state, by the one table that the API asks, too.
pub fn refused(state: State, action: Action, permission: Permission) -> Option<String> {
    viewer::lacks(permission).or_else(|| state.allows(action).reason().map(str::to_owned))
}

/// One button: what a press asks for, and why it can't be pressed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Press {
    action: Action,
    /// The button's id, unique on the page.
    id: String,
    word: String,
    refused: Option<String>,
}

impl Press {
    fn new(state: State, action: Action, id: &str, word: &str) -> Self {
        let refused = refused(state, action, Permission::ServicesOperate);
        Self { action, id: id.to_owned(), word: word.to_owned(), refused }
    }
}

#[component]
pub fn HeadActions(state: State, name: String) -> impl IntoView {
    let presses = vec![
        Press::new(state, Action::Start, "start", "Start"),
        Press::new(state, Action::Stop, "stop", "Stop"),
        Press::new(state, Action::Restart, "restart", "Restart"),
        Press::new(state, Action::Retry, "retry", "Retry"),
    ];
    view! { <Presses slug=workspace() name presses /> }
}

/// Buttons that ask for something, one at a time, and show at once what has come of it.
#[island]
pub fn Presses(slug: String, name: String, presses: Vec<Press>) -> impl IntoView {
    let (busy, failed) = (RwSignal::new(None::<Action>), RwSignal::new(None::<CallError>));
    let ask = Callback::new(move |action: Action| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some(action));
        failed.set(None);
        let (slug, name) = (slug.clone(), name.clone());
        spawn_local(async move {
            let answer = asked(slug, name, action).await;
            busy.set(None);
            match answer {
                Ok(()) => live::changed(),
                Err(error) => failed.set(Some(error)),
            }
        });
    });
    let buttons = presses.into_iter().map(|Press { action, id, word, refused }| {
        let busy = Signal::derive(move || busy.get() == Some(action));
        let on_press = Callback::new(move |_| ask.run(action));
        view! { <Button id quiet=true refused=Signal::stored(refused) busy on_press>{word}</Button> }
    });
    view! {
        {buttons.collect_view()}
        <div class="basis-full empty:hidden">
            <Refusal cause="That wasn't done." error=failed />
        </div>
    }
}

async fn asked(slug: String, name: String, action: Action) -> Result<(), CallError> {
    let wish = |word: &str| StateChange { state: word.into(), ..StateChange::default() };
    match action {
        Action::Start => change_state(slug, name, wish("process_start")).await,
        Action::Stop => change_state(slug, name, wish("process_stop")).await,
        Action::Restart => change_state(slug, name, wish("process_restart")).await,
        _ => retry_service(slug, name).await,
    }
}

/// Cause, evidence and next action, while there is trouble.
#[component]
pub fn Trouble(state: State, name: String, evidence: Option<String>) -> impl IntoView {
    let retry = state.allows(Action::Retry).reason().is_none();
    words::trouble(state).map(|cause| {
        let tone = words::tone(state);
        if retry {
            let presses = vec![Press::new(state, Action::Retry, "try-again", "Try again")];
            view! {
                <Notice tone cause evidence=evidence>
                    <Presses slug=workspace() name presses />
                </Notice>
            }
            .into_any()
        } else {
            view! { <Notice tone cause evidence=evidence /> }.into_any()
        }
    })
}
