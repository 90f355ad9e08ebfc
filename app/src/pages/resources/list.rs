//! `/w/{workspace}/resources`

use contract::{event::EventKind, page::PageRequest};
use leptos::prelude::*;

use crate::{
    calls::resources::list_resources,
    components::{Fill, Page, PageHead},
    live::Topic,
    pages::workspace,
    ui::{Crumb, EmptyState, Notice, Tone},
};

#[component]
pub fn Resources() -> impl IntoView {
    let live = vec![Topic::Every(EventKind::Resource), Topic::Every(EventKind::Service)];
    let slug = workspace();
    view! {
        <Page title="Resources" crumbs=vec![Crumb::here("Resources")] live>
            <PageHead title="Resources" below=|| view! { <p>"Pools of memory, disk and CPU that services are placed on."</p> } />
            {Suspend::new(async move {
                match list_resources(slug, PageRequest::whole()).await {
                    Ok(pools) if pools.items.is_empty() => {
                        view! {
                            <EmptyState
                                title="No resources"
                                text="There is nothing to place a service on, or nothing that is open to you."
                            />
                        }
                            .into_any()
                    }
                    Ok(pools) => {
                        view! {
                            <div class="grid gap-4.5 lg:grid-cols-2">
                                {pools.items.into_iter().map(|pool| view! { <Fill pool link=true /> }).collect_view()}
                            </div>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! { <Notice tone=Tone::Bad cause="The resources can't be shown." evidence=Some(error.to_string()) /> }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}
