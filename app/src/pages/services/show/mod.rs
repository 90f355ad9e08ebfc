//! `/w/{workspace}/services/{name}` and its tabs: `…/logs`, `…/members`, `…/replication`, `…/object`, `…/metrics`, `…/activity`, `…/settings`

mod actions;
mod activity;
mod apps;
mod connect;
mod facts;
mod formats;
mod logs;
mod members;
mod metrics;
mod object;
mod press;
mod progress;
mod remove;
mod replicas;
mod replication;
mod reveal;
mod rotate;
mod settings;
mod variables;

use contract::{
    Action, Service, State,
    capabilities::Runtime,
    event::EventKind,
    metrics::Span,
    operation::Operation,
    page::PageRequest,
    permission::{Permission, Role},
    project::Var,
    service::MemberRole,
    spec::{CreationMode, ServiceType},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

pub use self::press::{PressForm, can_press};
use self::{
    actions::{HeadActions, Stuck, Trouble},
    activity::Activity,
    apps::Apps,
    connect::{Address, Connect, Parts},
    facts::Facts,
    logs::Logs,
    members::Servers,
    metrics::Measured,
    object::Object,
    progress::Progress,
    remove::Remove,
    replicas::Replicas,
    replication::Replicated,
    rotate::Rotate,
    settings::Settings,
    variables::Variables,
};
use crate::{
    calls::{
        CallError,
        installation::get_capabilities,
        projects::{list_projects, list_vars},
        services::{TestConnection, get_service, list_operations},
    },
    components::{CallForm, NotHere, Page, PageHead, StateBadge, WhenGone, words},
    live::Topic,
    pages::workspace,
    paths,
    shell::Preload,
    ui::{self, Button, Card, CardBody, CardHead, Crumb, Notice, RelativeTime, Tabs, Tone},
    viewer,
};

/// What stands on the page beside the service itself; none of it is worth a page that can't be shown.
struct Around {
    operation: Option<Operation>,
    /// The name of the project; its id says nothing to people.
    project: Option<String>,
    advisory: Option<String>,
    /// This installation can make replicas.
    replicates: bool,
    /// What is made here are objects of a cluster.
    objects: bool,
    /// Of the project, without their values.
    vars: Option<Vec<Var>>,
}

/// What stands below the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Overview,
    Logs,
    Members,
    Replication,
    Object,
    Metrics,
    Activity,
    Settings,
}

impl Tab {
    /// How often it changes without anybody telling, in milliseconds.
    fn every(self, under_way: bool) -> Option<u32> {
        match self {
            Self::Logs | Self::Members => Some(2_000),
            // each look is a session at the source
            Self::Replication => Some(5_000),
            // somebody else changes it without telling
            Self::Metrics | Self::Object => Some(15_000),
            // how long nothing has happened is told by nobody
            Self::Overview if under_way => Some(15_000),
            Self::Overview | Self::Activity | Self::Settings => None,
        }
    }

    /// Shows the servers behind a service, which a volume doesn't have.
    fn is_of_servers(self) -> bool {
        match self {
            Self::Logs | Self::Members | Self::Replication | Self::Object | Self::Metrics => true,
            Self::Overview | Self::Activity | Self::Settings => false,
        }
    }
}

/// The tabs that a service has.
fn tabs(slug: &str, service: &Service, replicates: bool, objects: bool) -> Vec<ui::Tab> {
    let name = &service.name;
    let copied = service.creation_mode == Some(CreationMode::ExternalReplica);
    let mut tabs = vec![ui::Tab::new("Overview", paths::service(slug, name))];
    if service.service_type == ServiceType::Postgres {
        tabs.push(ui::Tab::new("Logs", paths::service_logs(slug, name)));
        tabs.push(ui::Tab::new("Members", paths::service_members(slug, name)));
        if copied || replicates || service.primary_addon_uuid.is_some() {
            tabs.push(ui::Tab::new("Replication", paths::service_replication(slug, name)));
        }
        if objects {
            tabs.push(ui::Tab::new("Object", paths::service_object(slug, name)));
        }
        tabs.push(ui::Tab::new("Metrics", paths::service_metrics(slug, name, Span::Hour)));
    }
    tabs.push(ui::Tab::new("Activity", paths::service_activity(slug, name)));
    tabs.push(ui::Tab::new("Settings", paths::service_settings(slug, name)));
    tabs
}

