use contract::{
    page::{Page, PageRequest},
    project::{Project, ProjectFields, Var, VarFields, VarKey},
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{Answer, Calls};

#[server(prefix = "/call", endpoint = "list_projects", protocol = Calls)]
pub async fn list_projects(workspace: String, page: PageRequest) -> Answer<Page<Project>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_projects(&who, page).await?)
}

/// `None` where it isn't there.
#[server(prefix = "/call", endpoint = "get_project", protocol = Calls)]
pub async fn get_project(workspace: String, project: Uuid) -> Answer<Option<Project>> {
    let (console, who) = super::enter(workspace).await?;
    super::if_there(console.get_project(&who, project).await)
}

/// Their values are secrets and stay where they are.
#[server(prefix = "/call", endpoint = "list_vars", protocol = Calls)]
pub async fn list_vars(workspace: String, project: Uuid, page: PageRequest) -> Answer<Page<Var>> {
    let (console, who) = super::enter(workspace).await?;
    let mut vars = console.list_vars(&who, project, page).await?;
    vars.items.iter_mut().for_each(|var| var.value = None);
    Ok(vars)
}

/// The names of a project's variables. Their values are secrets: pages that need the names don't get them.
#[server(prefix = "/call", endpoint = "list_var_names", protocol = Calls)]
pub async fn list_var_names(workspace: String, project: String) -> Answer<Vec<String>> {
    let project = Uuid::try_parse(&project).map_err(|_| super::CallError::not_found(contract::error::Noun::Project))?;
    let vars = list_vars(workspace, project, PageRequest::whole()).await?.items.into_iter();
    Ok(vars.map(|var| var.key).collect())
}

#[server(prefix = "/call", endpoint = "create_project", protocol = Calls)]
pub async fn create_project(workspace: String, fields: ProjectFields) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.create_project(&who, fields).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "rename_project", protocol = Calls)]
pub async fn rename_project(workspace: String, project: Uuid, fields: ProjectFields) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.update_project(&who, project, fields).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "delete_project", protocol = Calls)]
pub async fn delete_project(workspace: String, project: Uuid) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.delete_project(&who, project).await?)
}

#[server(prefix = "/call", endpoint = "create_var", protocol = Calls)]
pub async fn create_var(workspace: String, project: Uuid, fields: VarFields) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.create_var(&who, project, fields).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "update_var", protocol = Calls)]
pub async fn update_var(workspace: String, project: Uuid, fields: VarFields) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.update_var(&who, project, fields).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "delete_var", protocol = Calls)]
pub async fn delete_var(workspace: String, project: Uuid, key: VarKey) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.delete_var(&who, project, key).await?)
}
