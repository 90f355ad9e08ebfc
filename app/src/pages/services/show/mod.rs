//! `/w/{workspace}/services/{name}`

mod actions;
mod connect;
mod facts;
mod lines;
mod progress;
mod remove;
mod reveal;

use contract::{
    Capabilities, Service,
    event::EventKind,
    operation::Operation,
    page::{Page as Slice, PageRequest},
    project::Project,
};
use leptos::prelude::*;
use leptos_router::{
    LazyRoute, NavigateOptions,
    hooks::{use_navigate, use_params_map},
    lazy_route,
};
use uuid::Uuid;

use self::{
    actions::{Actions, Trouble},
    connect::Connect,
    facts::Facts,
    progress::Progress,
    remove::Remove,
};
use crate::{
    calls::{
        CallError,
        installation::get_capabilities,
        projects::list_projects,
        services::{get_service, list_operations},
    },
    components::{NotHere, Page, PageHead, Refusal, StateBadge, words},
    live::{self, Fetched},
    pages::workspace,
    paths,
    ui::{Crumb, RelativeTime, Skeleton, Tone, use_toasts},
};

pub struct ShowRoute;

#[lazy_route]
impl LazyRoute for ShowRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <Show_ /> }.into_any()
    }
}

/// Everything that the page shows, fetched side by side.
#[derive(Clone, Copy)]
struct Sources {
    service: Fetched<Option<Service>>,
    operations: Fetched<Option<Slice<Operation>>>,
    projects: Fetched<Slice<Project>>,
    can: Fetched<Capabilities>,
}

impl Sources {
    fn new(slug: &str, name: Memo<String>) -> Self {
        let slug = StoredValue::new(slug.to_owned());
        let slug = move || slug.get_value();
        let last = || PageRequest { limit: Some("1".to_owned()), cursor: None };
        let whole = || PageRequest { limit: Some(PageRequest::MAX_LIMIT.to_string()), cursor: None };
        Self {
            service: live::resource(&[EventKind::Service], move || name.get(), move |name| get_service(slug(), name)),
            operations: live::resource(
                &[EventKind::Service],
                move || name.get(),
                move |name| list_operations(slug(), name, last()),
            ),
            projects: live::resource(&[EventKind::Project], || (), move |()| list_projects(slug(), whole())),
            can: live::once(move || get_capabilities(slug())),
        }
    }

    /// The name of a project; its id says nothing to people.
    fn project(self, id: Uuid) -> Option<String> {
        let projects = self.projects.get()?.ok()?;
        projects.items.into_iter().find(|project| project.uuid == id).map(|project| project.name)
    }

    /// The last thing that was done or is being done.
    fn operation(self) -> Option<Operation> {
        self.operations.get()?.ok()??.items.into_iter().next()
    }

    fn advisory(self) -> Option<String> {
        self.can.get()?.ok()?.advisory
    }
}

/// What the page is about; it is drawn anew only where this changes.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Service { id: Uuid, name: String, label: String },
    Nothing,
    Refused(CallError),
}

#[component]
fn Show_() -> impl IntoView {
    let slug = workspace();
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("name").unwrap_or_default()));
    let sources = Sources::new(&slug, name);
    leave_when_gone(sources.service, name, slug);
    view! {
        <Transition fallback=move || view! { <Loading name=name.get_untracked() /> }>
            <Loaded sources name />
        </Transition>
    }
}

/// While a service that was linked to is on its way.
#[component]
fn Loading(name: String) -> impl IntoView {
    let crumbs = vec![Crumb::to("Services", paths::services(&workspace())), Crumb::here(name.clone())];
    view! {
        <Page title=format!("{name} · Services") crumbs>
            <PageHead title=name />
            <Skeleton size="h-96 w-full" />
        </Page>
    }
}