#[component]
pub fn Show() -> impl IntoView {
    shown(Tab::Overview)
}

#[component]
pub fn ShowLogs() -> impl IntoView {
    shown(Tab::Logs)
}

#[component]
pub fn ShowMembers() -> impl IntoView {
    shown(Tab::Members)
}

#[component]
pub fn ShowReplication() -> impl IntoView {
    shown(Tab::Replication)
}

#[component]
pub fn ShowObject() -> impl IntoView {
    shown(Tab::Object)
}

#[component]
pub fn ShowMetrics() -> impl IntoView {
    shown(Tab::Metrics)
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
                let vars = list_vars(slug, service.project_id, PageRequest::whole()).await.ok().map(|page| page.items);
                let around = Around { vars, ..around(service.project_id) };
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
        replicates: can.as_ref().is_ok_and(|can| can.replicas.available),
        objects: can.as_ref().is_ok_and(|can| can.runtime == Runtime::Kubernetes),
        advisory: can.ok().and_then(|can| can.advisory),
        vars: None,
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
    let live = vec![Topic::One(EventKind::Service, uuid), Topic::Every(EventKind::Project)];
    let gone = WhenGone { to: back, words: format!("{label} is gone.") };
    let below = {
        let (name, kind, project) = (name.clone(), words::kind(&service), around.project);
        move || {
            view! {
                <code class="min-w-0 font-mono text-sm text-ink [overflow-wrap:anywhere]">{name.clone()}</code>
                <span>{kind.clone()}</span>
                <span class="empty:hidden">{project.clone()}</span>
                <span>"created " <RelativeTime at=created_at /></span>
            }
        }
    };
    let address = service.connection_details.as_ref().map(|details| Address::of(&details.internal));
    let kind = service.service_type;
    let is_database = kind == ServiceType::Postgres;
    let idle = around.operation.as_ref().and_then(|operation| operation.idle_ms);
    let trouble = view! {
        <Trouble state name=name.clone() evidence=service.state_reason.clone() is_database />
        <Stuck idle_ms=idle is_database />
    };
    let actions = {
        let (name, label) = (name.clone(), label.clone());
        let refused = actions::refused(state, Action::Delete, Permission::ServicesManage);
        let own = |vars: &Vec<Var>| {
            vars.iter().filter(|var| var.service_id == Some(uuid)).map(|var| var.key.clone()).collect::<Vec<_>>()
        };
        let variables = around.vars.as_ref().map(own);
        let replicas = service.replicas.len();
        view! {
            <StateBadge state large=true />
            <HeadActions state name=name.clone() kind />
            <Remove name label is_database variables replicas refused />
        }
    };
    // what follows an external server has no owner before it is promoted
    let owned = service.connection_details.as_ref().is_some_and(|details| details.internal.username.is_some());
    let replicates = around.replicates && service.role == Some(MemberRole::Primary);
    let tabs = tabs(&slug, &service, replicates, around.objects);
    let serverless = !is_database && tab.is_of_servers();
    let every = tab.every(idle.is_some()).filter(|_| !serverless);
    let below_tabs = match tab {
        _ if serverless => view! { <Notice tone=Tone::Idle cause="A volume has no server." /> }.into_any(),
        Tab::Overview => {
            let vars = around.vars.filter(|_| service.environment_variables && state != State::Deleting);
            let variables = vars.map(|vars| view! { <Variables service=service.clone() vars /> });
            let external = service.connection_details.as_ref().and_then(|details| details.external.as_ref());
            let outside = address.as_ref().zip(external).map(|(at, external)| at.outside(external));
            let connect = address.map(|at| view! { <HowToConnect name state at outside owned /> });
            let apps = (!is_database).then(|| view! { <Apps service=service.clone() /> });
            let progress = around.operation.map(|operation| view! { <Progress operation /> });
            view! {
                {owned.then(|| view! { <Preload /> })}
                <Facts service advisory=around.advisory />
                <div class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]">
                    <div class="grid min-w-0 gap-4.5">{connect} {apps}</div>
                    <div class="grid min-w-0 gap-4.5">{progress} {variables}</div>
                </div>
            }
            .into_any()
        }
        Tab::Logs => view! { <Logs name /> }.into_any(),
        Tab::Members => view! { <Servers name /> }.into_any(),
        Tab::Replication => {
            let copied = service.creation_mode == Some(CreationMode::ExternalReplica);
            let follows = copied || service.primary_addon_uuid.is_some();
            let replicated = follows.then(|| view! { <Replicated service=service.clone() /> });
            let nothing =
                (!follows && !replicates).then(|| view! { <Notice tone=Tone::Idle cause="It follows nobody." /> });
            let replicas = replicates.then(|| view! { <Replicas service /> });
            view! {
                {nothing}
                {replicated}
                {replicas}
            }
            .into_any()
        }
        Tab::Object => view! { <Object service /> }.into_any(),
        Tab::Metrics => view! { <Measured service /> }.into_any(),
        Tab::Activity => view! { <Activity name service=uuid /> }.into_any(),
        Tab::Settings => {
            // a replica has the password of its primary
            let rotates = owned && service.primary_addon_uuid.is_none();
            let rotate = rotates.then(|| view! { <Rotate state name label=label.clone() /> });
            view! {
                <Preload lazy="settings_form" />
                <Settings service />
                {rotate}
            }
            .into_any()
        }
    };
    view! {
        <Page title=format!("{label} · Services") crumbs live gone every>
            <PageHead title=label below>
                {actions}
            </PageHead>
            <Tabs label="Service" tabs />
            <div class="grid gap-4.5">{trouble} {below_tabs}</div>
        </Page>
    }
}

