//! Every route, and the layers around them in their order.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use contract::ApiError;
use contract::error::Noun;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use super::health::{self, Health};
use super::limits::SignInLimiter;
use super::uses::Uses;
use super::{
    Failure, Site, assets, body, catch, error, headers, host, openapi, origin, pages, request_id, session, trace,
};

/// What handlers and layers share.
#[derive(Clone)]
pub struct AppState {
    pub site: Arc<Site>,
    pub health: Arc<dyn Health>,
    pub sign_in: Arc<SignInLimiter>,
    /// Cancelled when the process is asked to end: streams end with it, so that the connections can.
    pub closing: CancellationToken,
}

impl FromRef<AppState> for Arc<Site> {
    fn from_ref(state: &AppState) -> Self {
        state.site.clone()
    }
}

/// Brotli beyond this costs more time than the bytes it saves.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

/// Below here: bearer tokens, never cookies; refusals in the contract's JSON.
pub(super) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Below here: server functions, always POST.
pub(super) fn is_call(path: &str) -> bool {
    path == "/call" || path.starts_with("/call/")
}

/// What answers without the use cases.
pub fn router(state: AppState) -> Router {
    layered(bare().merge(pages::routes(|| ())), state)
}

/// The whole console.
pub fn console(state: AppState, uses: Uses) -> Router {
    let door = from_fn_with_state(uses.clone(), session::door::admit);
    let pages = pages::routes(session::door::context(&uses)).layer(door);
    let uses = openapi::routes().merge(session::routes()).with_state(uses);
    layered(bare().merge(uses).merge(pages), state)
}

/// Leptos registers the server functions with the pages. What is below `/api` or `/call` and nowhere registered is
/// answered here; every other unknown address is a page that says so.
fn bare() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api", any(no_such_page))
        .route("/api/{*rest}", any(no_such_page))
        .route("/call", any(no_such_page))
        .route("/call/{*rest}", any(no_such_page))
        .merge(assets::routes())
}

async fn no_such_page() -> Failure {
    Failure(ApiError::NotFound(Noun::Page))
}

/// The first layer is the outermost: what it adds stands on every answer of those below it.
pub(super) fn layered(routes: Router<AppState>, state: AppState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn(request_id::assign))
        .layer(from_fn(trace::span))
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(CompressionLayer::new().quality(COMPRESSION))
        .layer(from_fn(error::shape))
        .layer(from_fn(catch::guard))
        .layer(from_fn_with_state(state.clone(), host::check))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(from_fn(body::read));
    routes.layer(layers).with_state(state)
}