/// To the list, once a service that was shown isn't there any more.
fn leave_when_gone(service: Fetched<Option<Service>>, name: Memo<String>, slug: String) {
    let navigate = use_navigate();
    let toasts = use_toasts();
    Effect::new(move |seen: Option<Option<(String, String)>>| match service.get() {
        Some(Ok(Some(service))) => Some((service.name, service.label)),
        Some(Ok(None)) => {
            let (_, label) = seen.flatten().filter(|(seen, _)| name.with(|name| name == seen))?;
            toasts.say(Tone::Ok, format!("{label} is gone."));
            navigate(&paths::services(&slug), NavigateOptions::default());
            None
        }
        _ => seen.flatten(),
    });
}

#[component]
fn Loaded(sources: Sources, name: Memo<String>) -> impl IntoView {
    let slug = workspace();
    let found = Memo::new(move |before: Option<&Option<Found>>| {
        let before = before.cloned().flatten();
        let same =
            |found: &Found| matches!(found, Found::Service { name: shown, .. } if name.with(|name| name == shown));
        match sources.service.get()? {
            Ok(Some(Service { uuid: id, name, label, .. })) => Some(Found::Service { id, name, label }),
            // what is shown stays while it can't be fetched anew, and until the list is there once it is gone
            _ if before.as_ref().is_some_and(same) => before,
            Ok(None) => Some(Found::Nothing),
            Err(error) => Some(Found::Refused(error)),
        }
    });
    move || {
        let back = paths::services(&slug);
        Some(match found.get()? {
            Found::Service { .. } => {
                let first = sources.service.get_untracked()?.ok()??;
                view! { <Body first sources /> }.into_any()
            }
            Found::Nothing => {
                view! { <NotHere title=format!("No service is called {}", name.get_untracked()) back back_to="Services" /> }.into_any()
            }
            Found::Refused(error) => {
                let crumbs = vec![Crumb::to("Services", back), Crumb::here(name.get_untracked())];
                view! {
                    <Page title="Service" crumbs>
                        <PageHead title=name.get_untracked() />
                        <Refusal cause="The service can't be shown." error=Some(error) />
                    </Page>
                }
                    .into_any()
            }
        })
    }
}

#[component]
fn Body(first: Service, sources: Sources) -> impl IntoView {
    let slug = workspace();
    let Service { name, label, created_at, project_id, .. } = first.clone();
    let crumbs = vec![Crumb::to("Services", paths::services(&slug)), Crumb::here(label.clone())];
    let service = Memo::new(move |before: Option<&Service>| match sources.service.get() {
        Some(Ok(Some(service))) if service.uuid == first.uuid => service,
        _ => before.unwrap_or(&first).clone(),
    });
    let operation = Memo::new(move |_| sources.operation());
    let failed = RwSignal::new(None::<CallError>);
    let removing = RwSignal::new(false);
    let below = {
        let name = name.clone();
        move || {
            let kind = move || service.with(words::kind);
            let project = move || sources.project(project_id);
            view! {
                <code class="font-mono text-sm text-ink">{name.clone()}</code>
                <span>{kind}</span>
                <span class="empty:hidden">{project}</span>
                <span>"created " <RelativeTime at=created_at /></span>
            }
        }
    };
    let is_database = service.with_untracked(|service| service.connection_details.is_some());
    view! {
        <Page title=format!("{label} · Services") crumbs>
            <PageHead title=label.clone() below>
                <StateBadge state=Signal::derive(move || service.with(|service| service.state)) large=true />
                <Actions service failed removing />
            </PageHead>
            <div class="grid gap-4.5">
                <Refusal cause="That wasn't done." error=failed />
                <Trouble service failed />
                <Facts service advisory=Signal::derive(move || sources.advisory()) />
                <div class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]">
                    <div class="grid min-w-0 gap-4.5">{is_database.then(|| view! { <Connect service /> })}</div>
                    <Progress operation />
                </div>
            </div>
            <Remove service open=removing />
        </Page>
    }
}
