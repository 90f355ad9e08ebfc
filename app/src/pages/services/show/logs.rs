use contract::{
    log::{LogFilter, LogLines},
    permission::Permission,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    calls::services::service_log,
    components::words,
    pages::workspace,
    paths,
    ui::{Card, INPUT, Notice, Tone},
    viewer,
};

/// Lines that are shown: what is older is found by searching.
const SHOWN: u16 = 500;

/// What its server logged, followed as it grows: the newest line stands last.
#[component]
pub fn Logs(name: String) -> impl IntoView {
    if let Some(why) = viewer::lacks(Permission::ServicesReveal) {
        let evidence = Some("What a server logs repeats what its clients sent.".to_owned());
        return view! { <Notice tone=Tone::Idle cause=format!("{why}.") evidence /> }.into_any();
    }
    let slug = workspace();
    let q = use_query_map().with_untracked(|query| query.get("q").unwrap_or_default());
    let (action, asked) = (paths::service_logs(&slug, &name), q.clone());
    let lines = Suspend::new(async move {
        let filter = LogFilter { q: asked.clone(), lines: SHOWN };
        match service_log(slug, name, filter).await {
            Ok(found) => view! { <Lines found asked /> }.into_any(),
            Err(error) => {
                view! { <div class="p-4"><Notice tone=Tone::Bad cause="The log can't be shown." evidence=Some(error.to_string()) /></div> }
                    .into_any()
            }
        }
    });
    view! {
        <Card>
            <form method="get" action=action role="search" data-instant class="border-b border-line p-2.5 sm:px-4">
                <input
                    type="search"
                    name="q"
                    id="log-q"
                    value=q
                    aria-label="Search the log"
                    placeholder="Search the log"
                    autocomplete="off"
                    class=format!("{INPUT} sm:max-w-80")
                />
            </form>
            {lines}
            <p class="border-t border-line px-4 py-2 text-sm text-ink-3">
                "Times are UTC. About a week is kept. Statements of clients and this service's password are left out."
            </p>
        </Card>
    }
    .into_any()
}

#[component]
fn Lines(found: LogLines, asked: String) -> impl IntoView {
    if found.lines.is_empty() {
        let words = if asked.is_empty() { "Its server has logged nothing yet." } else { "No line holds that." };
        return view! { <p class="px-4 py-10 text-center text-ink-2">{words}</p> }.into_any();
    }
    let count = words::number(found.lines.len() as f64);
    let which = if asked.is_empty() { " lines. Search for older ones." } else { " lines that match." };
    let older = found.more.then(|| view! { <p class="px-4 pt-2 text-sm text-ink-3">"The newest " {count} {which}</p> });
    let line = |line: String| {
        let ink = severity(&line).map_or("", Tone::ink);
        view! { <span class=format!("block px-4 hover:bg-sunk {ink}")>{line}</span> }
    };
    view! {
        {older}
        <pre
            id="log-lines"
            data-tail
            tabindex="0"
            role="log"
            aria-live="off"
            aria-label="Log lines"
            class="max-h-[65vh] min-h-40 overflow-auto py-2 font-mono text-xs leading-[1.6] max-sm:[overflow-wrap:anywhere] max-sm:whitespace-pre-wrap"
        >
            {found.lines.into_iter().map(line).collect_view()}
        </pre>
    }
    .into_any()
}

/// How grave a line is, by PostgreSQL's own word for it.
fn severity(line: &str) -> Option<Tone> {
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if says(&["FATAL:  ", "PANIC:  ", "ERROR:  "]) {
        Some(Tone::Bad)
    } else {
        says(&["WARNING:  "]).then_some(Tone::Warn)
    }
}
