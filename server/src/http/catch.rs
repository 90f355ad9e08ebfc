//! The last resort: a handler that panics or hangs still ends in an answer.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ApiError;
use futures::FutureExt;

use super::{Failure, RequestId};

/// Longer than any use case's own deadline, which says more in its message. It ends with the answer's head: streams
/// go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers 500 for a panic, which the panic hook has logged within this request's span, and 503 for a hang.
pub async fn guard(id: RequestId, request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Failure(ApiError::Internal(id.to_string())).into_response(),
        Err(_) => {
            tracing::warn!(s = PATIENCE.as_secs(), "gave a request up");
            Failure(ApiError::Unavailable("This took too long: try again".into())).into_response()
        }
    }
}
