//! Live events over the REST API.

use axum::extract::State;
use axum::response::Response;
use contract::console::Secrets;
use contract::event::Event;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::path::ServiceId;
use super::refusals::Streaming;
use crate::http::credential::Pass;
use crate::http::stream;
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(stream_events)).routes(routes!(stream_service_events))
}

/// Stream what changes
///
/// Server-sent events about everything that the caller can reach: that something changed, never what. The stream ends
/// when the caller loses his access, when events may have been lost, and when the console ends: connect again, and
/// fetch what you show. Any member.
#[utoipa::path(get, path = "/events", tag = "events",
    responses((status = 200, description = "One event per `data:` line.", body = Event, content_type = "text/event-stream"), Streaming))]
async fn stream_events(State(uses): State<Uses>, pass: Pass) -> Answer<Response> {
    Ok(stream::open(uses, pass, None)?)
}

/// Stream what changes about one service
///
/// As `/events`, and it ends, too, when the service is gone. Needs services:view.
#[utoipa::path(get, path = "/services/{id}/events", tag = "events", params(ServiceId),
    responses((status = 200, description = "One event per `data:` line.", body = Event, content_type = "text/event-stream"), Streaming))]
async fn stream_service_events(State(uses): State<Uses>, pass: Pass, ServiceId(id): ServiceId) -> Answer<Response> {
    let service = uses.console.get_service(&pass.caller, &id, Secrets::Hidden).await?;
    Ok(stream::open(uses, pass, Some(service.uuid))?)
}
