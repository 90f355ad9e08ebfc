//! Names and addresses that come from outside: a source's host, an S3 endpoint, a Host header, where a redirect leads.
#![no_main]

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use contract::values::{Endpoint, SourceHost};
use server::http::{Site, host, session::next};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(host) = SourceHost::new(text) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:%".contains(c);
        assert!(host.as_str().chars().all(plain), "{host:?} is more than a host");
        assert!(!host.as_str().starts_with(['-', '/', '@']), "{host:?} is read as something else");
    }
    if let Ok(endpoint) = Endpoint::new(text) {
        let uri: Uri = endpoint.as_str().parse().expect("an endpoint is an address");
        assert!(uri.host().is_some_and(|host| !host.is_empty()), "{endpoint:?} names no server");
        assert!(!endpoint.as_str().contains(['@', '?', '#', ' ']), "{endpoint:?} is more than a server");
    }
    let site = Site { public_host: Some("console.example.com".into()), ..Site::default() };
    if let Ok(value) = HeaderValue::from_str(text) {
        let headers = HeaderMap::from_iter([(header::HOST, value)]);
        if host::ours(&site, &headers, &Uri::from_static("/")).is_ok() {
            assert!(!text.contains(['@', '/', ' ', '?']), "{text:?} passes as a host of ours");
        }
    }
    let there = next::local(Some(text));
    assert!(there.starts_with('/') && !there.starts_with("//") && !there.contains('\\'), "{there:?} leads away");
});
