//! `/w/{workspace}/projects/{id}`: its services, and the variables that its apps read.

use contract::{
    Service,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    permission::Permission,
    project::{Project as Described, ProjectFields, Var},
    service::ServiceFilter,
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    calls::{
        CallError,
        projects::{DeleteProject, RenameProject, get_project, list_vars},
        services::list_services,
    },
    components::{CallForm, CreateService, Names, NotHere, Page, PageHead, ServiceRows, WhenGone, names},
    live::Topic,
    pages::{address_id, workspace},
    paths,
    ui::{Button, Card, CardHead, Crumb, Dialog, Kind, Notice, RelativeTime, TextField, Tone},
    viewer,
};

use super::variables::Variables;

async fn services(slug: String, project: Uuid) -> Result<Slice<Service>, CallError> {
    let filter = ServiceFilter { project_id: Some(project), ..ServiceFilter::default() };
    list_services(slug, filter, PageRequest::whole()).await
}

#[component]
pub fn Project() -> impl IntoView {
    let (slug, id) = (workspace(), address_id());
    let back = paths::projects(&slug);
    Suspend::new(async move {
        let found = match id {
            Some(id) => {
                let (project, services, vars, names) = futures::join!(
                    get_project(slug.clone(), id),
                    services(slug.clone(), id),
                    list_vars(slug.clone(), id, PageRequest::whole()),
                    names(slug.clone())
                );
                project.map(|project| project.map(|project| (project, services, vars, names)))
            }
            None => Ok(None),
        };
        match found {
            Ok(Some((project, services, vars, names))) => view! { <Found project services vars names /> }.into_any(),
            Ok(None) => view! { <NotHere title="No such project" back back_to="Projects" /> }.into_any(),
            Err(error) => view! {
                <Page title="Project" crumbs=vec![Crumb::to("Projects", back), Crumb::here("Project")]>
                    <Notice tone=Tone::Bad cause="The project can't be shown." evidence=Some(error.to_string()) />
                </Page>
            }
            .into_any(),
        }
    })
}

#[component]
fn Found(
    project: Described,
    services: Result<Slice<Service>, CallError>,
    vars: Result<Slice<Var>, CallError>,
    names: Names,
) -> impl IntoView {
    let slug = workspace();
    let back = paths::projects(&slug);
    let live = vec![Topic::One(EventKind::Project, project.uuid), Topic::Every(EventKind::Service)];
    let gone = WhenGone { to: back.clone(), words: format!("{} is gone.", project.name) };
    let crumbs = vec![Crumb::to("Projects", back), Crumb::here(project.name.clone())];
    let (open_to, created) =
        (if project.restricted { "open to some members" } else { "open to every member" }, project.created_at);
    let below = move || {
        view! {
            <span>{open_to}</span>
            <span>"created " <RelativeTime at=created /></span>
        }
    };
    let items = services.as_ref().map(|slice| slice.items.clone()).unwrap_or_default();
    let services = match services {
        Ok(slice) if slice.items.is_empty() => {
            view! { <p class="px-4 py-8 text-center text-ink-2">"It has no services yet."</p> }.into_any()
        }
        Ok(slice) => view! { <ServiceRows items=slice.items names /> }.into_any(),
        Err(error) => refused("The services can't be shown.", &error),
    };
    let vars = match vars {
        Ok(slice) => view! { <Variables project=project.uuid vars=slice.items items /> }.into_any(),
        Err(error) => refused("The variables can't be shown.", &error),
    };
    let actions = view! {
        <CreateService />
        <Manage id=project.uuid name=project.name.clone() />
    };
    view! {
        <Page title=format!("{} · Projects", project.name) crumbs live gone>
            <PageHead title=project.name below>
                {actions}
            </PageHead>
            <div class="grid gap-4.5">
                <Card>
                    <CardHead title="Services" />
                    {services}
                </Card>
                {vars}
            </div>
        </Page>
    }
}

/// Another name, and the end of it.
#[component]
fn Manage(id: Uuid, name: String) -> impl IntoView {
    let slug = workspace();
    let refused = Signal::stored(viewer::lacks(Permission::ProjectsManage));
    let rename = RenameProject { workspace: slug.clone(), project: id, fields: ProjectFields::default() };
    let delete = DeleteProject { workspace: slug.clone(), project: id };
    let (now, confirm, why) = (name.clone(), format!("Type {name} to confirm"), format!("Type {name} to delete it"));
    let (title, said, until) = (format!("Delete {name}?"), format!("{name} is gone."), name);
    view! {
        <Button id="rename" quiet=true opens="rename-project" refused>"Rename"</Button>
        <Button id="delete" kind=Kind::Danger quiet=true opens="delete-project" refused>"Delete"</Button>
        <Dialog id="rename-project" title="Rename the project">
            <CallForm call=rename fields="fields" said="The project was renamed.">
                <TextField name="name" label="Name" filled=now />
                <div class="flex justify-end gap-2">
                    <Button closes="rename-project">"Cancel"</Button>
                    <Button kind=Kind::Primary submit=true>"Rename it"</Button>
                </div>
            </CallForm>
        </Dialog>
        <Dialog id="delete-project" title>
            <p>"The project and its variables go. A project with services can't be deleted: move or delete them first."</p>
            <CallForm call=delete then=paths::projects(&slug) said>
                <TextField name="confirm" label=confirm until />
                <div class="flex justify-end gap-2">
                    <Button closes="delete-project">"Cancel"</Button>
                    <Button id="remove" kind=Kind::Danger submit=true quiet=true refused=Signal::stored(Some(why))>
                        "Delete it for good"
                    </Button>
                </div>
            </CallForm>
        </Dialog>
    }
}

fn refused(cause: &'static str, error: &CallError) -> AnyView {
    let evidence = Some(error.to_string());
    view! { <div class="p-4"><Notice tone=Tone::Bad cause evidence /></div> }.into_any()
}
