//! Headers, ids, hosts, probes: what every route gets, whatever it is (H20, H21).

use super::*;

/// One of each: page, asset, form, call, API, its errors, panics, unknown paths and methods.
const EVERYTHING: [(&str, &str, u16); 14] = [
    ("GET", "/page", 200),
    ("HEAD", "/page", 200),
    ("GET", "/asset", 200),
    ("POST", "/sign-in", 200),
    ("PUT", "/page", 405),
    ("GET", "/nothing", 404),
    ("GET", "/panic", 500),
    ("POST", "/call/thing", 200),
    ("GET", "/call/thing", 405),
    ("GET", "/api/v1/echo", 200),
    ("DELETE", "/api/v1/echo", 405),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/number/x", 400),
    ("GET", "/api/v1/busy", 429),
];

#[tokio::test]
async fn h20_every_answer_carries_the_security_headers() {
    let app = app(Site::default());
    for (method, path, status) in EVERYTHING {
        let response = fetch(&app, method, path).await;
        assert_eq!(response.status(), status, "{method} {path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(head(&response, name), value, "{method} {path}");
        }
        assert!(head(&response, "permissions-policy").contains("camera=()"));
        assert_eq!(head(&response, "strict-transport-security"), "");
        assert!(!head(&response, "x-request-id").is_empty(), "{method} {path}");
        let cache = if path == "/asset" { "public, immutable" } else { "no-store" };
        assert_eq!(head(&response, "cache-control"), cache, "{method} {path}");
    }
}

