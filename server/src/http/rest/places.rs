//! Plans and regions: what resources are made of.

use axum::Json;
use axum::extract::State;
use contract::resource::{Plan, Region};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::refusals::Member;
use crate::http::credential::Authorised;
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(list_plans)).routes(routes!(list_regions))
}

/// List the plans
///
/// All of them at once. Any member.
#[utoipa::path(get, path = "/plans", tag = "resources",
    responses((status = 200, description = "Every plan.", body = Vec<Plan>), Member))]
async fn list_plans(State(uses): State<Uses>, Authorised(who): Authorised) -> Answer<Json<Vec<Plan>>> {
    Ok(Json(uses.console.list_plans(&who).await?))
}

/// List the regions
///
/// All of them at once. Any member.
#[utoipa::path(get, path = "/regions", tag = "resources",
    responses((status = 200, description = "Every region.", body = Vec<Region>), Member))]
async fn list_regions(State(uses): State<Uses>, Authorised(who): Authorised) -> Answer<Json<Vec<Region>>> {
    Ok(Json(uses.console.list_regions(&who).await?))
}
