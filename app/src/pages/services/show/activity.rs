use contract::{audit::AuditFilter, operation::Operation, page::PageRequest, permission::Permission};
use leptos::prelude::*;
use uuid::Uuid;

use super::progress::steps;
use crate::{
    calls::{activity::list_audit, services::list_operations},
    components::{AuditRows, audit_title, words},
    pages::workspace,
    ui::{Card, CardHead, Notice, RelativeTime, Timeline, Tone},
    viewer,
};

/// What was done with the service, newest first, each with its steps; and by whom, credentials shown included.
#[component]
pub fn Activity(name: String, service: Uuid) -> impl IntoView {
    view! {
        <div class="grid items-start gap-4.5 lg:grid-cols-2">
            <Done name />
            <By service />
        </div>
    }
}

#[component]
fn Done(name: String) -> impl IntoView {
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
            Err(error) => refused("What was done can't be shown.", error.to_string()),
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
fn By(service: Uuid) -> impl IntoView {
    let slug = workspace();
    let sees_all = viewer::lacks(Permission::WorkspaceSecurity).is_none();
    let found = Suspend::new(async move {
        match list_audit(slug, AuditFilter { entity_id: Some(service) }, PageRequest::default()).await {
            Ok(page) if page.items.is_empty() => {
                view! { <p class="px-4 py-8 text-center text-ink-2">"Nothing that you may see."</p> }.into_any()
            }
            Ok(page) => view! { <AuditRows entries=page.items /> }.into_any(),
            Err(error) => refused("Who did it can't be shown.", error.to_string()),
        }
    });
    view! {
        <Card>
            <CardHead title=audit_title(sees_all)>{(!sees_all).then_some("admins see what everybody did")}</CardHead>
            {found}
        </Card>
    }
}

fn refused(cause: &'static str, evidence: String) -> AnyView {
    view! { <div class="p-4"><Notice tone=Tone::Bad cause evidence=Some(evidence) /></div> }.into_any()
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
