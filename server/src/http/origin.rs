//! The origin check: a page of another site mustn't make a user's browser change something (CSRF).
//!
//! It covers every state-changing request outside the REST API, so that a new form or call can't forget it. The REST
//! API needs none: it never looks at cookies. Server functions, below `/call/`, are POST without exception.
//!
//! Browsers say by Sec-Fetch-Site where a request comes from (`same-origin`; `none`: the user's own doing). Older
//! ones, and all on plain HTTP beyond loopback, don't; then Origin must be ours. With neither, the request is refused.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ApiError;
use url::Url;

use super::{AppState, Failure, Site, host, router};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what another site's page could have sent.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if router::is_call(path) && request.method() != Method::POST {
        let refusal = Failure(ApiError::Method(request.method().to_string()));
        return ([(header::ALLOW, HeaderValue::from_static("POST"))], refusal).into_response();
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if changes && !router::is_api(path) && !ours(&state.site, request.headers(), request.uri()) {
        return Failure(ApiError::Refused("The request comes from another site, or doesn't say where from".into()))
            .into_response();
    }
    next.run(request).await
}

/// Whether the request comes from a page of this console, or from no page at all.
pub fn ours(site: &Site, headers: &HeaderMap, uri: &Uri) -> bool {
    match single(headers, &SEC_FETCH_SITE) {
        Ok(Some(from)) => return matches!(from, "same-origin" | "none"),
        Err(Unclear) => return false,
        Ok(None) => {}
    }
    match single(headers, &header::ORIGIN) {
        Ok(Some(origin)) => is_own_origin(site, headers, uri, origin),
        _ => false,
    }
}

/// Ours is the scheme that browsers speak with us, and the host and port that this very request is for; behind a
/// proxy that rewrites Host, also `--public-host` on the scheme's own port.
fn is_own_origin(site: &Site, headers: &HeaderMap, uri: &Uri, origin: &str) -> bool {
    let scheme = if site.secure(headers) { "https" } else { "http" };
    let Ok(origin) = Url::parse(origin) else { return false };
    let own = |authority: &str| {
        Url::parse(&format!("{scheme}://{authority}")).is_ok_and(|own| own.origin() == origin.origin())
    };
    if host::authority(headers, uri).is_ok_and(|host| own(host.as_str())) {
        return true;
    }
    let public = site.public_host.as_deref().filter(|_| site.behind_proxy);
    public.is_some_and(|name| if name.contains(':') { own(&format!("[{name}]")) } else { own(name) })
}

/// Said twice, or in bytes that aren't text.
struct Unclear;

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Unclear> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => line.to_str().map(Some).map_err(|_| Unclear),
        (Some(_), Some(_)) => Err(Unclear),
    }
}
