//! `/w/{workspace}/services`

mod filter;

use contract::{
    Service,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    permission::Permission,
    service::ServiceFilter,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::filter::Filter;
use crate::{
    calls::{CallError, services::list_services},
    components::{CreateService, Names, Page, PageHead, ServiceRows, names, words},
    live::Topic,
    pages::workspace,
    paths::{self, ServicesQuery},
    ui::{ButtonLink, Card, Crumb, EmptyState, Kind, Notice, Tone},
    viewer,
};

/// The query of the address; a state that is none filters nothing.
fn wanted() -> ServicesQuery {
    use_query_map().with_untracked(|query| {
        let text = |key| query.get(key).unwrap_or_default();
        let state = text("state");
        let state = if state.parse::<contract::State>().is_ok() { state } else { String::new() };
        ServicesQuery { q: text("q"), state, cursor: text("cursor"), trail: text("trail") }
    })
}

#[component]
pub fn List() -> impl IntoView {
    let live = EventKind::ALL.iter().copied().map(Topic::Every).collect::<Vec<_>>();
    let (slug, wanted) = (workspace(), wanted());
    view! {
        <Page title="Services" crumbs=vec![Crumb::here("Services")] live>
            {Suspend::new(async move {
                let (services, names) = futures::join!(found(slug.clone(), wanted.clone()), names(slug));
                match services {
                    Ok(slice) => view! { <Found slice names wanted /> }.into_any(),
                    Err(error) => {
                        view! {
                            <Head summary=String::new() />
                            <Notice tone=Tone::Bad cause="The services can't be shown." evidence=Some(error.to_string()) />
                        }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}

async fn found(slug: String, wanted: ServicesQuery) -> Result<Slice<Service>, CallError> {
    let filter = ServiceFilter {
        state: wanted.state.parse().ok(),
        q: Some(wanted.q).filter(|q| !q.is_empty()),
        ..ServiceFilter::default()
    };
    let cursor = Some(wanted.cursor).filter(|cursor| !cursor.is_empty());
    list_services(slug, filter, PageRequest { limit: None, cursor }).await
}

#[component]
fn Head(summary: String) -> impl IntoView {
    view! {
        <PageHead title="Services" below=move || view! { <p>{summary.clone()}</p> }>
            <CreateService />
        </PageHead>
    }
}

#[component]
fn Found(slice: Slice<Service>, names: Names, wanted: ServicesQuery) -> impl IntoView {
    let Slice { items, next } = slice;
    let whole = wanted == ServicesQuery::default() && next.is_none();
    // nothing is counted but what is shown
    let summary = match items.len() {
        _ if whole => words::attention(items.iter().map(|service| service.state)),
        0 if wanted.filters() => "None that match.".to_owned(),
        shown if wanted.filters() => format!("{shown} that match."),
        shown => format!("{shown} shown."),
    };
    let nothing = items.is_empty();
    view! {
        <Head summary />
        {if nothing && whole {
            view! { <Nothing /> }.into_any()
        } else {
            let filter = wanted.clone();
            view! {
                <Card>
                    <Filter wanted=filter />
                    {if nothing { view! { <NoneMatches /> }.into_any() } else { view! { <ServiceRows items names /> }.into_any() }}
                </Card>
                <Pages next wanted />
            }
                .into_any()
        }}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let new = paths::new_service(&workspace());
    let may_create = viewer::lacks(Permission::ServicesManage).is_none();
    view! {
        <EmptyState
            title="No services yet"
            text="A service is a database of its own, reachable by every app of its project. The first one takes less than a minute."
        >
            {may_create.then(|| view! { <ButtonLink href=new>"Create a service"</ButtonLink> })}
        </EmptyState>
    }
}

#[component]
fn NoneMatches() -> impl IntoView {
    let everything = paths::services(&workspace());
    view! {
        <p class="px-4 py-10 text-center text-ink-2">
            "No service matches. " <ButtonLink href=everything kind=Kind::Link>"Show all services"</ButtonLink>
        </p>
    }
}

/// The way to older services and back.
#[component]
fn Pages(next: Option<String>, wanted: ServicesQuery) -> impl IntoView {
    let slug = workspace();
    let link = |to: ServicesQuery, word: &'static str| view! { <ButtonLink href=to.path(&slug) small=true>{word}</ButtonLink> };
    view! {
        <nav aria-label="Pages" class="mt-4 flex justify-end gap-2 empty:hidden">
            {wanted.newer().map(|to| link(to, "Newer"))} {next.map(|next| link(wanted.older(next), "Older"))}
        </nav>
    }
}
