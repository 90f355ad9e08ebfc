//! What this installation can do.

use axum::Json;
use axum::extract::State;
use contract::Capabilities;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::refusals::Member;
use crate::http::credential::Authorised;
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(get_capabilities))
}

/// What this installation can do
///
/// Types, versions, modes and sizes, and the reason for each thing that it can't. Any member.
#[utoipa::path(get, path = "/capabilities", tag = "capabilities",
    responses((status = 200, description = "What can be asked for.", body = Capabilities), Member))]
async fn get_capabilities(State(uses): State<Uses>, Authorised(who): Authorised) -> Answer<Json<Capabilities>> {
    Ok(Json(uses.console.capabilities(&who).await?))
}
