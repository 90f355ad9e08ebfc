//! Bodies of refusals, and requests whose bodies are refused (H08).

use super::*;
use crate::http::{Body as Read, body};

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Echo {
    text: String,
}

pub(super) async fn echo(Read(echo): Read<Echo>) -> axum::Json<Echo> {
    axum::Json(echo)
}

/// What Leptos answers for a server function that returned an error.
pub(super) async fn failing_call() -> Response<Body> {
    let error = serde_json::to_string(&contract::ApiError::Conflict("a restore runs".into())).unwrap();
    Response::builder().status(500).header("serverfnerror", "/call/fails").body(error.into()).unwrap()
}

/// The same where what was typed is at fault.
pub(super) async fn refusing_call() -> Response<Body> {
    let error = contract::ApiError::from(contract::Problem::breaks("label", "too_long", "is too long"));
    let error = serde_json::to_string(&error).unwrap();
    Response::builder().status(500).header("serverfnerror", "/call/refuses").body(error.into()).unwrap()
}

async fn post(path: &str, kind: Option<&str>, content: impl Into<Body>) -> Response<Body> {
    let mut request = request("POST", path).header("sec-fetch-site", "same-origin");
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    send(&app(Site::default()), request.body(content.into()).unwrap()).await
}

#[tokio::test]
async fn every_refusal_of_the_api_has_the_contracts_body() {
    let app = app(Site::default());
    for (method, path, status, words) in [
        ("GET", "/api/v1/nothing", 404, "Page not found"),
        ("DELETE", "/api/v1/echo", 405, "The method DELETE is not allowed here"),
        ("GET", "/api/v1/number/x", 400, "The request can't be read"),
        ("GET", "/api/v1/busy", 429, "Too many attempts: try again in 7 s"),
        ("POST", "/api/v1/echo", 415, "Send application/json or application/x-www-form-urlencoded, in UTF-8"),
    ] {
        let response = fetch(&app, method, path).await;
        assert_eq!(response.status(), status);
        assert_eq!(head(&response, "content-type"), "application/json");
        let id = head(&response, "x-request-id").to_owned();
        let body = json(response).await;
        assert_eq!(body, serde_json::json!({ "error": words, "fields": [], "request_id": id }));
    }
}

#[tokio::test]
async fn headers_of_a_refusal_survive_its_body() {
    let app = app(Site::default());
    assert!(head(&fetch(&app, "DELETE", "/api/v1/echo").await, "allow").contains("POST"));
    assert_eq!(head(&fetch(&app, "GET", "/api/v1/busy").await, "retry-after"), "7");
}

#[tokio::test]
async fn a_panic_is_a_500_with_the_id_and_without_its_words() {
    let response = fetch(&app(Site::default()), "GET", "/panic").await;
    assert_eq!(response.status(), 500);
    let id = head(&response, "x-request-id").to_owned();
    let body = text(response).await;
    assert!(body.contains(&id) && !body.contains("Hunter2"), "{body}");
}

#[tokio::test]
async fn a_browser_gets_a_page_and_text_in_it_is_escaped() {
    let request =
        Request::builder().uri("/page").header(header::HOST, "<i>.example").header("accept", "text/html,*/*;q=0.8");
    let response = send(&app(Site::default()), request.body(Body::empty()).unwrap()).await;
    assert!(response.status().is_client_error());
    assert_eq!(head(&response, "content-type"), "text/html; charset=utf-8");
    assert!(!text(response).await.contains("<i>"));

    let api = request_accepting("/api/v1/nothing");
    assert_eq!(head(&send(&app(Site::default()), api).await, "content-type"), "application/json");
}

fn request_accepting(path: &str) -> Request<Body> {
    request("GET", path).header("accept", "text/html").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_call_is_refused_in_its_own_encoding_and_with_the_right_status() {
    let failed = post("/call/fails", None, "").await;
    assert_eq!(failed.status(), 409);
    assert_eq!(json(failed).await, serde_json::json!({ "conflict": "a restore runs" }));

    let missing = post("/call/nothing", None, "").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await, serde_json::json!({ "not_found": "page" }));

    let large = post("/call/thing", None, vec![b'x'; body::LARGEST + 1]).await;
    assert_eq!(large.status(), 413);
}