#[tokio::test]
async fn h19_the_policy_is_strict_and_its_nonce_fresh() {
    let app = app(Site::default());
    let mut nonces = Vec::new();
    for path in ["/page", "/page", "/nothing", "/panic"] {
        let response = fetch(&app, "GET", path).await;
        let policy = head(&response, "content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(nonce.len() >= 16, "{nonce}");
        assert_eq!(
            policy.replace(nonce, "…"),
            "default-src 'none'; script-src 'nonce-…' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
             font-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        nonces.push(nonce.to_owned());
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn the_nonce_reaches_whoever_renders() {
    use axum::Extension;
    use leptos::nonce::Nonce;
    let routes = Router::new().route("/", get(|Extension(nonce): Extension<Nonce>| async move { nonce.to_string() }));
    let response = fetch(&router::layered(routes, state(Site::default())), "GET", "/").await;
    let policy = head(&response, "content-security-policy").to_owned();
    assert!(policy.contains(&format!("'nonce-{}'", text(response).await)));
}

#[tokio::test]
async fn tls_of_our_own_adds_strict_transport_security() {
    let response = fetch(&app(Site { tls: true, ..Site::default() }), "GET", "/nothing").await;
    assert_eq!(head(&response, "strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn a_request_id_is_ours_unless_it_is_plain() {
    let app = app(Site::default());
    for (given, kept) in [
        ("a-B_9", true),
        (&"x".repeat(64), true),
        (&"x".repeat(65), false),
        ("", false),
        ("a b", false),
        ("a;b", false),
    ] {
        let response =
            send(&app, request("GET", "/id").header("x-request-id", given).body(Body::empty()).unwrap()).await;
        let id = head(&response, "x-request-id").to_owned();
        assert_eq!(id == given, kept, "{given}");
        assert_eq!(text(response).await, id);
        assert!(kept || uuid::Uuid::parse_str(&id).unwrap().get_version_num() == 7);
    }
    let twice =
        request("GET", "/id").header("x-request-id", "a").header("x-request-id", "b").body(Body::empty()).unwrap();
    assert_eq!(head(&send(&app, twice).await, "x-request-id").len(), 36);
}

async fn status_for_host(site: Site, path: &str, hosts: &[&str]) -> u16 {
    let mut request = Request::builder().uri(path);
    for host in hosts {
        request = request.header(header::HOST, *host);
    }
    send(&app(site), request.body(Body::empty()).unwrap()).await.status().as_u16()
}

#[tokio::test]
async fn h21_pages_answer_to_their_own_names_only() {
    let named = || Site { public_host: Some("berth.example.com".into()), ..Site::default() };
    for host in [
        "127.0.0.1:7340",
        "localhost",
        "LOCALHOST:7340",
        "[::1]:7340",
        "192.168.1.5",
        "berth.example.com:443",
        "Berth.Example.com",
    ] {
        assert_eq!(status_for_host(named(), "/page", &[host]).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "berth.example.com.evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "2130706433",
        "0x7f.1",
    ] {
        assert_eq!(status_for_host(named(), "/page", &[host]).await, 421, "{host}");
    }
    for host in ["", "a b", "user@localhost", "localhost:port", "/", "[::1"] {
        let status = status_for_host(named(), "/page", &[host]).await;
        assert!(status == 400 || status == 421, "{host}: {status}");
    }
    assert_eq!(status_for_host(named(), "/page", &[]).await, 400);
    assert_eq!(status_for_host(named(), "/page", &["localhost", "localhost"]).await, 400);
    assert_eq!(status_for_host(Site::default(), "/page", &["berth.example.com"]).await, 421);
}

#[tokio::test]
async fn h21_a_forwarded_host_is_never_read() {
    let proxied = Site { behind_proxy: true, public_host: Some("berth.example.com".into()), ..Site::default() };
    let request = Request::builder()
        .uri("/page")
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "berth.example.com");
    assert_eq!(send(&app(proxied), request.body(Body::empty()).unwrap()).await.status(), 421);
}

#[tokio::test]
async fn the_api_and_the_probes_answer_under_any_name() {
    let app = router(state(Site::default()));
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/api/v1/nothing", 404)] {
        let request =
            Request::builder().uri(path).header(header::HOST, "berth.namespace.svc").body(Body::empty()).unwrap();
        assert_eq!(send(&app, request).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn readiness_is_the_stores_and_never_the_runtimes() {
    let ready = fetch(&router(state(Site::default())), "GET", "/readyz").await;
    assert_eq!(ready.status(), 200);
    let body = json(ready).await;
    assert_eq!((body["ready"].as_bool(), body["runtime"]["healthy"].as_bool()), (Some(true), Some(false)));

    let away = AppState { health: Arc::new(Fake { store: Err("migrating".into()) }), ..state(Site::default()) };
    let unready = fetch(&router(away), "GET", "/readyz").await;
    assert_eq!(unready.status(), 503);
    let body = json(unready).await;
    assert_eq!((body["reason"].as_str(), body["runtime"]["name"].as_str()), (Some("migrating"), Some("fake")));

    let ending = state(Site::default());
    ending.closing.cancel();
    assert_eq!(fetch(&router(ending.clone()), "GET", "/readyz").await.status(), 503);
    assert_eq!(fetch(&router(ending), "GET", "/healthz").await.status(), 200);
}

#[tokio::test]
async fn unknown_addresses_are_a_page_for_browsers_and_json_below_the_api() {
    let app = router(state(Site::default()));
    let page = fetch(&app, "GET", "/w/acme/nothing/here").await;
    assert_eq!(page.status(), 404);
    assert!(head(&page, "content-type").starts_with("text/html"));
    assert_eq!(head(&page, "cache-control"), "no-store");
    for (method, path) in
        [("GET", "/api/v1/nothing"), ("POST", "/api/nothing"), ("POST", "/call/nothing"), ("GET", "/api")]
    {
        let response = fetch(&app, method, path).await;
        assert_eq!(
            (response.status().as_u16(), head(&response, "content-type")),
            (404, "application/json"),
            "{method} {path}"
        );
    }
    for path in ["/pkg/0000/berth.css", "/pkg/%2e%2e/x", "/pkg/0000/../../key", "//evil.example/", "/.git/config"] {
        let response = fetch(&app, "GET", path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(head(&response, "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn pages_carry_the_nonce_of_their_own_policy() {
    let response = fetch(&router(state(Site::default())), "GET", "/sign-in").await;
    assert_eq!(response.status(), 200);
    let policy = head(&response, "content-security-policy").to_owned();
    for nonce in text(response).await.split(" nonce=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(policy.contains(&format!("'nonce-{nonce}'")), "{nonce} isn't in {policy}");
    }
}
