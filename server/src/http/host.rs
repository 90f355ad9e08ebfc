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
    if !EXEMPT.contains(&path)
        && !super::router::is_api(path)
        && let Err(error) = ours(&state.site, request.headers(), request.uri())
    {
        return Failure(error).into_response();
    }
    next.run(request).await
}

/// Whether the request is for a name of this console.
///
/// # Errors
/// It is for another, or it can't be read for which.
pub fn ours(site: &Site, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
    known(site, &authority(headers, uri)?)
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
    let whole = after_name.is_some_and(|rest| rest.is_empty() || (rest.starts_with(':') && host.port_u16().is_some()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h21_a_host_is_read_whole_or_not_at_all() {
        let status = |host: &'static str| {
            let headers = [(header::HOST, host.parse().unwrap())].into_iter().collect();
            ours(&Site::default(), &headers, &Uri::from_static("/")).map_err(|error| error.status())
        };
        for good in ["127.0.0.1:7340", "[::1]:7340", "[::1]", "LocalHost"] {
            assert_eq!(status(good), Ok(()), "{good}");
        }
        for bad in ["[::1]7:340", "[::1]7340", "localhost:x", "a@localhost", ""] {
            assert_eq!(status(bad), Err(400), "{bad}");
        }
        assert_eq!(status("evil.example"), Err(421));
    }
}
