use contract::State;
use leptos::prelude::*;

use crate::{
    pages::workspace,
    paths::{self, ServicesQuery},
    ui::{Choice, Select, TextField},
};

const WITHOUT_SCRIPT: &str = r#"<button type="submit" class="h-9 rounded-sm border border-line-strong bg-card px-[13px] font-medium">Search</button>"#;

/// Search and state: a plain form of the address, which `frontend/page/forms.ts` answers while one types.
#[component]
pub fn Filter(wanted: ServicesQuery) -> impl IntoView {
    let states = std::iter::once(Choice::new("", "Any state"))
        .chain(State::ALL.iter().map(|state| Choice::new(state.as_str(), state.as_str())))
        .collect::<Vec<_>>();
    let (q, state) = (RwSignal::new(wanted.q), RwSignal::new(wanted.state));
    view! {
        <form
            role="search"
            method="get"
            action=paths::services(&workspace())
            data-instant
            class="flex flex-wrap items-end gap-2 border-b border-line px-4 py-2.5"
        >
            <div class="min-w-0 flex-1 basis-48 sm:max-w-72">
                <TextField name="q" label="Search" kind="search" value=q placeholder="Search by label or name" hide_label=true />
            </div>
            <div class="basis-40">
                <Select name="state" label="State" value=state options=states hide_label=true />
            </div>
            <noscript inner_html=WITHOUT_SCRIPT></noscript>
        </form>
    }
}
