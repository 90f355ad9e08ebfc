//! One span per request and one line when it is answered: id, method, path, status, milliseconds.

use std::time::Instant;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::RequestId;

/// Longer paths are cut: a line of a log has an end.
const LONGEST_PATH: usize = 200;

/// What follows these in a path is a secret of its own.
const SECRET_AFTER: [&str; 2] = ["/set-up/", "/invitations/"];

/// Opens the span. The query part, headers and bodies stay out of it.
pub async fn span(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let path = loggable(request.uri().path()).to_owned();
    // Probes come every few seconds.
    let quiet = matches!(path.as_str(), "/healthz" | "/readyz") || path.starts_with("/pkg/");
    let method = known(request.method());
    let span = tracing::info_span!("request", %id, method = %request.method(), %path);
    async move {
        let start = Instant::now();
        let response = next.run(request).await;
        // Tenths are enough, and read better.
        let took = start.elapsed();
        let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
        let status = response.status().as_u16();
        metrics::counter!("berth_http_requests_total", "method" => method, "status" => status.to_string()).increment(1);
        metrics::histogram!("berth_http_request_seconds").record(took);
        if quiet && status < 500 {
            tracing::debug!(status, ms, "answered");
        } else {
            tracing::info!(status, ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// Anybody can invent a method; a label may only have so many values.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

fn loggable(path: &str) -> &str {
    let end = SECRET_AFTER.iter().filter(|prefix| path.starts_with(**prefix)).map(|prefix| prefix.len()).next();
    let path = &path[..end.unwrap_or(path.len())];
    &path[..path.floor_char_boundary(LONGEST_PATH)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_paths_and_endless_paths_are_cut() {
        assert_eq!(loggable("/w/acme/services"), "/w/acme/services");
        assert_eq!(loggable("/set-up/s3cret"), "/set-up/");
        assert_eq!(loggable("/invitations/s3cret/accept"), "/invitations/");
        assert!(loggable(&"/ä".repeat(500)).len() <= LONGEST_PATH);
    }
}
