//! Refusals: one type for handlers to return, and one layer that gives each of them its body.
//!
//! | who asks | gets |
//! |---|---|
//! | the REST API, probes, programs | the contract's `{error \| errors, fields, request_id}` |
//! | an island that calls a server function, below `/call/` | the [`ApiError`] itself, as the console's side decodes it |
//! | a form that calls one (header `berth-form`) | what the REST API says |
//! | a browser that wants a page | a few words in HTML, which need no script |
//!
//! Answers of axum and tower without a body of ours (405, a path that can't be read, …) get one here, too.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use contract::ApiError;
use contract::error::Noun;

use super::{RequestId, body, router};

/// Set by server functions on their errors, which Leptos answers with 500 whatever they mean.
const SERVER_FN_ERROR: HeaderName = HeaderName::from_static("serverfnerror");

/// Sent by `frontend/page/forms.ts` with what people typed.
const FROM_FORM: HeaderName = HeaderName::from_static("berth-form");
/// The status that the refusal of a form would have.
const REFUSED: HeaderName = HeaderName::from_static("berth-refused");

/// An [`ApiError`] as the answer of a handler or a layer; [`shape`] writes its body.
#[derive(Debug)]
pub struct Failure(pub ApiError);

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

fn status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Who asks, and so which body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Api,
    Call,
    /// A call by a form.
    Typed,
    Page,
}

impl Form {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match path {
            path if router::is_api(path) => Self::Api,
            // a form places the messages by itself, as a program does
            path if router::is_call(path) && !request.headers().contains_key(FROM_FORM) => Self::Call,
            path if router::is_call(path) => Self::Typed,
            _ if accepts.contains("text/html") => Self::Page,
            _ => Self::Api,
        }
    }
}

/// Gives every refusal that passes its body.
pub async fn shape(id: RequestId, request: Request, next: Next) -> Response {
    let form = Form::of(&request);
    let method = request.method().to_string();
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        return write(response, &error, form, &id);
    }
    if response.headers().contains_key(SERVER_FN_ERROR) {
        return of_call(response, form, &id).await;
    }
    if !response.status().is_client_error() && !response.status().is_server_error() || is_shaped(&response) {
        return response;
    }
    match by_status(response.status(), method, &id) {
        Some(error) => write(response, &error, form, &id),
        None => response,
    }
}

/// Plain text is a library's; JSON and pages are ours.
fn is_shaped(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json") || kind.starts_with("text/html"))
}

/// Keeps the headers that the refusal came with (Allow, Set-Cookie) and writes the rest.
fn write(old: Response, error: &ApiError, form: Form, id: &RequestId) -> Response {
    let mut response = match form {
        Form::Api | Form::Typed => Json(error.body(id.as_str())).into_response(),
        Form::Call => Json(error).into_response(),
        Form::Page => Html(page(error, id)).into_response(),
    };
    // A browser complains of every answer that says no; to a form, words about what was typed are one that it understands.
    if let (Form::Typed, ApiError::Invalid(_)) = (form, error) {
        response.headers_mut().insert(REFUSED, HeaderValue::from(error.status()));
    } else {
        *response.status_mut() = status(error);
    }
    for (name, value) in old.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            response.headers_mut().append(name, value.clone());
        }
    }
    if let ApiError::TooMany(seconds) = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// A server function's error keeps its body and gets the status that belongs to it.
async fn of_call(response: Response, form: Form, id: &RequestId) -> Response {
    let (mut parts, old) = response.into_parts();
    let bytes = to_bytes(old, body::LARGEST).await.unwrap_or_default();
    match serde_json::from_slice::<ApiError>(&bytes) {
        Ok(error) => write(Response::from_parts(parts, Body::empty()), &error, form, id),
        Err(_) => {
            tracing::warn!("a server function's error isn't an ApiError");
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            Response::from_parts(parts, Body::from(bytes))
        }
    }
}

/// What a library meant by a bare status.
fn by_status(status: StatusCode, method: String, id: &RequestId) -> Option<ApiError> {
    Some(match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ApiError::Unreadable("The request can't be read".into())
        }
        StatusCode::NOT_FOUND => ApiError::NotFound(Noun::Page),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::Method(method),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(body::LARGEST),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::MediaType("This content type isn't taken here".into()),
        StatusCode::SERVICE_UNAVAILABLE => ApiError::Unavailable("Not available now: try again".into()),
        other if other.is_server_error() => {
            tracing::error!(status = other.as_u16(), "answered without a cause");
            ApiError::Internal(id.to_string())
        }
        _ => return None,
    })
}

fn page(error: &ApiError, id: &RequestId) -> String {
    let words = escape(&error.to_string());
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Berth</title></head><body><main><h1>{status}</h1>\
         <p role=\"alert\">{words}</p><p>Request {id}</p><p><a href=\"/\">Back to the console</a></p></main></body></html>",
        status = status(error)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
