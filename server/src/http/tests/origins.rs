//! Requests that another site's page could have a browser send (H18).

use super::*;

/// Status of a POST with these headers.
async fn post(site: Site, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = request("POST", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&app(site), request.body(Body::empty()).unwrap()).await.status().as_u16()
}

#[tokio::test]
async fn h18_changes_must_come_from_our_own_pages() {
    for (headers, allowed) in [
        (&[("sec-fetch-site", "same-origin")][..], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:7340")], true),
        (&[("origin", "http://127.0.0.1:7340")], true),
        (&[], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:7340")], false),
        (&[("sec-fetch-site", "")], false),
        (&[("sec-fetch-site", "Same-Origin, cross-site")], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
        (&[("origin", "null")], false),
        (&[("origin", "")], false),
        (&[("origin", "https://127.0.0.1:7340")], false),
        (&[("origin", "http://127.0.0.1")], false),
        (&[("origin", "http://127.0.0.1:7341")], false),
        (&[("origin", "http://localhost:7340")], false),
        (&[("origin", "http://127.0.0.1:7340.evil.example")], false),
        (&[("origin", "http://evil.example")], false),
        (&[("origin", "http://127.0.0.1:7340"), ("origin", "http://evil.example")], false),
        (&[("referer", "http://127.0.0.1:7340/sign-in")], false),
    ] {
        for path in ["/sign-in", "/page", "/call/thing"] {
            let status = post(Site::default(), path, headers).await;
            assert_eq!(status, if allowed { 200 } else { 403 }, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn h18_every_content_type_is_refused_alike() {
    for kind in
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]
    {
        assert_eq!(post(Site::default(), "/call/thing", &[("content-type", kind)]).await, 403);
    }
}

#[tokio::test]
async fn h18_calls_are_post_only() {
    let app = app(Site::default());
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let response = fetch(&app, method, "/call/thing").await;
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(head(&response, "allow"), "POST");
    }
}

#[tokio::test]
async fn the_api_never_reads_cookies_and_asks_for_no_origin() {
    let json = [("content-type", "application/json"), ("origin", "https://elsewhere.example")];
    assert_ne!(post(Site::default(), "/api/v1/echo", &json).await, 403);
    let response = fetch(&app(Site::default()), "GET", "/api/v1/echo").await;
    assert_eq!(head(&response, "access-control-allow-origin"), "");
}

#[tokio::test]
async fn the_scheme_of_our_origin_is_that_of_the_browsers() {
    let tls = || Site { tls: true, ..Site::default() };
    assert_eq!(post(tls(), "/page", &[("origin", "https://127.0.0.1:7340")]).await, 200);
    assert_eq!(post(tls(), "/page", &[("origin", "http://127.0.0.1:7340")]).await, 403);
}

#[tokio::test]
async fn behind_a_proxy_the_public_name_is_ours_on_its_own_port() {
    let proxied = || Site { behind_proxy: true, public_host: Some("berth.example.com".into()), ..Site::default() };
    for (headers, allowed) in [
        (&[("origin", "https://berth.example.com")][..], true),
        (&[("origin", "http://berth.example.com")], false),
        (&[("origin", "https://berth.example.com:8443")], false),
        (&[("origin", "http://berth.example.com"), ("x-forwarded-proto", "http")], true),
        (&[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")], false),
    ] {
        assert_eq!(post(proxied(), "/page", headers).await, if allowed { 200 } else { 403 }, "{headers:?}");
    }
    let unproxied = Site { public_host: Some("berth.example.com".into()), ..Site::default() };
    assert_eq!(post(unproxied, "/page", &[("origin", "http://berth.example.com")]).await, 403);
}