#[component]
fn HowToConnect(
    name: String,
    state: State,
    at: Address,
    outside: Option<Address>,
    /// Somebody of ours can sign in.
    owned: bool,
) -> impl IntoView {
    let slug = workspace();
    if !owned {
        return view! {
            <Card>
                <CardHead title="Connect" />
                <CardBody>
                    <p class="text-ink-2">"Its roles and databases are those of its source. Promoted, it gets a role and a database of its own."</p>
                    <Parts at outside />
                </CardBody>
            </Card>
        }
        .into_any();
    }
    let line = {
        let (slug, name, at, outside) = (slug.clone(), name.clone(), at.clone(), outside.clone());
        let refused = viewer::lacks(Permission::ServicesReveal);
        let asks_why = viewer::role().is_some_and(Role::reveals_with_reason);
        view! { <Connect slug name at outside refused asks_why /> }
    };
    let refused = actions::refused(state, Action::TestConnection, Permission::ServicesView);
    let call = TestConnection { workspace: slug, id: name };
    view! {
        <Card>
            {line}
            <div class="grid min-w-0 gap-4.5 px-4 pb-4">
                <Parts at outside />
                <CallForm call class="flex flex-wrap items-center gap-x-3 gap-y-2">
                    <Button id="test" submit=true small=true quiet=true refused=Signal::stored(refused)>
                        "Test this connection"
                    </Button>
                    <p role="status" id="tested" data-answer class="min-w-0 [overflow-wrap:anywhere] data-[good=false]:text-bad data-[good=true]:text-ok"></p>
                </CallForm>
            </div>
        </Card>
    }
    .into_any()
}
