use contract::{
    Action, Service, State,
    mount::{App, AppMount, AppUnmount, Mount, MountState},
    permission::Permission,
    spec::StorageAccess,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::actions::refused;
use crate::{
    calls::services::{MountApp, UnmountApp, list_apps},
    components::CallForm,
    pages::workspace,
    ui::{Badge, Button, Card, CardHead, Cell, Choice, Column, Kind, Notice, Row, Select, Table, TextField, Tone},
};

const MOUNTS: &[Column] = &[Column::text("App"), Column::text("Mount point"), Column::text("State"), Column::text("")];

/// The apps that mount a volume, and the form that mounts it into another.
#[component]
pub fn Apps(service: Service) -> impl IntoView {
    let (state, name) = (service.state, service.name.clone());
    let mounts = service.mounts.clone();
    let list = if mounts.is_empty() {
        view! { <p class="px-4 py-8 text-center text-ink-2">"No app mounts it yet. Begin with one of the project's apps, below."</p> }
            .into_any()
    } else {
        let rows = mounts.into_iter().map(|mount| view! { <Mounted state name=name.clone() mount /> }).collect_view();
        view! { <Table label="Apps" columns=MOUNTS>{rows}</Table> }.into_any()
    };
    view! {
        <Card>
            <CardHead title="Apps" />
            {list}
            <div class="grid min-w-0 gap-4.5 border-t border-line p-4">
                <h3 class="font-medium">"Mount into an app"</h3>
                <Another service />
            </div>
        </Card>
    }
}

fn face(state: MountState) -> (Tone, &'static str) {
    match state {
        MountState::Pending => (Tone::Busy, "Mounting"),
        MountState::Mounted => (Tone::Ok, "Mounted"),
        MountState::Failed => (Tone::Bad, "Not mounted"),
        MountState::Unmounting => (Tone::Busy, "Unmounting"),
    }
}

#[component]
fn Mounted(state: State, name: String, mount: Mount) -> impl IntoView {
    let (tone, word) = face(mount.state);
    let going = (mount.state == MountState::Unmounting).then(|| "It is being unmounted already".to_owned());
    let refused = refused(state, Action::UnmountApp, Permission::ServicesOperate).or(going);
    let unmount = AppUnmount { app_id: mount.app_id.as_str().into(), ..AppUnmount::default() };
    let call = UnmountApp { workspace: workspace(), id: name, unmount };
    let app = mount.app_id.clone();
    let key = app.replace('/', "-");
    let (row, button) = (format!("app-{key}"), format!("unmount-{key}"));
    let said = format!("It is being unmounted from {app}.");
    view! {
        <Row id=row>
            <th scope="row" class="h-11 max-w-[22rem] px-4 text-left font-normal">
                <span class="block truncate font-mono text-sm">{mount.app_id}</span>
                {mount.label.map(|label| view! { <span class="block truncate text-xs text-ink-3">{label}</span> })}
            </th>
            <Cell>
                <span class="font-mono text-sm">{mount.mount_point}</span>
            </Cell>
            <Cell wrap=true>
                <div class="flex flex-wrap items-center gap-x-2.5 gap-y-1">
                    <Badge tone word />
                    <span class="min-w-0 text-sm text-ink-2 [overflow-wrap:anywhere] empty:hidden">{mount.reason}</span>
                </div>
            </Cell>
            <Cell number=true>
                <CallForm call said class="contents">
                    <Button id=button submit=true small=true quiet=true refused=Signal::stored(refused)>
                        "Unmount" <span class="sr-only">" " {app}</span>
                    </Button>
                </CallForm>
            </Cell>
        </Row>
    }
}

/// The form, or why there is nothing to choose in it.
#[component]
fn Another(service: Service) -> impl IntoView {
    let slug = workspace();
    Suspend::new(async move {
        let all = match list_apps(slug, service.name.clone()).await {
            Ok(all) => all,
            Err(error) => {
                return view! { <Notice tone=Tone::Bad cause="The project's apps can't be shown." evidence=Some(error.to_string()) /> }
                    .into_any();
            }
        };
        if all.is_empty() {
            return view! { <NoApps project=service.project_id /> }.into_any();
        }
        let apps = others(all, &service.mounts);
        if apps.is_empty() {
            return view! { <p class="text-ink-2">"Every app of the project mounts it."</p> }.into_any();
        }
        view! { <MountForm service apps /> }.into_any()
    })
}

/// The apps that don't mount it.
fn others(mut apps: Vec<App>, mounts: &[Mount]) -> Vec<App> {
    apps.retain(|app| mounts.iter().all(|mount| mount.app_id != app.app_id));
    apps
}

#[component]
fn NoApps(project: Uuid) -> impl IntoView {
    view! {
        <p class="text-ink-2">
            "This project has no app in the cluster: a Deployment or StatefulSet in the workspace's namespace with the label "
            <code class="font-mono text-sm [overflow-wrap:anywhere]">{format!("berth.dev/project={project}")}</code> "."
        </p>
    }
}

#[component]
fn MountForm(service: Service, apps: Vec<App>) -> impl IntoView {
    let taken = service.storage_access == Some(StorageAccess::Rwo) && !service.mounts.is_empty();
    let refused = refused(service.state, Action::MountApp, Permission::ServicesOperate)
        .or_else(|| taken.then(|| "RWO allows one app".to_owned()));
    // one of them is chosen from the start: a form in which the browser chose counts as begun, and isn't drawn anew
    let chosen = RwSignal::new(apps.first().map(|app| app.app_id.clone()).unwrap_or_default());
    let options: Vec<_> =
        apps.iter().map(|app| Choice::new(&app.app_id, format!("{} ({})", app.name, app.kind))).collect();
    let at = service.mount_point.unwrap_or_default();
    let call = MountApp { workspace: workspace(), id: service.name, mount: AppMount::default() };
    view! {
        <CallForm call fields="mount" said="It is being mounted.">
            <Select
                name="app_id"
                label="App"
                value=chosen
                options
                hint=Some("Its pods are replaced by ones that have the volume.".to_owned())
            />
            <div class="grid gap-4.5 sm:grid-cols-2">
                <TextField name="mount_point" label="Mount point" filled=at mono=true />
                <TextField name="label" label="Label" hint=Some("For people; it may stay empty.".to_owned()) />
            </div>
            <div class="flex justify-end">
                <Button id="mount" kind=Kind::Primary submit=true refused=Signal::stored(refused)>
                    "Mount"
                </Button>
            </div>
        </CallForm>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::mount::AppKind;

    #[test]
    fn an_app_that_mounts_it_already_is_no_choice() {
        let app =
            |name: &str| App { app_id: format!("deployment/{name}"), kind: AppKind::Deployment, name: name.to_owned() };
        let mount = Mount {
            app_id: "deployment/web".to_owned(),
            mount_point: "/data".to_owned(),
            label: None,
            state: MountState::Failed,
            reason: None,
        };
        assert_eq!(others(vec![app("api"), app("web")], &[mount]), [app("api")]);
    }
}
