//! What each endpoint asks of the use cases, and how it answers.

use super::*;

/// Method, path, body, status, what was asked.
type Case = (&'static str, &'static str, &'static str, u16, &'static str);

const CASES: [Case; 44] = [
    ("GET", "/api/v1/capabilities", "", 200, "capabilities"),
    (
        "GET",
        "/api/v1/services",
        "",
        200,
        r#"list_services {"project_id":null,"resource_id":null,"service_type":null,"state":null,"q":null} limit=None cursor=None"#,
    ),
    (
        "GET",
        "/api/v1/services?project_id={ID}&service_type=postgres&state=healthy&q=a%20b&limit=2&cursor=c1",
        "",
        200,
        r#"list_services {"project_id":"0192f0c1-2345-7abc-8def-0123456789ab","resource_id":null,"service_type":"postgres","state":"healthy","q":"a b"} limit=Some("2") cursor=Some("c1")"#,
    ),
    (
        "POST",
        "/api/v1/services",
        r#"{"label":"Orders","state":"healthy"}"#,
        201,
        r#"create_service {"label":"Orders"} key=None surplus=["state"]"#,
    ),
    ("GET", "/api/v1/services/postgres-ab", "", 200, "get_service postgres-ab Shown"),
    ("GET", "/api/v1/services/a%2F%2e%2e", "", 200, "get_service a/.. Shown"),
    (
        "PUT",
        "/api/v1/services/postgres-ab",
        r#"{"ram_size":512}"#,
        200,
        r#"update_service postgres-ab {"ram_size":512}"#,
    ),
    ("DELETE", "/api/v1/services/postgres-ab", "", 204, "delete_service postgres-ab"),
    (
        "PATCH",
        "/api/v1/services/postgres-ab/state",
        r#"{"state":"process_stop"}"#,
        200,
        r#"change_state postgres-ab {"state":"process_stop"}"#,
    ),
    ("POST", "/api/v1/services/postgres-ab/retry", "", 200, "retry_service postgres-ab"),
    (
        "POST",
        "/api/v1/services/preflight",
        r#"{"external_host":"db.example"}"#,
        200,
        r#"preflight {"external_host":"db.example"}"#,
    ),
    ("POST", "/api/v1/services/postgres-ab/promote_external", "", 200, "promote_external postgres-ab"),
    ("POST", "/api/v1/services/postgres-ab/create_replica", "", 201, "create_replica postgres-ab {}"),
    ("POST", "/api/v1/services/postgres-ab/promote_replica", "", 200, "promote_replica postgres-ab"),
    (
        "POST",
        "/api/v1/services/postgres-ab/mount_app",
        r#"{"app_id":"deployment/web"}"#,
        200,
        r#"mount_app postgres-ab {"app_id":"deployment/web"}"#,
    ),
    (
        "POST",
        "/api/v1/services/postgres-ab/unmount_app",
        r#"{"app_id":"deployment/web"}"#,
        200,
        r#"unmount_app postgres-ab {"app_id":"deployment/web"}"#,
    ),
    ("GET", "/api/v1/services/postgres-ab/apps", "", 200, "list_apps postgres-ab"),
    ("POST", "/api/v1/services/postgres-ab/rotate_password", "", 200, "rotate_password postgres-ab"),
    ("POST", "/api/v1/services/postgres-ab/reveal", "", 200, "reveal postgres-ab {}"),
    (
        "POST",
        "/api/v1/services/postgres-ab/reveal",
        r#"{"reason":"ticket 7"}"#,
        200,
        r#"reveal postgres-ab {"reason":"ticket 7"}"#,
    ),
    ("POST", "/api/v1/services/postgres-ab/test_connection", "", 200, "test_connection postgres-ab"),
    (
        "GET",
        "/api/v1/services/postgres-ab/operations?limit=1",
        "",
        200,
        r#"list_operations postgres-ab limit=Some("1") cursor=None"#,
    ),
    ("GET", "/api/v1/operations/{ID}", "", 200, "get_operation {ID}"),
    ("GET", "/api/v1/projects", "", 200, "list_projects limit=None cursor=None"),
    ("POST", "/api/v1/projects", r#"{"name":"Shop"}"#, 201, r#"create_project {"name":"Shop"}"#),
    ("GET", "/api/v1/projects/{ID}", "", 200, "get_project {ID}"),
    ("PUT", "/api/v1/projects/{ID}", r#"{"name":"Shop"}"#, 200, r#"update_project {ID} {"name":"Shop"}"#),
    ("DELETE", "/api/v1/projects/{ID}", "", 204, "delete_project {ID}"),
    ("GET", "/api/v1/projects/{ID}/vars", "", 200, "list_vars {ID} limit=None cursor=None"),
    (
        "POST",
        "/api/v1/projects/{ID}/vars",
        r#"{"key":"A","value":"1"}"#,
        201,
        r#"create_var {ID} {"key":"A","value":"1"}"#,
    ),
    (
        "PUT",
        "/api/v1/projects/{ID}/vars",
        r#"{"key":"A","value":"2"}"#,
        200,
        r#"update_var {ID} {"key":"A","value":"2"}"#,
    ),
    ("DELETE", "/api/v1/projects/{ID}/vars", r#"{"key":"A"}"#, 204, r#"delete_var {ID} {"key":"A"}"#),
    ("DELETE", "/api/v1/projects/{ID}/vars?key=A", "", 204, r#"delete_var {ID} {"key":"A"}"#),
    ("DELETE", "/api/v1/projects/{ID}/vars?key=A", r#"{"key":"B"}"#, 400, ""),
    ("DELETE", "/api/v1/projects/{ID}/vars", "", 400, ""),
    ("GET", "/api/v1/resources", "", 200, "list_resources limit=None cursor=None"),
    ("GET", "/api/v1/resources/{ID}", "", 200, "get_resource {ID}"),
    ("GET", "/api/v1/plans", "", 200, "list_plans"),
    ("GET", "/api/v1/regions", "", 200, "list_regions"),
    ("GET", "/api/v1/users/me", "", 200, "me"),
    ("GET", "/api/v1/users/me/tokens", "", 200, "list_tokens limit=None cursor=None"),
    ("POST", "/api/v1/users/me/tokens", r#"{"label":"ci"}"#, 201, r#"create_token {"label":"ci"}"#),
    ("DELETE", "/api/v1/users/me/tokens/{ID}", "", 204, "revoke_token {ID}"),
    ("GET", "/api/v1/nothing", "", 404, ""),
];

#[tokio::test]
async fn every_endpoint_is_one_use_case() {
    let (app, fake) = app(Site::default());
    for (method, path, body, status, asked) in CASES {
        let response = call(&app, method, path, body).await;
        assert_eq!(response.status(), status, "{method} {path}: {}", text(response).await);
        let asked: Vec<String> =
            Some(asked.replace("{ID}", &ID.to_string())).into_iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(fake.asked(), asked, "{method} {path}");
        assert_eq!(head(&response, "cache-control"), "no-store", "{method} {path}");
        let kind = if status == 204 { "" } else { "application/json" };
        assert_eq!(head(&response, "content-type"), kind, "{method} {path}");
    }
}

/// A route is registered with its entry in the document, so the document lists them all; what this list lacks has no
/// test.
#[test]
fn every_entry_of_the_document_is_tried() {
    let (_, document) = crate::http::openapi::api();
    let elsewhere =
        ["/api/v1/auth/sign_in", "/api/v1/auth/refresh_token", "/api/v1/events", "/api/v1/services/{id}/events"];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let matches = |case: &&Case| {
                let (asked, known) = (case.1.split('?').next().unwrap().split('/'), path.split('/'));
                case.0.eq_ignore_ascii_case(method)
                    && asked.clone().count() == known.clone().count()
                    && asked.zip(known).all(|(asked, known)| known == "{id}" || asked == known)
            };
            assert!(elsewhere.contains(&path.as_str()) || CASES.iter().any(|case| matches(&case)), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_new_thing_says_where_it_is() {
    let (app, _) = app(Site::default());
    for (path, location) in [
        ("/api/v1/services", "/api/v1/services/{ID}"),
        ("/api/v1/projects", "/api/v1/projects/{ID}"),
        ("/api/v1/users/me/tokens", "/api/v1/users/me/tokens/{ID}"),
    ] {
        let response = call(&app, "POST", path, "{}").await;
        assert_eq!(head(&response, "location"), location.replace("{ID}", &ID.to_string()));
    }
}

#[tokio::test]
async fn a_page_links_to_the_next_one() {
    let (app, _) = app(Site::default());
    let response = call(&app, "GET", "/api/v1/services?q=a%20b&limit=1&cursor=c1", "").await;
    assert_eq!(head(&response, "link"), r#"</api/v1/services?q=a+b&limit=1&cursor=c2>; rel="next""#);
    let body = json(response).await;
    assert_eq!((body.as_array().unwrap().len(), &body[0]["connection_details"]), (1, &serde_json::Value::Null));
    let vars = call(&app, "GET", "/api/v1/projects/{ID}/vars", "").await;
    assert_eq!(head(&vars, "link"), format!("</api/v1/projects/{ID}/vars?cursor=c2>; rel=\"next\""));
    assert_eq!(head(&call(&app, "GET", "/api/v1/plans", "").await, "link"), "");
}

#[tokio::test]
async fn bodies_come_as_json_or_as_forms() {
    let (app, fake) = app(Site::default());
    for (kind, body) in [
        ("application/json; charset=utf-8", r#"{"label":"Ä b","public_access":"1"}"#),
        ("application/x-www-form-urlencoded", "label=%C3%84+b&public_access=1"),
    ] {
        let request =
            request("POST", "/api/v1/services").header(header::CONTENT_TYPE, kind).header("idempotency-key", "k1");
        assert_eq!(send(&app, request.body(Body::from(body)).unwrap()).await.status(), 201);
        assert_eq!(fake.asked(), [r#"create_service {"label":"Ä b","public_access":"1"} key=Some("k1") surplus=[]"#]);
    }
    for kind in ["text/plain", "multipart/form-data; boundary=x"] {
        let request = request("POST", "/api/v1/services").header(header::CONTENT_TYPE, kind);
        assert_eq!(send(&app, request.body(Body::from("{}")).unwrap()).await.status(), 415);
    }
    assert_eq!(call(&app, "POST", "/api/v1/services", "").await.status(), 415);
    assert_eq!(call(&app, "POST", "/api/v1/services", "{").await.status(), 400);
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn an_idempotency_key_is_one_text() {
    let (app, fake) = app(Site::default());
    let long = "k".repeat(256);
    for keys in [&[""][..], &["a", "a"], &[&long], &["ä"]] {
        let mut request = request("POST", "/api/v1/services").header(header::CONTENT_TYPE, "application/json");
        for key in keys {
            request = request.header("idempotency-key", *key);
        }
        assert_eq!(send(&app, request.body(Body::from("{}")).unwrap()).await.status(), 400, "{keys:?}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn signing_in_answers_tokens() {
    let (app, fake) = app(Site::default());
    let anybody = |path: &str, body: &str| {
        let request = Request::builder().method("POST").uri(path).header(header::HOST, "berth.example");
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_owned())).unwrap()
    };
    let response =
        send(&app, anybody("/api/v1/auth/sign_in", r#"{"email":" Ann@Example.com","password":"good"}"#)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(head(&response, "set-cookie"), "");
    insta::assert_json_snapshot!(json(response).await, @r#"
    {
      "access_token": "bat_x",
      "expires_in": 1800,
      "refresh_token": "brt_x"
    }
    "#);
    assert_eq!(fake.asked(), ["sign_in ann@example.com".to_owned(), format!("issue {ID}")]);
    let response = send(&app, anybody("/api/v1/auth/refresh_token", r#"{"refresh_token":"good"}"#)).await;
    assert_eq!(response.status(), 200);

    let wrong = send(&app, anybody("/api/v1/auth/sign_in", r#"{"email":"ann@example.com","password":"bad"}"#)).await;
    assert_eq!((wrong.status().as_u16(), head(&wrong, "www-authenticate")), (401, "Bearer"));
    let missing = send(&app, anybody("/api/v1/auth/sign_in", r#"{"email":"ann@example.com","remember":true}"#)).await;
    assert_eq!(missing.status(), 400);
    insta::assert_json_snapshot!(json(missing).await, { ".request_id" => "…" }, @r#"
    {
      "error": "remember is not a field of this request, password is missing",
      "fields": [
        {
          "code": "unknown",
          "field": "remember",
          "message": "remember is not a field of this request"
        },
        {
          "code": "missing",
          "field": "password",
          "message": "password is missing"
        }
      ],
      "request_id": "…"
    }
    "#);
    let stale = send(&app, anybody("/api/v1/auth/refresh_token", r#"{"refresh_token":"used"}"#)).await;
    assert_eq!(stale.status(), 401);
}

#[tokio::test]
async fn h22_guessing_a_password_is_limited() {
    let (app, _) = app(Site::default());
    let guess = || {
        let request =
            Request::builder().method("POST").uri("/api/v1/auth/sign_in").header(header::HOST, "berth.example");
        request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"email":"ann@example.com","password":"x"}"#))
            .unwrap()
    };
    for _ in 0..10 {
        assert_eq!(send(&app, guess()).await.status(), 401);
    }
    let limited = send(&app, guess()).await;
    assert_eq!(limited.status(), 429);
    assert!(head(&limited, "retry-after").parse::<u64>().unwrap() > 0);
}
