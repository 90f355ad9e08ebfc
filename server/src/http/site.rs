//! What the console is to the outside: its scheme, its name, and whose address a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::config::Serve;

/// The part of the flags that answers and checks depend on.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Our own listener speaks TLS.
    pub tls: bool,
    /// A proxy in front does, and names the client.
    pub behind_proxy: bool,
    /// The name that users reach us by, beside loopback names and addresses.
    pub public_host: Option<String>,
    /// The port in the cookie's name on plain loopback HTTP.
    pub port: u16,
}

impl Site {
    /// The site that these flags describe. `port` is the one bound, which the flags may leave open.
    pub fn new(flags: &Serve, port: u16) -> Self {
        Self {
            tls: flags.tls(),
            behind_proxy: flags.behind_proxy,
            public_host: flags.public_host.as_ref().map(|host| host.as_str().to_owned()),
            port,
        }
    }

    /// Whether browsers speak TLS with us: then cookies are `Secure` and `__Host-`. A proxy that speaks plain HTTP
    /// with them is told apart by what it says last in X-Forwarded-Proto.
    pub fn secure(&self, headers: &HeaderMap) -> bool {
        self.tls
            || (self.behind_proxy
                && last(headers, "x-forwarded-proto").is_none_or(|proto| !proto.eq_ignore_ascii_case("http")))
    }

    /// The client's address. What a proxy appended last is the only part of X-Forwarded-For that a client can't
    /// write, and without a proxy it can write all of it.
    pub fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let forwarded = self.behind_proxy.then(|| last(headers, "x-forwarded-for").and_then(address)).flatten();
        forwarded.unwrap_or(peer).to_canonical()
    }
}

/// The last element of a list header, over all of its lines.
fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

/// `10.0.0.1`, `10.0.0.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

/// The address that a request comes from, for limits and the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    Arc<Site>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // Absent in tests that skip the listener.
        let peer =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |it| it.0.ip());
        Ok(Self(Arc::<Site>::from_ref(state).client(&parts.headers, peer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, lines: &[&'static str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for line in lines {
            map.append(name, line.parse().unwrap());
        }
        map
    }

    #[test]
    fn x_forwarded_for_counts_behind_a_proxy_only_and_then_its_last_part() {
        let peer = IpAddr::from([127, 0, 0, 1]);
        let proxied = Site { behind_proxy: true, ..Site::default() };
        for (lines, client) in [
            (&["1.1.1.1, 2.2.2.2"][..], "2.2.2.2"),
            (&["1.1.1.1", "2.2.2.2, 3.3.3.3"], "3.3.3.3"),
            (&["2.2.2.2:4711"], "2.2.2.2"),
            (&["[2001:db8::1]:80"], "2001:db8::1"),
            (&["::ffff:2.2.2.2"], "2.2.2.2"),
            (&["1.1.1.1, nonsense"], "127.0.0.1"),
            (&[""], "127.0.0.1"),
            (&[], "127.0.0.1"),
        ] {
            let headers = headers("x-forwarded-for", lines);
            assert_eq!(proxied.client(&headers, peer).to_string(), client, "{lines:?}");
            assert_eq!(Site::default().client(&headers, peer), peer);
        }
    }

    #[test]
    fn a_site_is_secure_by_its_own_tls_or_by_its_proxys() {
        let none = HeaderMap::new();
        let http = headers("x-forwarded-proto", &["https", "http"]);
        assert!(!Site::default().secure(&none));
        assert!(Site { tls: true, ..Site::default() }.secure(&http));
        let proxied = Site { behind_proxy: true, ..Site::default() };
        assert!(proxied.secure(&none) && !proxied.secure(&http));
        assert!(!Site::default().secure(&headers("x-forwarded-proto", &["https"])));
    }
}
