use contract::{Action, Service, State, change::StateChange, permission::Permission};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    calls::{
        CallError,
        services::{change_state, retry_service},
    },
    components::words,
    live::{Changes, use_changes},
    pages::workspace,
    ui::{Button, Kind, Notice, Tone},
    viewer,
};

/// Why a button can't be pressed: the state, by the one table that the API asks, too, or the viewer's role.
fn refused(service: Memo<Service>, action: Action, permission: Permission) -> Signal<Option<String>> {
    let lacks = viewer::lacks(permission);
    let state = Memo::new(move |_| service.with(|service| service.state));
    Signal::derive(move || lacks.clone().or_else(|| state.get().allows(action).reason().map(str::to_owned)))
}

/// Asks for it, and fetches at once what has come of it.
fn ask(
    service: Memo<Service>,
    action: Action,
    busy: RwSignal<Option<Action>>,
    failed: RwSignal<Option<CallError>>,
    changes: Changes,
    slug: String,
) {
    if busy.get_untracked().is_some() {
        return;
    }
    busy.set(Some(action));
    failed.set(None);
    let name = service.with_untracked(|service| service.name.clone());
    spawn_local(async move {
        let wish = |word: &str| StateChange { state: word.into(), ..StateChange::default() };
        let answer = match action {
            Action::Start => change_state(slug, name, wish("process_start")).await,
            Action::Stop => change_state(slug, name, wish("process_stop")).await,
            Action::Restart => change_state(slug, name, wish("process_restart")).await,
            _ => retry_service(slug, name).await,
        };
        let _ = busy.try_set(None);
        match answer {
            Ok(_) => changes.all(),
            Err(error) => {
                let _ = failed.try_set(Some(error));
            }
        }
    });
}

#[component]
pub fn Actions(service: Memo<Service>, failed: RwSignal<Option<CallError>>, removing: RwSignal<bool>) -> impl IntoView {
    let busy = RwSignal::new(None);
    let button = |action: Action, id: &'static str, word: &'static str| {
        view! { <Press service failed busy action id word /> }
    };
    let delete_refused = refused(service, Action::Delete, Permission::ServicesManage);
    view! {
        {button(Action::Start, "start", "Start")}
        {button(Action::Stop, "stop", "Stop")}
        {button(Action::Restart, "restart", "Restart")}
        {button(Action::Retry, "retry", "Retry")}
        <Button id="delete" kind=Kind::Danger quiet=true refused=delete_refused on_press=Callback::new(move |_| removing.set(true))>
            "Delete"
        </Button>
    }
}

#[component]
fn Press(
    service: Memo<Service>,
    failed: RwSignal<Option<CallError>>,
    busy: RwSignal<Option<Action>>,
    action: Action,
    id: &'static str,
    word: &'static str,
) -> impl IntoView {
    let (slug, changes) = (workspace(), use_changes());
    let refused = refused(service, action, Permission::ServicesOperate);
    let on_press = Callback::new(move |_| ask(service, action, busy, failed, changes, slug.clone()));
    view! {
        <Button id quiet=true refused busy=Signal::derive(move || busy.get() == Some(action)) on_press>
            {word}
        </Button>
    }
}

/// Cause, evidence and next action, while there is trouble.
#[component]
pub fn Trouble(service: Memo<Service>, failed: RwSignal<Option<CallError>>) -> impl IntoView {
    let busy = RwSignal::new(None);
    let state = Memo::new(move |_| service.with(|service| service.state));
    let evidence = Signal::derive(move || service.with(|service| service.state_reason.clone()));
    move || {
        let state = state.get();
        let cause = words::trouble(state)?;
        let tone = words::tone(state);
        Some(if state.allows(Action::Retry).reason().is_none() {
            view! {
                <Notice tone cause evidence>
                    <Press service failed busy action=Action::Retry id="try-again" word="Try again" />
                </Notice>
            }
            .into_any()
        } else {
            view! { <Notice tone cause evidence /> }.into_any()
        })
    }
}

/// What a service waits for, while it is on the way and says so.
#[component]
pub fn Waiting(service: Memo<Service>) -> impl IntoView {
    let words = Memo::new(move |_| {
        service.with(|service| {
            let on_the_way = service.state.is_moving() || service.state == State::Stopped;
            service.state_reason.clone().filter(|_| on_the_way)
        })
    });
    move || words.get().map(|words| view! { <Notice tone=Tone::Idle cause=words /> })
}
