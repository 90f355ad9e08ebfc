//! The REST API, `/api/v1`: one thin handler per endpoint, each a call of the use cases.
//!
//! A handler is registered together with its entry in the OpenAPI document, so that neither can be without the other.

mod auth;
mod body;
mod capabilities;
mod events;
mod operations;
pub(super) mod parameters;
mod path;
mod places;
mod projects;
pub(super) mod refusals;
mod resources;
mod services;
mod users;
mod vars;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use super::Failure;
use super::uses::Uses;

/// What a handler answers.
type Answer<T> = Result<T, Failure>;

/// Every endpoint, relative to `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(capabilities::routes())
        .merge(services::routes())
        .merge(operations::routes())
        .merge(events::routes())
        .merge(projects::routes())
        .merge(vars::routes())
        .merge(resources::routes())
        .merge(places::routes())
}

/// RFC 9110, section 11.6.1: a 401 says how to sign in.
pub(super) async fn challenge(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// 201, and where the new thing is.
struct Created<T>(String, T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.0)], Json(self.1)).into_response()
    }
}

#[cfg(test)]
pub(super) mod tests;
