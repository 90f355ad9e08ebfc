use contract::{Action, State, log::LogFilter, permission::Permission, spec::ServiceType};
use leptos::prelude::*;

use super::press::PressForm;
use crate::{
    calls::services::service_log,
    components::words,
    pages::workspace,
    paths,
    ui::{Button, Notice, Tone},
    viewer,
};

/// What stands in the head, where the type has it.
const HEAD: [(Action, &str, &str); 4] = [
    (Action::Start, "start", "Start"),
    (Action::Stop, "stop", "Stop"),
    (Action::Restart, "restart", "Restart"),
    (Action::Retry, "retry", "Retry"),
];
/// Log lines that stand beside a cause.
const EVIDENCE: u16 = 5;

/// Why a button can't be pressed: the viewer's role, or the state, by the one table that the API asks, too.
pub fn refused(state: State, action: Action, permission: Permission) -> Option<String> {
    viewer::lacks(permission).or_else(|| state.allows(action).reason().map(str::to_owned))
}

#[component]
fn Press(state: State, name: String, action: Action, id: &'static str, word: &'static str) -> impl IntoView {
    let refused = refused(state, action, Permission::ServicesOperate);
    view! {
        <PressForm slug=workspace() name action>
            <Button id submit=true quiet=true refused=Signal::stored(refused)>
                {word}
            </Button>
        </PressForm>
    }
}

#[component]
pub fn HeadActions(state: State, name: String, kind: ServiceType) -> impl IntoView {
    let its = HEAD.into_iter().filter(|(action, ..)| action.is_of(kind));
    its.map(|(action, id, word)| view! { <Press state name=name.clone() action id word /> }).collect_view()
}

/// Cause, evidence and next action, while there is trouble; and the server's own last words.
#[component]
pub fn Trouble(state: State, name: String, evidence: Option<String>, is_database: bool) -> impl IntoView {
    let retry = state.allows(Action::Retry).reason().is_none();
    words::trouble(state).map(|cause| {
        // said once is enough
        let evidence = evidence.filter(|words| words.trim_end_matches('.') != cause.trim_end_matches('.'));
        let tone = words::tone(state);
        let last = is_database.then(|| view! { <LastWords name=name.clone() /> });
        let notice = if retry {
            view! {
                <Notice tone cause evidence=evidence>
                    <Press state name action=Action::Retry id="try-again" word="Try again" />
                </Notice>
            }
            .into_any()
        } else {
            view! { <Notice tone cause evidence=evidence /> }.into_any()
        };
        view! {
            {notice}
            {last}
        }
    })
}

#[component]
fn LastWords(name: String) -> impl IntoView {
    let slug = workspace();
    Suspend::new(async move {
        let logs = paths::service_logs(&slug, &name);
        let found = service_log(slug, name, LogFilter::newest(EVIDENCE)).await.ok()?;
        (!found.lines.is_empty()).then(|| {
            view! {
                <section aria-label="The server's last words" class="min-w-0 rounded-md border border-line bg-sunk">
                    <pre class="overflow-x-auto px-3.5 py-2.5 font-mono text-xs leading-[1.6]" tabindex="0">{found.lines.join("\n")}</pre>
                    <p class="border-t border-line px-3.5 py-2 text-sm"><a href=logs class="text-accent underline-offset-2 hover:underline">"All of its log"</a></p>
                </section>
            }
        })
    })
}

/// "Nothing has happened for 3 minutes": what is under way, and seems not to go on.
#[component]
pub fn Stuck(idle_ms: Option<u64>, is_database: bool) -> impl IntoView {
    /// No step takes so long here that nothing of it would be told.
    const LONG: u64 = 60_000;
    idle_ms.filter(|idle| *idle >= LONG).map(|idle| {
        let cause = format!("Nothing has happened for {}.", words::minutes(idle));
        let log = if is_database { " The log may know more." } else { "" };
        let evidence = format!("Berth keeps trying, and says here what it waits for.{log}");
        view! { <Notice tone=Tone::Warn cause evidence=Some(evidence) /> }
    })
}
