//! What a request signs in with: header lines, `Cookie` and `Authorization` among them. A space before the first: over TLS.
#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use server::http::session::cookie;
use server::http::{Site, credential};

libfuzzer_sys::fuzz_target!(|lines: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let tls = lines.first() == Some(&b' ');
    let site = Site { tls, port: 7340, ..Site::default() };
    if let Some(secret) = cookie::read(&site, &headers) {
        let name = if tls { "__Host-berth=" } else { "berth-7340=" };
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let named: usize = lines.map(|line| line.matches(name).count()).sum();
        assert!(named >= 1, "a secret that no cookie holds");
        assert!(!secret.expose().is_empty() && !secret.expose().contains(';'), "a secret is one value");
    }
    if let Ok(token) = credential::bearer(&headers) {
        assert_eq!(headers.get_all(header::AUTHORIZATION).iter().count(), 1, "one line signs in");
        assert!(!token.expose().is_empty() && !token.expose().contains(char::is_whitespace), "a token is one word");
    }
});
