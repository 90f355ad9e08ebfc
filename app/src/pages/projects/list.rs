//! `/w/{workspace}/projects`

use contract::{event::EventKind, page::PageRequest, permission::Permission, project::ProjectFields};
use leptos::prelude::*;

use crate::{
    calls::projects::{CreateProject, list_projects},
    components::{CallForm, Page, PageHead},
    live::Topic,
    pages::workspace,
    paths,
    ui::{
        Button, Card, Cell, Column, Crumb, Dialog, EmptyState, Kind, Notice, RelativeTime, Row, Table, TextField, Tone,
        lu,
    },
    viewer,
};

const COLUMNS: &[Column] = &[Column::text("Project"), Column::text("Open to"), Column::text("Created").wide()];

#[component]
pub fn Projects() -> impl IntoView {
    let slug = workspace();
    view! {
        <Page title="Projects" crumbs=vec![Crumb::here("Projects")] live=vec![Topic::Every(EventKind::Project)]>
            <PageHead title="Projects" below=|| view! { <p>"What belongs together: services, and the variables that apps read."</p> }>
                <Button
                    id="create"
                    kind=Kind::Primary
                    icon=lu::LuPlus
                    quiet=true
                    opens="new-project"
                    refused=Signal::stored(viewer::lacks(Permission::ProjectsManage))
                >
                    "New project"
                </Button>
            </PageHead>
            <NewProject />
            {Suspend::new(async move {
                match list_projects(slug.clone(), PageRequest::whole()).await {
                    Ok(projects) if projects.items.is_empty() => {
                        view! { <EmptyState title="No projects" text="There is none that is open to you." /> }.into_any()
                    }
                    Ok(projects) => {
                        let row = move |project: contract::project::Project| {
                            let href = paths::project(&slug, project.uuid);
                            let open_to = if project.restricted { "some members" } else { "every member" };
                            view! {
                                <Row id=format!("project-{}", project.uuid)>
                                    <th scope="row" class="h-11 max-w-[22rem] px-4 text-left font-normal">
                                        <a href=href class="block truncate underline-offset-2 hover:underline">{project.name}</a>
                                    </th>
                                    <Cell>{open_to}</Cell>
                                    <Cell quiet=true wide=true>
                                        <RelativeTime at=project.created_at />
                                    </Cell>
                                </Row>
                            }
                        };
                        let rows = projects.items.into_iter().map(row).collect_view();
                        view! {
                            <Card>
                                <Table label="Projects" columns=COLUMNS>
                                    {rows}
                                </Table>
                            </Card>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! { <Notice tone=Tone::Bad cause="The projects can't be shown." evidence=Some(error.to_string()) /> }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}

#[component]
fn NewProject() -> impl IntoView {
    let call = CreateProject { workspace: workspace(), fields: ProjectFields::default() };
    view! {
        <Dialog id="new-project" title="New project">
            <CallForm call fields="fields" said="The project was created.">
                <TextField name="name" label="Name" />
                <div class="flex justify-end gap-2">
                    <Button closes="new-project">"Cancel"</Button>
                    <Button kind=Kind::Primary submit=true>"Create project"</Button>
                </div>
            </CallForm>
        </Dialog>
    }
}
