//! What may be done with a service that is there.

use axum::Json;
use axum::extract::State;
use contract::Service;
use contract::change::{RevealRequest, StateChange};
use contract::connection::ConnectionDetails;
use contract::error::ErrorBody;
use contract::mount::{App, AppMount, AppUnmount};
use contract::replica::NewReplica;
use contract::service::ConnectionTest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Body;
use crate::http::credential::Authorised;
use crate::http::rest::body::Optional;
use crate::http::rest::path::ServiceId;
use crate::http::rest::refusals::{Changing, Guarded};
use crate::http::rest::{Answer, Created};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new()
        .routes(routes!(change_state))
        .routes(routes!(retry_service))
        .routes(routes!(reveal))
        .routes(routes!(promote_external))
        .routes(routes!(create_replica))
        .routes(routes!(promote_replica))
        .routes(routes!(mount_app))
        .routes(routes!(unmount_app))
        .routes(routes!(list_apps))
        .routes(routes!(rotate_password))
        .routes(routes!(test_connection))
}

/// Start, stop or restart a service
///
/// Needs services:operate.
#[utoipa::path(patch, path = "/services/{id}/state", tag = "services", params(ServiceId), request_body = StateChange,
    responses((status = 200, description = "The service.", body = Service), Changing))]
async fn change_state(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Body(change): Body<StateChange>,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.change_state(&who, &id, change).await?))
}

/// Try again at once
///
/// What has failed is tried again without waiting. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/retry", tag = "services", params(ServiceId),
    responses((status = 200, description = "The service.", body = Service),
        (status = 422, description = "Nothing of it has failed.", body = ErrorBody), Guarded))]
async fn retry_service(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.retry_service(&who, &id).await?))
}

/// Show a service's credentials
///
/// Who, what and why stand in the audit log before this answers. Needs services:reveal; the role support has to give
/// a `reason`.
#[utoipa::path(post, path = "/services/{id}/reveal", tag = "services", params(ServiceId), request_body = Option<RevealRequest>,
    responses((status = 200, description = "How to reach it.", body = ConnectionDetails), Changing))]
async fn reveal(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Optional(why): Optional<RevealRequest>,
) -> Answer<Json<ConnectionDetails>> {
    Ok(Json(uses.console.reveal(&who, &id, why).await?))
}

/// Promote a replica of an external server
///
/// It follows its source no longer and takes writes, with a role and a database of its own. What was kept of the source's secrets is
/// gone. Irreversible. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/promote_external", tag = "services", params(ServiceId),
    responses((status = 200, description = "The service.", body = Service),
        (status = 409, description = "It is being promoted.", body = ErrorBody),
        (status = 422, description = "It follows nobody, or doesn't run.", body = ErrorBody), Guarded))]
async fn promote_external(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.promote_external(&who, &id).await?))
}

/// Create a replica of a service
///
/// A service of its own that follows this one, a primary with one instance, and takes no writes: with its database, its credentials
/// and its public access. What the body leaves out is as the primary has it. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/create_replica", tag = "services", params(ServiceId),
    request_body = Option<NewReplica>,
    responses((status = 201, description = "The replica, which is made in the background.", body = Service,
        headers(("Location" = String, description = "The replica's address."))), Changing))]
async fn create_replica(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Optional(new): Optional<NewReplica>,
) -> Answer<Created<Service>> {
    let replica = uses.console.create_replica(&who, &id, new).await?;
    Ok(Created(format!("/api/v1/services/{}", replica.uuid), replica))
}

/// Promote a replica of a service
///
/// It follows its primary no longer and takes writes, with the same database and credentials. Irreversible. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/promote_replica", tag = "services", params(ServiceId),
    responses((status = 200, description = "The service.", body = Service),
        (status = 409, description = "It is being promoted.", body = ErrorBody),
        (status = 422, description = "It follows no other service, or doesn't run.", body = ErrorBody), Guarded))]
async fn promote_replica(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.promote_replica(&who, &id).await?))
}

/// Give an app a volume
///
/// The app's pods are replaced by such that have it. Asked again for an app that has it already, it goes to the new place. Only for
/// shared_storage; RWO allows one app. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/mount_app", tag = "services", params(ServiceId), request_body = AppMount,
    responses((status = 200, description = "The service.", body = Service), Changing))]
async fn mount_app(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Body(mount): Body<AppMount>,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.mount_app(&who, &id, mount).await?))
}

/// Take a volume from an app
///
/// The app's pods are replaced by such that haven't got it. Only for shared_storage. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/unmount_app", tag = "services", params(ServiceId), request_body = AppUnmount,
    responses((status = 200, description = "The service.", body = Service), Changing))]
async fn unmount_app(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
    Body(unmount): Body<AppUnmount>,
) -> Answer<Json<Service>> {
    Ok(Json(uses.console.unmount_app(&who, &id, unmount).await?))
}

/// List the apps that may mount a volume
///
/// Those of its project, by name, whether they mount it or not. Only for shared_storage. Needs services:view.
#[utoipa::path(get, path = "/services/{id}/apps", tag = "services", params(ServiceId),
    responses((status = 200, description = "The apps.", body = Vec<App>),
        (status = 422, description = "It is no volume.", body = ErrorBody), Guarded))]
async fn list_apps(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<Vec<App>>> {
    Ok(Json(uses.console.list_apps(&who, &id).await?))
}

/// Give a service another password
///
/// The new one is answered this once with every line that holds it; the old one ends as soon as it is set, and variables that
/// Berth wrote follow. Needs services:operate.
#[utoipa::path(post, path = "/services/{id}/rotate_password", tag = "services", params(ServiceId),
    responses((status = 200, description = "How to reach it from now on.", body = ConnectionDetails),
        (status = 422, description = "It doesn't run, or has no password.", body = ErrorBody), Guarded))]
async fn rotate_password(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<ConnectionDetails>> {
    Ok(Json(uses.console.rotate_password(&who, &id).await?))
}

/// Sign in to a service from the server
///
/// A sign-in that fails is an answer too: `ok` is false, and `error` has the server's words. Needs services:view.
#[utoipa::path(post, path = "/services/{id}/test_connection", tag = "services", params(ServiceId),
    responses((status = 200, description = "What came of it.", body = ConnectionTest),
        (status = 422, description = "There is nothing to sign in to.", body = ErrorBody), Guarded))]
async fn test_connection(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    ServiceId(id): ServiceId,
) -> Answer<Json<ConnectionTest>> {
    Ok(Json(uses.console.test_connection(&who, &id).await?))
}
