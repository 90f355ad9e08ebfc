use std::time::Duration;

use contract::State;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    pages::workspace,
    paths::{self, ServicesQuery},
    ui::{Choice, Select, TextField},
};

/// Between the last letter and the search for it.
const PAUSE: Duration = Duration::from_millis(250);

const WITHOUT_SCRIPT: &str = r#"<button type="submit" class="h-9 rounded-sm border border-line-strong bg-card px-[13px] font-medium">Search</button>"#;

/// Search and state: a plain form of the address without script, and with it answered while one types.
#[component]
pub fn Filter(wanted: Memo<ServicesQuery>) -> impl IntoView {
    let slug = workspace();
    let (q, state) = wanted.with_untracked(|wanted| (wanted.q.clone(), wanted.state.clone()));
    let (q, state) = (RwSignal::new(q), RwSignal::new(state));
    let action = paths::services(&slug);
    let navigate = use_navigate();
    let go = Callback::new(move |()| {
        let asked = ServicesQuery {
            q: q.get_untracked().trim().to_owned(),
            state: state.get_untracked(),
            ..ServicesQuery::default()
        };
        let shown = wanted.get_untracked();
        if (&asked.q, &asked.state) != (&shown.q, &shown.state) {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&asked.path(&slug), options);
        }
    });
    // The address leads: back and forward change the fields.
    Effect::new(move |first: Option<()>| {
        let shown = wanted.get();
        if first.is_some() {
            if q.with_untracked(|q| q.trim() != shown.q) {
                q.set(shown.q);
            }
            state.set(shown.state);
        }
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let wait_no_more = move || {
        if let Some(waiting) = waiting.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    };
    on_cleanup(wait_no_more);
    Effect::new(move |first: Option<()>| {
        q.track();
        state.track();
        wait_no_more();
        if first.is_some() {
            waiting.set_value(set_timeout_with_handle(move || go.run(()), PAUSE).ok());
        }
    });
    let states = std::iter::once(Choice::new("", "Any state"))
        .chain(State::ALL.iter().map(|state| Choice::new(state.as_str(), state.as_str())))
        .collect::<Vec<_>>();
    view! {
        <form
            role="search"
            method="get"
            action=action
            class="flex flex-wrap items-end gap-2 border-b border-line px-4 py-2.5"
            on:submit=move |event| {
                event.prevent_default();
                go.run(());
            }
        >
            <div class="min-w-0 flex-1 basis-48 sm:max-w-72">
                <TextField name="q" label="Search" kind="search" value=q placeholder="Search by label or name" hide_label=true />
            </div>
            <div class="basis-40">
                <Select name="state" label="State" value=state options=states hide_label=true />
            </div>
            // as text: a browser with script reads no elements in it, and hydration would look for them
            <noscript inner_html=WITHOUT_SCRIPT></noscript>
        </form>
    }
}
