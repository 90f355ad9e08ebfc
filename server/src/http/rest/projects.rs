//! Projects.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::project::{Project, ProjectFields};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::path::ProjectId;
use super::refusals::{Changing, Guarded};
use super::{Answer, Created};
use crate::http::Body;
use crate::http::credential::Authorised;
use crate::http::query::{Listed, Paging};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(list_projects, create_project)).routes(routes!(
        get_project,
        update_project,
        delete_project
    ))
}

/// List the projects
///
/// Those that the caller can reach, newest first. Needs projects:view.
#[utoipa::path(get, path = "/projects", tag = "projects", params(Paging),
    responses((status = 200, description = "A page of projects.", body = Vec<Project>), Guarded))]
async fn list_projects(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    paging: Paging,
) -> Answer<Listed<Project>> {
    let page = uses.console.list_projects(&who, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Make a project
///
/// Needs projects:manage.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = ProjectFields,
    responses((status = 201, description = "The project.", body = Project, headers(("Location" = String, description = "The project's address."))), Changing))]
async fn create_project(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    Body(fields): Body<ProjectFields>,
) -> Answer<Created<Project>> {
    let project = uses.console.create_project(&who, fields).await?;
    Ok(Created(format!("/api/v1/projects/{}", project.uuid), project))
}

/// Get a project
///
/// Needs projects:view.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(ProjectId),
    responses((status = 200, description = "The project.", body = Project), Guarded))]
async fn get_project(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
) -> Answer<Json<Project>> {
    Ok(Json(uses.console.get_project(&who, id).await?))
}

/// Rename a project
///
/// Needs projects:manage.
#[utoipa::path(put, path = "/projects/{id}", tag = "projects", params(ProjectId), request_body = ProjectFields,
    responses((status = 200, description = "The project.", body = Project), Changing))]
async fn update_project(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
    Body(fields): Body<ProjectFields>,
) -> Answer<Json<Project>> {
    Ok(Json(uses.console.update_project(&who, id, fields).await?))
}

/// Delete a project
///
/// Refused while it has services. Needs projects:manage.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", params(ProjectId),
    responses((status = 204, description = "Deleted."), (status = 422, description = "It has services.", body = contract::error::ErrorBody), Guarded))]
async fn delete_project(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
) -> Answer<StatusCode> {
    uses.console.delete_project(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
