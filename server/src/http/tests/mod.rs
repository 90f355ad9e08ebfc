//! The whole router, asked without a socket; sockets themselves in [`sockets`].

mod layers;
mod origins;
mod refusals;
mod sockets;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::health::{Health, RuntimeHealth};
use super::limits::SignInLimiter;
use super::{AppState, Failure, RequestId, Site, router};

/// A store that is there or not, a runtime that is ill.
struct Fake {
    store: Result<(), String>,
}

#[async_trait]
impl Health for Fake {
    async fn store(&self) -> Result<(), String> {
        self.store.clone()
    }

    async fn runtime(&self) -> RuntimeHealth {
        RuntimeHealth { name: "fake".into(), healthy: false, detail: Some("ill".into()) }
    }
}

pub(super) fn state(site: Site) -> AppState {
    AppState {
        site: Arc::new(site),
        health: Arc::new(Fake { store: Ok(()) }),
        sign_in: Arc::new(SignInLimiter::default()),
        closing: CancellationToken::new(),
    }
}

/// Routes that do what handlers do, behind the real layers.
fn app(site: Site) -> Router {
    let routes = Router::new()
        .route("/page", get(|| async { axum::response::Html("<p>page</p>") }).post(|| async { "posted" }))
        .route("/sign-in", post(|| async { "in" }))
        .route("/asset", get(|| async { ([(header::CACHE_CONTROL, "public, immutable")], "asset") }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("Hunter2")
                }
            }),
        )
        .route("/id", get(|id: RequestId| async move { id.to_string() }))
        .route("/call/thing", post(|| async { "called" }).get(|| async { "read" }))
        .route("/call/fails", post(refusals::failing_call))
        .route("/call/refuses", post(refusals::refusing_call))
        .route("/api/v1/echo", post(refusals::echo).get(|| async { "got" }))
        .route("/api/v1/number/{n}", get(|_: axum::extract::Path<u32>| async {}))
        .route("/api/v1/busy", get(|| async { Failure(contract::ApiError::TooMany(7)) }))
        .fallback(|| async { Failure(contract::ApiError::NotFound(contract::error::Noun::Page)) });
    router::layered(routes, state(site))
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7340")
}

pub(super) async fn send(app: &Router, request: Request<Body>) -> Response<Body> {
    app.clone().oneshot(request).await.unwrap()
}

pub(super) async fn fetch(app: &Router, method: &str, path: &str) -> Response<Body> {
    send(app, request(method, path).header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap()).await
}

pub(super) async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

pub(super) async fn json(response: Response<Body>) -> serde_json::Value {
    serde_json::from_str(&text(response).await).unwrap()
}

pub(super) fn head<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}
