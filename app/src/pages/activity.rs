//! `/w/{workspace}/activity`: who did what, as much of it as the viewer may see.

use contract::{audit::AuditFilter, event::EventKind, page::PageRequest, permission::Permission};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    calls::activity::list_audit,
    components::{AuditRows, Page, PageHead, audit_title},
    live::Topic,
    pages::workspace,
    paths,
    ui::{ButtonLink, Card, CardHead, Crumb, EmptyState, Notice, Tone},
    viewer,
};

#[component]
pub fn Activity() -> impl IntoView {
    let slug = workspace();
    let cursor = use_query_map().with_untracked(|query| query.get("cursor"));
    let sees_all = viewer::lacks(Permission::WorkspaceSecurity).is_none();
    let live = EventKind::ALL.iter().copied().map(Topic::Every).collect::<Vec<_>>();
    let about = if sees_all {
        "Everything that was done in this workspace, and who looked at which secret."
    } else {
        "What you did in this workspace. Admins see what everybody did."
    };
    view! {
        <Page title="Activity" crumbs=vec![Crumb::here("Activity")] live>
            <PageHead title="Activity" below=move || view! { <p>{about}</p> } />
            {Suspend::new(async move {
                let page = PageRequest { limit: None, cursor: cursor.clone() };
                match list_audit(slug.clone(), AuditFilter::default(), page).await {
                    Ok(page) if page.items.is_empty() && cursor.is_none() => {
                        view! { <EmptyState title="Nothing yet" text="What people do here is written down here." /> }.into_any()
                    }
                    Ok(page) => {
                        let newest = cursor.map(|_| view! { <ButtonLink href=paths::activity(&slug, None) small=true>"Newest"</ButtonLink> });
                        let older = page
                            .next
                            .map(|next| {
                                view! { <ButtonLink href=paths::activity(&slug, Some(&next)) small=true>"Older"</ButtonLink> }
                            });
                        view! {
                            <Card>
                                <CardHead title=audit_title(sees_all) />
                                <AuditRows entries=page.items named=true />
                            </Card>
                            <nav aria-label="Pages" class="mt-4 flex justify-end gap-2 empty:hidden">{newest} {older}</nav>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! { <Notice tone=Tone::Bad cause="The activity can't be shown." evidence=Some(error.to_string()) /> }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}
