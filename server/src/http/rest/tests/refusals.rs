//! Who is refused, and in which words.

use contract::error::Noun;
use contract::permission::Permission;
use contract::{ApiError, Problem};

use super::*;

const OTHER: &str = "0192f0c1-0000-7abc-8def-0123456789ab";

#[tokio::test]
async fn every_refusal_of_a_use_case_has_its_status_and_body() {
    let (app, fake) = app(Site::default());
    for (error, status) in [
        (ApiError::Forbidden(Permission::ServicesManage), 403),
        (ApiError::NotFound(Noun::Service), 404),
        (ApiError::Conflict("The key exists".into()), 409),
        (Problem::missing("label").into(), 400),
        (Problem::breaks("label", "too_long", "is too long (maximum is 40 characters)").into(), 422),
        (ApiError::TooMany(7), 429),
        (ApiError::Unavailable("The metadata store is away".into()), 503),
        (ApiError::Internal("x".into()), 500),
    ] {
        *fake.refusal.lock().unwrap() = Some(error.clone());
        let response = call(&app, "PUT", "/api/v1/services/postgres-ab", "{}").await;
        assert_eq!(response.status(), status, "{error}");
        assert_eq!(head(&response, "retry-after"), if status == 429 { "7" } else { "" });
        let id = head(&response, "x-request-id").to_owned();
        assert_eq!(json(response).await, serde_json::to_value(error.body(&id)).unwrap());
    }
}

#[tokio::test]
async fn h14_nobody_and_strangers() {
    let (app, fake) = app(Site::default());
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = Request::builder().uri("/api/v1/services").header(header::HOST, "berth.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        let (status, challenge) = (response.status().as_u16(), head(&response, "www-authenticate").to_owned());
        assert_eq!(challenge, if status == 401 { "Bearer" } else { "" }, "{headers:?}");
        (status, json(response).await)
    };
    let (good, id) = (("authorization", "Bearer good"), ID.to_string());
    for (headers, status) in [
        (&[good][..], 200),
        (&[good, ("x-workspace-id", &id)], 200),
        (&[good, ("X-Workspace-ID", &id.to_uppercase())], 200),
        (&[good, ("x-workspace-id", OTHER)], 404),
        (&[good, ("x-workspace-id", "")], 400),
        (&[good, ("x-workspace-id", "main")], 400),
        (&[good, ("x-workspace-id", &id), ("x-workspace-id", &id)], 400),
        (&[good, ("x-workspace-id", &id), ("x-workspace-id", OTHER)], 400),
        (&[], 401),
        (&[("x-workspace-id", "")], 401),
        (&[("authorization", "Bearer expired")], 401),
        (&[("authorization", "Basic good")], 401),
        (&[good, good], 401),
        (&[("cookie", "__Host-berth=good; berth-0=good; berth-7340=good")], 401),
    ] {
        assert_eq!(ask(headers).await.0, status, "{headers:?}");
    }
    fake.asked();
    insta::assert_json_snapshot!(ask(&[]).await.1, { ".request_id" => "…" }, @r#"
    {
      "error": "Sign in: send Authorization: Bearer <token>",
      "fields": [],
      "request_id": "…"
    }
    "#);
    insta::assert_json_snapshot!(ask(&[good, ("x-workspace-id", "")]).await.1, { ".request_id" => "…" }, @r#"
    {
      "error": "X-Workspace-Id is invalid",
      "fields": [
        {
          "code": "invalid",
          "field": "X-Workspace-Id",
          "message": "X-Workspace-Id is invalid (one uuid)"
        }
      ],
      "request_id": "…"
    }
    "#);
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn h22_a_token_in_the_query_is_no_token() {
    let (app, _) = app(Site::default());
    for query in ["access_token=good", "token=good", "authorization=Bearer%20good"] {
        let request = Request::builder().uri(format!("/api/v1/users/me?{query}")).header(header::HOST, "berth.example");
        assert_eq!(send(&app, request.body(Body::empty()).unwrap()).await.status(), 401, "{query}");
    }
}

#[tokio::test]
async fn nobody_learns_what_is_there() {
    let (app, _) = app(Site::default());
    let (_, document) = crate::http::openapi::api();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if path.contains("/auth/") {
                continue;
            }
            let path = path.replace("{id}", "x");
            let request =
                Request::builder().method(&*method.to_uppercase()).uri(&path).header(header::HOST, "berth.example");
            let response = send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status(), 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn unknown_parameters_are_named() {
    let (app, fake) = app(Site::default());
    let response = call(&app, "GET", "/api/v1/services?page=2&project_id=x&state=ill", "").await;
    assert_eq!(response.status(), 400);
    assert_eq!(json(response).await["error"], "page is not a parameter of this request");
    let response = call(&app, "GET", "/api/v1/services?project_id=x&service_type=mysql&state=ill", "").await;
    insta::assert_json_snapshot!(json(response).await, { ".request_id" => "…" }, @r#"
    {
      "error": "project_id is invalid, service_type does not have a valid value, state does not have a valid value",
      "fields": [
        {
          "code": "invalid",
          "field": "project_id",
          "message": "project_id is invalid (a uuid)"
        },
        {
          "code": "not_listed",
          "field": "service_type",
          "message": "service_type does not have a valid value (postgres/shared_storage)"
        },
        {
          "code": "not_listed",
          "field": "state",
          "message": "state does not have a valid value (pending/processing/creating/healthy/bound/stopped/degraded/failed/failing/lost/crashloopbackoff/deleting)"
        }
      ],
      "request_id": "…"
    }
    "#);
    for path in ["/api/v1/projects?q=a", "/api/v1/resources?limit=1&limit=2", "/api/v1/projects/{ID}/vars?key=a"] {
        assert_eq!(call(&app, "GET", path, "").await.status(), 400, "{path}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn what_is_no_uuid_is_not_there() {
    let (app, fake) = app(Site::default());
    for (path, words) in [
        ("/api/v1/projects/default", "Project not found"),
        ("/api/v1/projects/x/vars", "Project not found"),
        ("/api/v1/resources/1", "Resource not found"),
        ("/api/v1/operations/%ff", "Operation not found"),
        ("/api/v1/services/%ff", "Service not found"),
    ] {
        let response = call(&app, "GET", path, "").await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(json(response).await["error"], words);
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn other_methods_are_named() {
    let (app, _) = app(Site::default());
    let response = call(&app, "PATCH", "/api/v1/services", "{}").await;
    assert_eq!((response.status().as_u16(), head(&response, "allow")), (405, "GET,HEAD,POST"));
}
