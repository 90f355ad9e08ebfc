//! Services: the noun that all others serve.

mod actions;
mod filter;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::console::Secrets;
use contract::error::ErrorBody;
use contract::preflight::Check;
use contract::{NewService, Service, ServiceChange};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::IdempotencyKey;
use super::path::ServiceId;
use super::refusals::{Changing, Guarded};
use super::{Answer, Created};
use crate::http::Body;
use crate::http::credential::Authorised;
use crate::http::query::Listed;
use crate::http::uses::Uses;
use filter::Wanted;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new()
        .routes(routes!(list_services, create_service))
        .routes(routes!(preflight))
        .routes(routes!(get_service, update_service, delete_service))
        .merge(actions::routes())
}

/// List the services
///
/// Those that the caller can reach, newest first, without credentials. Needs services:view.
#[utoipa::path(get, path = "/services", tag = "services", params(Wanted),
    responses((status = 200, description = "A page of services.", body = Vec<Service>),
        (status = 422, description = "Nothing is found by this `q`.", body = ErrorBody), Guarded))]
async fn list_services(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    Wanted { filter, paging }: Wanted,
) -> Answer<Listed<Service>> {
    let page = uses.console.list_services(&who, filter, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Create a service
///
/// Answers at once, with the credentials; it is made in the background, as an operation. Needs services:manage.
#[utoipa::path(post, path = "/services", tag = "services", params(IdempotencyKey), request_body = NewService,
    responses((status = 201, description = "The service.", body = Service, headers(("Location" = String, description = "The service's address."))), Changing))]
async fn create_service(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    IdempotencyKey(key): IdempotencyKey,
    Body(new): Body<NewService>,
) -> Answer<Created<Service>> {
    let service = uses.console.create_service(&who, new, key).await?;
    Ok(Created(format!("/api/v1/services/{}", service.uuid), service))
}

/// Check an external source
///
/// What the source of an `external_replica` is found to be, before anything is made of it: each check with its result and, where
/// something is wrong, what mends it. Takes the fields of a create that are about the source, and `postgres_version`, `disk_size` and
/// `instances` to compare with. Where it warns that the source offers no TLS, or isn't known by the name that it is dialled by, whoever
/// creates a replica of it within the hour agrees to that; nobody else's replica signs in there. Needs services:manage.
#[utoipa::path(post, path = "/services/preflight", tag = "services", request_body = NewService,
    responses((status = 200, description = "The checks, in the order in which they were made.", body = Vec<Check>), Changing))]
async fn preflight(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    Body(new): Body<NewService>,
) -> Answer<Json<Vec<Check>>> {
    Ok(Json(uses.console.preflight(&who, new).await?))
}

/// Get a service
///
/// With its credentials for callers with services:reveal; each such answer is a line of the audit log. Needs services:view.
#[utoipa::path(get, path = "/services/{id}", tag = "services", params(ServiceId),
    responses((status = 200, description = "The service.", body = Service), Guarded))]
async fn get_service(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.get_service(&who, &id, Secrets::Shown).await?))
}

/// Change a service
///
/// What is absent stays as it is; a disk never shrinks. Needs services:manage.
#[utoipa::path(put, path = "/services/{id}", tag = "services", params(ServiceId), request_body = ServiceChange,
    responses((status = 200, description = "The service.", body = Service), Changing))]
async fn update_service(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Body(change): Body<ServiceChange>,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.update_service(&who, &id, change).await?))
}

/// Delete a service
///
/// It answers 200 with the state `deleting` until all of it is gone, then 404. Needs services:manage.
#[utoipa::path(delete, path = "/services/{id}", tag = "services", params(ServiceId),
    responses((status = 204, description = "It is being deleted."), Guarded))]
async fn delete_service(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<StatusCode> {
    uses.console.delete_service(&who, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
