use contract::{
    page::{Page, PageRequest},
    project::Project,
};
use leptos::prelude::*;

use super::{Answer, Calls};

#[server(prefix = "/call", endpoint = "list_projects", protocol = Calls)]
pub async fn list_projects(workspace: String, page: PageRequest) -> Answer<Page<Project>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_projects(&who, page).await?)
}

/// The names of a project's variables, or of those that were written for one of its services. Their values are secrets:
/// pages that need the names don't get them.
#[server(prefix = "/call", endpoint = "list_var_names", protocol = Calls)]
pub async fn list_var_names(workspace: String, project: String, service: Option<String>) -> Answer<Vec<String>> {
    let (console, who) = super::enter(workspace).await?;
    let project =
        uuid::Uuid::try_parse(&project).map_err(|_| super::CallError::not_found(contract::error::Noun::Project))?;
    let vars = console.list_vars(&who, project, PageRequest::whole()).await?.items.into_iter();
    let wanted = |id: Option<uuid::Uuid>| service.is_none() || id.map(|id| id.to_string()) == service;
    Ok(vars.filter(|var| wanted(var.service_id)).map(|var| var.key).collect())
}
