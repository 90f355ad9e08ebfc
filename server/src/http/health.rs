//! `GET /healthz` and `GET /readyz`, for whoever watches the process.

use std::time::Duration;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::AppState;

/// A store that takes longer isn't there.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the probes ask. The answers are public: no host names, no paths, no errors' own words.
#[async_trait]
pub trait Health: Send + Sync {
    /// Whether the metadata store is there and migrated; otherwise the reason.
    async fn store(&self) -> Result<(), String>;
    /// How the runtime is; it never makes the console unready.
    async fn runtime(&self) -> RuntimeHealth;
}

/// How what runs the services is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuntimeHealth {
    /// `local`, `kubernetes`.
    pub name: String,
    pub healthy: bool,
    /// Why not, or what is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The process answers.
pub async fn alive() -> Response {
    Json(json!({ "alive": true })).into_response()
}

/// The metadata store is there and migrated; 503 with a reason while not.
pub async fn ready(State(state): State<AppState>) -> Response {
    let store = within(state.health.store(), || Err("the metadata store doesn't answer".into())).await;
    let unknown = || RuntimeHealth { name: "unknown".into(), healthy: false, detail: Some("doesn't answer".into()) };
    let runtime = within(state.health.runtime(), unknown).await;
    match store {
        Ok(()) if state.closing.is_cancelled() => unready("the console is ending", &runtime),
        Ok(()) => Json(json!({ "ready": true, "runtime": runtime })).into_response(),
        Err(reason) => unready(&reason, &runtime),
    }
}

fn unready(reason: &str, runtime: &RuntimeHealth) -> Response {
    let body = json!({ "ready": false, "reason": reason, "runtime": runtime });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

async fn within<T>(answer: impl Future<Output = T>, late: impl FnOnce() -> T) -> T {
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| late())
}
