//! Environment variables of a project. One address for all of them: PUT and DELETE name the `key`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::error::ErrorBody;
use contract::project::{Var, VarFields, VarKey};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::body::NamedKey;
use super::path::ProjectId;
use super::refusals::{Changing, Guarded};
use crate::http::Body;
use crate::http::credential::Authorised;
use crate::http::query::{Listed, Paging};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(list_vars, create_var, update_var, delete_var))
}

/// List a project's variables
///
/// Values are `null` below projects:operate. Needs projects:view.
#[utoipa::path(get, path = "/projects/{id}/vars", tag = "projects", params(ProjectId, Paging),
    responses((status = 200, description = "A page of variables.", body = Vec<Var>), Guarded))]
async fn list_vars(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
    paging: Paging,
) -> Answer<Listed<Var>> {
    let page = uses.console.list_vars(&who, id, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Make a variable
///
/// Needs projects:operate.
#[utoipa::path(post, path = "/projects/{id}/vars", tag = "projects", params(ProjectId), request_body = VarFields,
    responses((status = 201, description = "The variable.", body = Var),
        (status = 409, description = "The key exists, compared without case.", body = ErrorBody), Changing))]
async fn create_var(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
    Body(fields): Body<VarFields>,
) -> Answer<(StatusCode, Json<Var>)> {
    Ok((StatusCode::CREATED, Json(uses.console.create_var(&who, id, fields).await?)))
}

/// Change a variable
///
/// One that a service wrote belongs to nobody's service from then on. Needs projects:operate.
#[utoipa::path(put, path = "/projects/{id}/vars", tag = "projects", params(ProjectId), request_body = VarFields,
    responses((status = 200, description = "The variable.", body = Var), Changing))]
async fn update_var(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
    Body(fields): Body<VarFields>,
) -> Answer<Json<Var>> {
    Ok(Json(uses.console.update_var(&who, id, fields).await?))
}

/// Delete a variable
///
/// The body or `?key=` names it. Needs projects:operate.
#[utoipa::path(delete, path = "/projects/{id}/vars", tag = "projects", params(ProjectId, NamedKey), request_body = Option<VarKey>,
    responses((status = 204, description = "Deleted."), Changing))]
async fn delete_var(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ProjectId(id): ProjectId,
    NamedKey(key): NamedKey,
) -> Answer<StatusCode> {
    uses.console.delete_var(&who, id, key).await?;
    Ok(StatusCode::NO_CONTENT)
}