#[tokio::test]
async fn a_form_is_told_the_words_of_each_field_and_the_browser_hears_of_no_failure() {
    let app = app(Site::default());
    let call = async |path: &str, form: bool| {
        let request = request("POST", path).header("sec-fetch-site", "same-origin");
        let request = if form { request.header("berth-form", "1") } else { request };
        send(&app, request.body(Body::empty()).unwrap()).await
    };
    let refused = call("/call/refuses", true).await;
    assert_eq!((refused.status().as_u16(), head(&refused, "berth-refused")), (200, "422"));
    let body = json(refused).await;
    assert_eq!(
        (&body["fields"][0]["field"], &body["fields"][0]["message"]),
        (&"label".into(), &"Label is too long".into())
    );
    assert_eq!(call("/call/refuses", false).await.status(), 422);

    // anything else than what was typed is a failure to a form, too
    let failed = call("/call/fails", true).await;
    assert_eq!((failed.status().as_u16(), head(&failed, "berth-refused")), (409, ""));
    assert_eq!(json(failed).await["error"], "a restore runs");
}

#[tokio::test]
async fn json_and_forms_are_read_alike() {
    let from_json = post("/api/v1/echo", Some("application/json"), r#"{"text":"ä b"}"#).await;
    let from_form =
        post("/api/v1/echo", Some("application/x-www-form-urlencoded; charset=utf-8"), "text=%C3%A4+b").await;
    assert_eq!(from_json.status(), 200);
    assert_eq!(text(from_json).await, text(from_form).await);
    assert_eq!(post("/api/v1/echo", Some("text/plain"), r#"{"text":"a"}"#).await.status(), 415);
    assert_eq!(post("/api/v1/echo", Some("application/json; charset=latin1"), r#"{"text":"a"}"#).await.status(), 415);
}

#[tokio::test]
async fn h08_large_deep_and_broken_bodies_are_refused() {
    let sized = |length: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(length - 11));
    let kind = Some("application/json");
    assert_eq!(post("/api/v1/echo", kind, sized(body::LARGEST)).await.status(), 200);
    assert_eq!(post("/api/v1/echo", kind, sized(body::LARGEST + 1)).await.status(), 413);
    assert_eq!(post("/api/v1/echo", kind, "[".repeat(200_000)).await.status(), 400);
    assert_eq!(post("/api/v1/echo", kind, r#"{"text":"a","text":"b"}"#).await.status(), 400);
    assert_eq!(post("/api/v1/echo", kind, r#"{"text":"#).await.status(), 400);
    assert_eq!(post("/api/v1/echo", kind, "").await.status(), 400);

    let unknown = json(post("/api/v1/echo", kind, r#"{"txet":"a"}"#).await).await;
    assert_eq!(unknown["fields"][0]["field"], "txet");
}

#[tokio::test]
async fn h08_a_length_that_is_too_large_is_refused_unread() {
    let request =
        request("POST", "/api/v1/echo").header(header::CONTENT_LENGTH, "99999999999").body(Body::empty()).unwrap();
    assert_eq!(send(&app(Site::default()), request).await.status(), 413);
}

#[tokio::test]
async fn h08_a_stream_without_a_length_is_cut_at_the_limit() {
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024]));
    let response = post("/api/v1/echo", Some("application/json"), Body::from_stream(chunks)).await;
    assert_eq!(response.status(), 413);
}

#[tokio::test(start_paused = true)]
async fn h23_a_body_that_trickles_is_given_up() {
    let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let response = post("/api/v1/echo", Some("application/json"), Body::from_stream(never)).await;
    assert_eq!(response.status(), 400);
    assert!(json(response).await["error"].as_str().unwrap().contains("10 s"));
}
