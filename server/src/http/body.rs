//! Every body is read whole, within a size and a time, before a handler sees the request: handlers, extractors and
//! server functions alike meet only bodies that have arrived.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ApiError;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Failure;

/// Three PEM files and some text are the most that a request carries.
pub const LARGEST: usize = 256 * 1024;

/// A body within the limit takes no longer on any connection worth serving.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How much of a body that is too large is read all the same: a client that is still writing when the connection closes
/// never sees the answer, only that its writing failed.
const PASSED_OVER: usize = 16 * 1024 * 1024;

/// Reads the body and hands the request on with it.
pub async fn read(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > LARGEST as u64) {
        // who asks first doesn't write before he has the answer
        if !parts.headers.contains_key(header::EXPECT) {
            tokio::spawn(pass_over(body));
        }
        return Failure(ApiError::TooLarge(LARGEST)).into_response();
    }
    let body = match tokio::time::timeout(PATIENCE, Limited::new(&mut body, LARGEST).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            tokio::spawn(pass_over(body));
            return Failure(ApiError::TooLarge(LARGEST)).into_response();
        }
        Ok(Err(_)) => return Failure(ApiError::Unreadable("The body broke off".into())).into_response(),
        Err(_) => {
            return Failure(ApiError::Unreadable(format!("The body didn't arrive within {} s", PATIENCE.as_secs())))
                .into_response();
        }
    };
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Reads and forgets, within a size and a time.
async fn pass_over(body: Body) {
    let read = async {
        let mut body = Limited::new(body, PASSED_OVER);
        while body.frame().await.is_some_and(|frame| frame.is_ok()) {}
    };
    // whoever is slower or sends more than that has had his chance
    let _ = tokio::time::timeout(PATIENCE, read).await;
}
