//! `/w/{workspace}/projects/{id}`: its services, and the variables that its apps read.

use contract::{
    Service,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    project::{Project as Described, Var},
    service::ServiceFilter,
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    calls::{
        CallError,
        projects::{get_project, list_vars},
        services::list_services,
    },
    components::{CreateService, Names, NotHere, Page, PageHead, ServiceRows, names},
    live::Topic,
    pages::{address_id, workspace},
    paths,
    ui::{Card, CardHead, Cell, Column, Crumb, Notice, RelativeTime, Row, Table, Tone},
};

const VARS: &[Column] =
    &[Column::text("Variable"), Column::text("Value"), Column::text("Written by"), Column::text("Changed")];
/// Of a fixed length: a secret's own says something of it.
const DOTS: &str = "••••••••••";

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
    let writer = move |id: Option<Uuid>| match id {
        None => "somebody".to_owned(),
        Some(id) => items
            .iter()
            .find(|service| service.uuid == id)
            .map_or_else(|| "a service".to_owned(), |service| service.label.clone()),
    };
    let services = match services {
        Ok(slice) if slice.items.is_empty() => {
            view! { <p class="px-4 py-8 text-center text-ink-2">"It has no services yet."</p> }.into_any()
        }
        Ok(slice) => view! { <ServiceRows items=slice.items names /> }.into_any(),
        Err(error) => refused("The services can't be shown.", &error),
    };
    let vars = match vars {
        Ok(slice) if slice.items.is_empty() => {
            view! { <p class="px-4 py-8 text-center text-ink-2">"It has no variables. A service that is created with them writes its own."</p> }
                .into_any()
        }
        Ok(slice) => {
            let row = move |var: Var| {
                let written_by = writer(var.service_id);
                view! {
                    <Row id=format!("var-{}", var.key)>
                        <th scope="row" class="h-11 max-w-[24rem] px-4 text-left font-mono text-sm font-normal [overflow-wrap:anywhere]">{var.key}</th>
                        <Cell quiet=true>
                            <span aria-hidden="true">{DOTS}</span>
                            <span class="sr-only">"hidden"</span>
                        </Cell>
                        <Cell>{written_by}</Cell>
                        <Cell quiet=true>
                            <RelativeTime at=var.updated_at />
                        </Cell>
                    </Row>
                }
            };
            let rows = slice.items.into_iter().map(row).collect_view();
            view! {
                <Table label="Variables" columns=VARS>
                    {rows}
                </Table>
            }
            .into_any()
        }
        Err(error) => refused("The variables can't be shown.", &error),
    };
    view! {
        <Page title=format!("{} · Projects", project.name) crumbs live>
            <PageHead title=project.name below>
                <CreateService />
            </PageHead>
            <div class="grid gap-4.5">
                <Card>
                    <CardHead title="Services" />
                    {services}
                </Card>
                <Card>
                    <CardHead title="Variables" />
                    {vars}
                </Card>
            </div>
        </Page>
    }
}

fn refused(cause: &'static str, error: &CallError) -> AnyView {
    let evidence = Some(error.to_string());
    view! { <div class="p-4"><Notice tone=Tone::Bad cause evidence /></div> }.into_any()
}
