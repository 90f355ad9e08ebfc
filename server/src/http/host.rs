//! The Host check: a page of another site mustn't reach the console under a name of its own (DNS rebinding).
//!
//! Let through: `localhost`, every IP address (a rebound page arrives under a name), and `--public-host`. The port
//! isn't compared: forwarded ports are common, and a page can't choose its name by one. X-Forwarded-Host is never
//! read. The REST API takes bearer tokens only, which no page has, and is called under names inside a cluster; probes
//! send whatever they like: both are exempt.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ApiError;

use super::{AppState, Failure, Site};

const EXEMPT: [&str; 2] = ["/healthz", "/readyz"];

/// Refuses requests under a name that isn't ours.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !EXEMPT.contains(&path) && !super::router::is_api(path) {
        let ours = authority(request.headers(), request.uri()).and_then(|host| known(&state.site, &host));
        if let Err(error) = ours {
            return Failure(error).into_response();
        }
    }
    next.run(request).await
}

/// Whom the request is for: the target's own authority before the header, as HTTP has it.
pub(super) fn authority(headers: &HeaderMap, uri: &Uri) -> Result<Authority, ApiError> {
    let bad = |words: &str| ApiError::Unreadable(words.into());
    let mut lines = headers.get_all(header::HOST).iter();
    let host = match (uri.authority(), lines.next(), lines.next()) {
        (_, _, Some(_)) => return Err(bad("The request has two Host headers")),
        (Some(target), _, None) => target.clone(),
        (None, Some(line), None) => {
            let text = line.to_str().map_err(|_| bad("The Host header can't be read"))?;
            text.parse().map_err(|_| bad("The Host header can't be read"))?
        }
        (None, None, None) => return Err(bad("The request has no Host header")),
    };
    let after_name = host.as_str().strip_prefix(host.host());
    let whole = after_name.is_some_and(|rest| rest.is_empty() || host.port_u16().is_some());
    if host.host().is_empty() || !whole {
        return Err(bad("The Host header can't be read"));
    }
    Ok(host)
}

fn known(site: &Site, host: &Authority) -> Result<(), ApiError> {
    let name = host.host();
    let bare = bare(name);
    let is_address = name.parse::<Ipv4Addr>().is_ok() || (name.starts_with('[') && bare.parse::<Ipv6Addr>().is_ok());
    let is_public = site.public_host.as_ref().is_some_and(|public| public.eq_ignore_ascii_case(bare));
    if is_address || is_public || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(ApiError::Misdirected(format!(
        "This console doesn't answer to the name {name}: start it with --public-host {name} (BERTH_PUBLIC_HOST) if it should"
    )))
}

/// An IPv6 address without its brackets.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name)
}
