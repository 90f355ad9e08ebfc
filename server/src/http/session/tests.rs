//! Browsers: signing in and out, pages of workspaces, and the forms.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use contract::ApiError;

use crate::http::Site;
use crate::http::fake::{Fake, ID};
use crate::http::rest::tests::app;
use crate::http::tests::{head, send, text};

const LOOPBACK: &str = "berth-7340";

fn loopback() -> Site {
    Site { port: 7340, ..Site::default() }
}

fn site() -> (Router, Arc<Fake>) {
    app(loopback())
}

fn request(method: &str, path: &str, cookie: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7340");
    let request = request.header("sec-fetch-site", "same-origin").header(header::ACCEPT, "text/html");
    if cookie.is_empty() { request } else { request.header(header::COOKIE, format!("{LOOPBACK}={cookie}")) }
}

async fn get(app: &Router, path: &str, cookie: &str) -> Response<Body> {
    send(app, request("GET", path, cookie).body(Body::empty()).unwrap()).await
}

async fn post(app: &Router, path: &str, cookie: &str, form: &str) -> Response<Body> {
    let request = request("POST", path, cookie).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(app, request.header(header::USER_AGENT, "Browser").body(Body::from(form.to_owned())).unwrap()).await
}

/// Status, where to, and the cookie that was set.
fn sent(response: &Response<Body>) -> (u16, &str, &str) {
    (response.status().as_u16(), head(response, "location"), head(response, "set-cookie"))
}

const FRESH: &str = "berth-7340=fresh; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax";

#[tokio::test]
async fn h22_signing_in_begins_a_session_of_its_own() {
    let (app, fake) = site();
    let response =
        post(&app, "/sign-in", "", "email=Ann%40example.com&password=good&next=%2Fw%2Fmain%2Fservices").await;
    assert_eq!(sent(&response), (303, "/w/main/services", FRESH));
    assert_eq!(fake.asked(), ["sign_in ann@example.com".to_owned(), format!("open_session {ID} 127.0.0.1 Browser")]);
    let response = post(&app, "/sign-in", "planted", "email=ann%40example.com&password=good").await;
    assert_eq!(sent(&response), (303, "/", FRESH));
    assert_eq!(fake.asked()[1], "close_session planted");
}

#[tokio::test]
async fn over_tls_the_cookie_is_the_hosts_own() {
    let (app, _) = app(Site { tls: true, ..loopback() });
    let response = post(&app, "/sign-in", "", "email=ann%40example.com&password=good").await;
    assert_eq!(
        head(&response, "set-cookie"),
        "__Host-berth=fresh; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    );
}

#[tokio::test]
async fn a_refusal_leads_back_without_what_was_typed() {
    let (app, fake) = site();
    for form in
        ["email=ann%40example.com&password=bad", "email=ann%40example.com", "email=&password=", "password=good%00"]
    {
        let response = post(&app, "/sign-in", "", form).await;
        assert_eq!(sent(&response), (303, "/sign-in?e=credentials", ""), "{form}");
    }
    let response = post(&app, "/sign-in", "", "email=a%40b&password=bad&next=%2Fw%2Fmain").await;
    assert_eq!(head(&response, "location"), "/sign-in?e=credentials&next=%2Fw%2Fmain");
    *fake.locked_out.lock().unwrap() = Some(ApiError::Unavailable("The metadata store is away".into()));
    assert_eq!(post(&app, "/sign-in", "", "email=a%40b&password=good").await.status(), 503);
}

#[tokio::test]
async fn h21_signing_in_never_leads_elsewhere() {
    let (app, _) = site();
    for next in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2Fw%0d%0aSet-Cookie%3A%20a%3Db",
        "w",
    ] {
        let response = post(&app, "/sign-in", "", &format!("email=a%40b&password=good&next={next}")).await;
        assert_eq!(head(&response, "location"), "/", "{next}");
        let response = post(&app, "/sign-in", "", &format!("email=a%40b&password=bad&next={next}")).await;
        assert_eq!(head(&response, "location"), "/sign-in?e=credentials", "{next}");
        let response = post(&app, "/theme", "", &format!("theme=dark&back={next}")).await;
        assert_eq!(head(&response, "location"), "/", "{next}");
    }
}

