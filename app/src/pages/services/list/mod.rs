//! `/w/{workspace}/services`

mod filter;
mod rows;

use std::collections::HashMap;

use contract::{
    Service,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    permission::Permission,
    service::ServiceFilter,
};
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use uuid::Uuid;

use self::{filter::Filter, rows::Rows};
use crate::{
    calls::{projects::list_projects, resources::list_resources, services::list_services},
    components::{Page, PageHead, Refusal, words},
    live::{self, Fetched},
    pages::workspace,
    paths::{self, ServicesQuery},
    ui::{Button, ButtonLink, Card, Crumb, EmptyState, Kind, Skeleton, lu},
    viewer,
};

pub struct ListRoute;

#[lazy_route]
impl LazyRoute for ListRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <List /> }.into_any()
    }
}

/// Names of projects and resources: as many as one page of them has.
const NAMES: &str = "200";

/// What people call the things that services name by their ids.
type Names = HashMap<Uuid, String>;

/// The query of the address; a state that is none filters nothing.
fn wanted() -> ServicesQuery {
    use_query_map().with(|query| {
        let text = |key| query.get(key).unwrap_or_default();
        let state = text("state");
        let state = if state.parse::<contract::State>().is_ok() { state } else { String::new() };
        ServicesQuery { q: text("q"), state, cursor: text("cursor"), trail: text("trail") }
    })
}

#[component]
fn List() -> impl IntoView {
    let slug = workspace();
    let wanted = Memo::new(|_| wanted());
    let services = {
        let slug = slug.clone();
        live::resource(
            &[EventKind::Service],
            move || wanted.get(),
            move |wanted| {
                let filter = ServiceFilter {
                    state: wanted.state.parse().ok(),
                    q: Some(wanted.q).filter(|q| !q.is_empty()),
                    ..ServiceFilter::default()
                };
                let cursor = Some(wanted.cursor).filter(|cursor| !cursor.is_empty());
                list_services(slug.clone(), filter, PageRequest { limit: None, cursor })
            },
        )
    };
    let names = names(&slug);
    let refused = viewer::lacks(Permission::ServicesManage);
    let new = paths::new_service(&slug);
    view! {
        <Page title="Services" crumbs=vec![Crumb::here("Services")]>
            <Transition fallback=|| view! { <Skeleton size="h-64 w-full" /> }>
                <Loaded services names wanted new refused />
            </Transition>
        </Page>
    }
}

/// The names of all projects and resources that the viewer can see; empty where he may see none.
fn names(slug: &str) -> Fetched<Names> {
    let slug = slug.to_owned();
    live::resource(
        &[EventKind::Project, EventKind::Resource],
        || (),
        move |()| {
            let slug = slug.clone();
            async move {
                let page = PageRequest { limit: Some(NAMES.to_owned()), cursor: None };
                let mut names = Names::new();
                if let Ok(projects) = list_projects(slug.clone(), page.clone()).await {
                    names.extend(projects.items.into_iter().map(|project| (project.uuid, project.name)));
                }
                if let Ok(pools) = list_resources(slug, page).await {
                    names.extend(pools.items.into_iter().map(|pool| (pool.uuid, pool.label)));
                }
                Ok(names)
            }
        },
    )
}

#[component]
fn Loaded(
    services: Fetched<Slice<Service>>,
    names: Fetched<Names>,
    wanted: Memo<ServicesQuery>,
    new: String,
    refused: Option<String>,
) -> impl IntoView {
    let names = Memo::new(move |_| names.get().and_then(Result::ok).unwrap_or_default());
    let error = Signal::derive(move || services.get().and_then(Result::err));
    let slice = Memo::new(move |before: Option<&Option<Slice<Service>>>| match services.get() {
        Some(Ok(slice)) => Some(slice),
        // what was shown stays while something can't be fetched anew
        _ => before.cloned().flatten(),
    });
    let items =
        Memo::new(move |_| slice.with(|slice| slice.as_ref().map(|slice| slice.items.clone()).unwrap_or_default()));
    let whole = Memo::new(move |_| {
        let all = wanted.with(|wanted| *wanted == ServicesQuery::default());
        all && slice.with(|slice| slice.as_ref().is_some_and(|slice| slice.next.is_none()))
    });
    let nothing = Memo::new(move |_| slice.with(|slice| slice.as_ref().is_some_and(|slice| slice.items.is_empty())));
    let nothing_at_all = Memo::new(move |_| nothing.get() && whole.get());
    // nothing is counted but what is shown
    let summary = move || {
        let shown = items.with(Vec::len);
        let filtered = wanted.with(|wanted| !(wanted.q.is_empty() && wanted.state.is_empty()));
        if whole.get() {
            items.with(|items| words::attention(items.iter().map(|service| service.state)))
        } else if filtered {
            format!("{} that match.", if shown == 0 { "None".to_owned() } else { shown.to_string() })
        } else {
            format!("{shown} shown.")
        }
    };
    let may_create = refused.is_none();
    view! {
        <PageHead title="Services" below=move || view! { <p>{summary}</p> }>
            {match refused {
                None => {
                    view! {
                        <ButtonLink href=new kind=Kind::Primary icon=lu::LuPlus>
                            "Create service"
                        </ButtonLink>
                    }
                        .into_any()
                }
                Some(why) => {
                    view! {
                        <Button id="create" kind=Kind::Primary icon=lu::LuPlus refused=Signal::stored(Some(why)) quiet=true>
                            "Create service"
                        </Button>
                    }
                        .into_any()
                }
            }}
        </PageHead>
        <div class="mb-4 empty:hidden">
            <Refusal cause="The services can't be shown." error />
        </div>
        <Show when=move || !nothing_at_all.get() fallback=move || view! { <Nothing may_create /> }>
            <Card>
                <Filter wanted />
                <Show when=move || !nothing.get() fallback=|| view! { <NoneMatches /> }>
                    <Rows items names />
                </Show>
            </Card>
            <Pages slice wanted />
        </Show>
    }
}

#[component]
fn Nothing(may_create: bool) -> impl IntoView {
    let new = paths::new_service(&workspace());
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
fn Pages(slice: Memo<Option<Slice<Service>>>, wanted: Memo<ServicesQuery>) -> impl IntoView {
    let slug = workspace();
    let newer = {
        let slug = slug.clone();
        move || {
            let wanted = wanted.get();
            let (trail, cursor) = wanted.trail.rsplit_once('.').unwrap_or(("", &wanted.trail));
            let before = ServicesQuery { cursor: cursor.to_owned(), trail: trail.to_owned(), ..wanted.clone() };
            (!wanted.cursor.is_empty()).then(|| before.path(&slug))
        }
    };
    let older = move || {
        let next = slice.with(|slice| slice.as_ref().and_then(|slice| slice.next.clone()))?;
        let wanted = wanted.get();
        let trail = match (wanted.trail.as_str(), wanted.cursor.as_str()) {
            ("", cursor) => cursor.to_owned(),
            (trail, cursor) => format!("{trail}.{cursor}"),
        };
        Some(ServicesQuery { cursor: next, trail, ..wanted }.path(&slug))
    };
    let link = |href: String, word: &'static str| view! { <ButtonLink href small=true>{word}</ButtonLink> };
    view! {
        <nav aria-label="Pages" class="mt-4 flex justify-end gap-2 empty:hidden">
            {move || newer().map(|href| link(href, "Newer"))} {move || older().map(|href| link(href, "Older"))}
        </nav>
    }
}
