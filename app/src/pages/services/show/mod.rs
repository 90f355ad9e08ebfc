//! `/w/{workspace}/services/{name}`, `…/activity` and `…/settings`

mod actions;
mod activity;
mod connect;
mod facts;
mod formats;
mod progress;
mod remove;
mod reveal;
mod settings;
mod test;

use contract::{
    Action, Service, State,
    event::EventKind,
    operation::Operation,
    page::PageRequest,
    permission::{Permission, Role},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use self::{
    actions::{HeadActions, Trouble},
    activity::Activity,
    connect::{Address, Connect, Parts},
    facts::Facts,
    progress::Progress,
    remove::Remove,
    settings::Settings,
    test::Test,
};
use crate::{
    calls::{
        CallError,
        installation::get_capabilities,
        projects::list_projects,
        services::{get_service, list_operations},
    },
    components::{NotHere, Page, PageHead, StateBadge, WhenGone, words},
    live::Topic,
    pages::workspace,
    paths,
    ui::{self, Card, Crumb, Notice, RelativeTime, Tabs, Tone},
    viewer,
};

/// What stands on the page beside the service itself; none of it is worth a page that can't be shown.
struct Around {
    operation: Option<Operation>,
    /// The name of the project; its id says nothing to people.
    project: Option<String>,
    advisory: Option<String>,
}

/// What stands below the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Overview,
    Activity,
    Settings,
}

#[component]
pub fn Show() -> impl IntoView {
    shown(Tab::Overview)
}

#[component]
pub fn ShowActivity() -> impl IntoView {
    shown(Tab::Activity)
}

#[component]
pub fn ShowSettings() -> impl IntoView {
    shown(Tab::Settings)
}

fn shown(tab: Tab) -> impl IntoView {
    let slug = workspace();
    let name = use_params_map().with_untracked(|params| params.get("name").unwrap_or_default());
    Suspend::new(async move {
        let (service, around) =
            futures::join!(get_service(slug.clone(), name.clone()), around(slug.clone(), name.clone()));
        let back = paths::services(&slug);
        match service {
            Ok(Some(service)) => {
                let around = around(service.project_id);
                view! { <Found tab service around /> }.into_any()
            }
            Ok(None) => {
                view! { <NotHere title=format!("No service is called {name}") back back_to="Services" /> }.into_any()
            }
            Err(error) => view! { <Refused name back error /> }.into_any(),
        }
    })
}

/// Everything about a service but itself, given its project once that is known.
async fn around(slug: String, name: String) -> impl FnOnce(Uuid) -> Around {
    let last = PageRequest { limit: Some("1".to_owned()), cursor: None };
    let (operations, projects, can) = futures::join!(
        list_operations(slug.clone(), name, last),
        list_projects(slug.clone(), PageRequest::whole()),
        get_capabilities(slug)
    );
    move |project| Around {
        operation: operations.ok().flatten().and_then(|page| page.items.into_iter().next()),
        project: projects
            .into_iter()
            .flat_map(|page| page.items)
            .find(|found| found.uuid == project)
            .map(|found| found.name),
        advisory: can.ok().and_then(|can| can.advisory),
    }
}

#[component]
fn Refused(name: String, back: String, error: CallError) -> impl IntoView {
    let crumbs = vec![Crumb::to("Services", back), Crumb::here(name.clone())];
    view! {
        <Page title="Service" crumbs live=vec![Topic::Every(EventKind::Service)]>
            <PageHead title=name />
            <Notice tone=Tone::Bad cause="The service can't be shown." evidence=Some(error.to_string()) />
        </Page>
    }
}

#[component]
fn Found(tab: Tab, service: Service, around: Around) -> impl IntoView {
    let slug = workspace();
    let back = paths::services(&slug);
    let Service { uuid, name, label, created_at, state, .. } = service.clone();
    let crumbs = vec![Crumb::to("Services", back.clone()), Crumb::here(label.clone())];
    let live = match tab {
        // what is typed there stays, whatever happens meanwhile
        Tab::Settings => Vec::new(),
        Tab::Overview | Tab::Activity => vec![Topic::One(EventKind::Service, uuid), Topic::Every(EventKind::Project)],
    };
    let gone = WhenGone { to: back, words: format!("{label} is gone.") };
    let below = {
        let (name, kind, project) = (name.clone(), words::kind(&service), around.project);
        move || {
            view! {
                <code class="font-mono text-sm text-ink">{name.clone()}</code>
                <span>{kind.clone()}</span>
                <span class="empty:hidden">{project.clone()}</span>
                <span>"created " <RelativeTime at=created_at /></span>
            }
        }
    };
    let address = service.connection_details.as_ref().map(|details| Address::of(&details.internal));
    let trouble = view! { <Trouble state name=name.clone() evidence=service.state_reason.clone() /> };
    let actions = {
        let (slug, name, label) = (slug.clone(), name.clone(), label.clone());
        let (service, project, is_database) = (uuid.to_string(), service.project_id.to_string(), address.is_some());
        let refused = actions::refused(state, Action::Delete, Permission::ServicesManage);
        view! {
            <StateBadge state large=true />
            <HeadActions state name=name.clone() />
            <Remove slug name label service project is_database refused />
        }
    };
    let tabs = vec![
        ui::Tab::new("Overview", paths::service(&slug, &name)),
        ui::Tab::new("Activity", paths::service_activity(&slug, &name)),
        ui::Tab::new("Settings", paths::service_settings(&slug, &name)),
    ];
    let below_tabs = match tab {
        Tab::Overview => {
            let connect = address.map(|at| view! { <HowToConnect name state at /> });
            let progress = around.operation.map(|operation| view! { <Progress operation /> });
            view! {
                <Facts service advisory=around.advisory />
                <div class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]">
                    <div class="grid min-w-0 gap-4.5">{connect}</div>
                    {progress}
                </div>
            }
            .into_any()
        }
        Tab::Activity => view! { <Activity name /> }.into_any(),
        Tab::Settings => view! { <Settings service /> }.into_any(),
    };
    view! {
        <Page title=format!("{label} · Services") crumbs live gone>
            <PageHead title=label below>
                {actions}
            </PageHead>
            <Tabs label="Service" tabs />
            <div class="grid gap-4.5">{trouble} {below_tabs}</div>
        </Page>
    }
}

#[component]
fn HowToConnect(name: String, state: State, at: Address) -> impl IntoView {
    let slug = workspace();
    let line = {
        let (slug, name, at) = (slug.clone(), name.clone(), at.clone());
        let refused = viewer::lacks(Permission::ServicesReveal);
        let asks_why = viewer::role().is_some_and(Role::reveals_with_reason);
        view! { <Connect slug name at refused asks_why /> }
    };
    let refused = actions::refused(state, Action::TestConnection, Permission::ServicesView);
    view! {
        <Card>
            {line}
            <div class="grid min-w-0 gap-4.5 px-4 pb-4">
                <Parts at />
                <Test slug name refused />
            </div>
        </Card>
    }
}