#[tokio::test]
async fn h22_guessing_leads_back_and_says_when() {
    let (app, fake) = site();
    for _ in 0..10 {
        post(&app, "/sign-in", "", "email=ann%40example.com&password=bad").await;
    }
    fake.asked();
    let response = post(&app, "/sign-in", "", "email=ann%40example.com&password=good").await;
    assert_eq!(sent(&response), (303, "/sign-in?e=limited", ""));
    assert!(head(&response, "retry-after").parse::<u64>().unwrap() > 0);
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn h18_forms_of_other_sites_are_refused() {
    let (app, fake) = site();
    for path in ["/sign-in", "/sign-out", "/theme", "/set-up/good"] {
        let request = Request::builder().method("POST").uri(path).header(header::HOST, "127.0.0.1:7340");
        let request = request.header("sec-fetch-site", "cross-site").header(header::COOKIE, "berth-7340=good");
        assert_eq!(send(&app, request.body(Body::empty()).unwrap()).await.status(), 403, "{path}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn signing_out_ends_the_session_and_forgets_it() {
    let (app, fake) = site();
    let gone = "berth-7340=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
    assert_eq!(sent(&post(&app, "/sign-out", "good", "").await), (303, "/sign-in", gone));
    assert_eq!(fake.asked(), ["close_session good"]);
    assert_eq!(sent(&post(&app, "/sign-out", "", "").await), (303, "/sign-in", gone));
    assert!(fake.asked().is_empty());
    assert_eq!(get(&app, "/sign-out", "good").await.status(), 405);
}

#[tokio::test]
async fn the_theme_is_a_cookie() {
    let (app, _) = site();
    let response = post(&app, "/theme", "", "theme=dark&back=%2Fw%2Fmain%3Fq%3Da").await;
    assert_eq!(sent(&response), (303, "/w/main?q=a", "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax"));
    let response = post(&app, "/theme", "", "theme=%0d%0aSet-Cookie%3A+a%3Db").await;
    assert_eq!(sent(&response), (303, "/", "theme=system; Path=/; Max-Age=0; SameSite=Lax"));
}

#[tokio::test]
async fn h15_the_first_admin_is_signed_in_at_once() {
    let (app, fake) = site();
    let response = post(&app, "/set-up/good", "", "email=ann%40example.com&password=long+enough+it+is").await;
    assert_eq!(sent(&response), (303, "/", FRESH));
    assert_eq!(fake.asked()[0], "use_setup_link good ann@example.com");
    for (path, form, back) in [
        ("/set-up/good", "email=ann%40example.com&password=short", "/set-up/good?e=password"),
        ("/set-up/used", "email=ann%40example.com&password=long+enough+it+is", "/set-up/used?e=link"),
    ] {
        assert_eq!(sent(&post(&app, path, "", form).await), (303, back, ""));
    }
}

#[tokio::test]
async fn the_beginning_leads_on() {
    let (app, fake) = site();
    for (cookie, to) in [("good", "/w/main"), ("", "/sign-in"), ("ended", "/sign-in")] {
        assert_eq!(sent(&get(&app, "/", cookie).await), (303, to, ""), "{cookie}");
    }
    *fake.locked_out.lock().unwrap() = Some(ApiError::Unavailable("The metadata store is away".into()));
    assert_eq!(get(&app, "/", "good").await.status(), 503);
}

#[tokio::test]
async fn a_page_of_a_workspace_is_its_members() {
    let (app, _) = site();
    assert_eq!(
        sent(&get(&app, "/w/main/services?q=a%26b", "").await),
        (303, "/sign-in?next=%2Fw%2Fmain%2Fservices%3Fq%3Da%2526b", "")
    );
    assert_eq!(sent(&get(&app, "/w/main", "ended").await), (303, "/sign-in?e=expired&next=%2Fw%2Fmain", ""));
    for path in ["/w/main", "/w/main/services", "/w/main/projects", "/w/main/resources"] {
        let page = get(&app, path, "good").await;
        assert_eq!(page.status(), 200, "{path}");
        assert!(text(page).await.contains("ann@example.com"), "{path}");
    }
    for path in ["/w/other", "/w/other/services", "/w/%ff", "/w//services"] {
        let response = get(&app, path, "good").await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(!text(response).await.contains("orkspace"));
    }
    assert_eq!(get(&app, "/sign-in", "").await.status(), 200);
}

#[tokio::test]
async fn an_open_page_listens_with_its_cookie() {
    let (app, fake) = site();
    let response = get(&app, "/events?workspace=main", "good").await;
    assert_eq!((response.status().as_u16(), head(&response, "content-type")), (200, "text/event-stream"));
    assert_eq!(fake.asked(), ["subscribe"]);
    for (path, cookie, status) in [
        ("/events", "", 401),
        ("/events", "ended", 401),
        ("/events?workspace=other", "good", 404),
        ("/events?token=a", "good", 400),
    ] {
        assert_eq!(get(&app, path, cookie).await.status(), status, "{path} {cookie}");
    }
}
