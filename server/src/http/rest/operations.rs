//! Operations: what is being done, step by step.

use axum::Json;
use axum::extract::State;
use contract::operation::Operation;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::path::{OperationId, ServiceId};
use super::refusals::Guarded;
use crate::http::credential::Authorised;
use crate::http::query::{Listed, Paging};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(list_operations)).routes(routes!(get_operation))
}

/// List a service's operations
///
/// Newest first. Needs services:view.
#[utoipa::path(get, path = "/services/{id}/operations", tag = "operations", params(ServiceId, Paging),
    responses((status = 200, description = "A page of operations.", body = Vec<Operation>), Guarded))]
async fn list_operations(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    paging: Paging,
) -> Answer<Listed<Operation>> {
    let page = uses.console.list_operations(&who, &id, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Get an operation
///
/// With its steps. Needs services:view.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations", params(OperationId),
    responses((status = 200, description = "The operation.", body = Operation), Guarded))]
async fn get_operation(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    OperationId(id): OperationId,
) -> Answer<Json<Operation>> {
    Ok(Json(uses.console.get_operation(&who, id).await?))
}
