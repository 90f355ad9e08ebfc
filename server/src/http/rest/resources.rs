//! Resources: pools of capacity.

use axum::Json;
use axum::extract::State;
use contract::resource::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::path::ResourceId;
use super::refusals::Guarded;
use crate::http::credential::Authorised;
use crate::http::query::{Listed, Paging};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(list_resources)).routes(routes!(get_resource))
}

/// List the resources
///
/// With what is used and what is free, in bytes and cores. Needs resources:view.
#[utoipa::path(get, path = "/resources", tag = "resources", params(Paging),
    responses((status = 200, description = "A page of resources.", body = Vec<Resource>), Guarded))]
async fn list_resources(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    paging: Paging,
) -> Answer<Listed<Resource>> {
    let page = uses.console.list_resources(&who, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Get a resource
///
/// Needs resources:view.
#[utoipa::path(get, path = "/resources/{id}", tag = "resources", params(ResourceId),
    responses((status = 200, description = "The resource.", body = Resource), Guarded))]
async fn get_resource(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ResourceId(id): ResourceId,
) -> Answer<Json<Resource>> {
    Ok(Json(uses.console.get_resource(&who, id).await?))
}
