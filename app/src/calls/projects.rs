use contract::{
    page::{Page, PageRequest},
    project::{Project, Var},
};
use leptos::{prelude::*, server_fn::codec::Json};
use uuid::Uuid;

use super::Answer;

#[server(prefix = "/call", endpoint = "list_projects", input = Json)]
pub async fn list_projects(workspace: String, page: PageRequest) -> Answer<Page<Project>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_projects(&who, page).await?)
}

/// The names of a project's variables. Their values are secrets: pages that need the names don't get them.
#[server(prefix = "/call", endpoint = "list_vars", input = Json)]
pub async fn list_vars(workspace: String, project: Uuid, page: PageRequest) -> Answer<Page<Var>> {
    let (console, who) = super::enter(workspace).await?;
    let mut vars = console.list_vars(&who, project, page).await?;
    vars.items.iter_mut().for_each(|var| var.value = None);
    Ok(vars)
}
