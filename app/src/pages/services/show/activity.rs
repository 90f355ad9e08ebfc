use contract::{operation::Operation, page::PageRequest};
use leptos::prelude::*;

use super::progress::steps;
use crate::{
    calls::services::list_operations,
    components::words,
    pages::workspace,
    ui::{Card, CardHead, Notice, RelativeTime, Timeline, Tone},
};

/// What was done with the service, newest first, each with its steps.
#[component]
pub fn Activity(name: String) -> impl IntoView {
    let slug = workspace();
    let found = Suspend::new(async move {
        match list_operations(slug, name, PageRequest::default()).await {
            Ok(operations) => {
                let items = operations.into_iter().flat_map(|page| page.items);
                items
                    .enumerate()
                    .map(|(at, operation)| view! { <Entry operation open={at == 0} /> })
                    .collect_view()
                    .into_any()
            }
            Err(error) => {
                let evidence = Some(error.to_string());
                view! { <div class="p-4"><Notice tone=Tone::Bad cause="What was done can't be shown." evidence /></div> }.into_any()
            }
        }
    });
    view! {
        <Card>
            <CardHead title="What was done" />
            {found}
        </Card>
    }
}

#[component]
fn Entry(operation: Operation, open: bool) -> impl IntoView {
    let id = format!("operation-{}", operation.summary.uuid);
    let words = words::operation(&operation);
    let error = operation.summary.error.clone();
    view! {
        <details id=id open=open class="group border-b border-line last:border-b-0">
            <summary class="flex flex-wrap items-baseline gap-x-3 px-4 py-3 hover:bg-sunk/60">
                <span class="font-medium">{words}</span>
                <span class="min-w-0 text-bad [overflow-wrap:anywhere]">{error}</span>
                <span class="ml-auto text-sm text-ink-3"><RelativeTime at=operation.created_at /></span>
            </summary>
            <div class="px-4 pt-1 pb-4">
                <Timeline steps=steps(&operation) />
            </div>
        </details>
    }
}
