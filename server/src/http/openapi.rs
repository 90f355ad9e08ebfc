//! The OpenAPI document: generated from the handlers and the contract's types, served beside the API.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::middleware::from_fn;
use axum::response::Html;
use axum::routing::get;
use contract::error::ErrorBody;
use serde_json::{Value, json};
use utoipa::{IntoResponses, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::uses::Uses;
use super::{assets, docs, rest};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Berth",
        description = "Databases and shared volumes, each created and run as a service. Numbers may come as JSON numbers \
            or numeric strings, switches as true/false, \"true\"/\"false\", 1/0 or \"1\"/\"0\"; null and \"\" mean absent. Unknown \
            fields are refused by name. Times are RFC 3339, UTC.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    security(("bearer" = [])),
    tags(
        (name = "auth", description = "Signing in without a browser"),
        (name = "users", description = "The caller and his tokens"),
        (name = "capabilities", description = "What this installation can do"),
        (name = "services", description = "Databases and shared volumes"),
        (name = "operations", description = "What is being done, step by step"),
        (name = "events", description = "What changes, as it happens"),
        (name = "projects", description = "Projects and their environment variables"),
        (name = "resources", description = "Capacity, and what it is made of"),
    )
)]
struct Base;

/// The API, its document, and a page of it.
pub(super) fn routes() -> Router<Uses> {
    let (api, document) = api();
    let page: Arc<str> = docs::page(&document, &assets::bundle()).into();
    let json = Bytes::from(document.to_string());
    api.layer(from_fn(rest::challenge))
        .route("/api/v1/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .route("/docs", get(move || async move { Html(page.to_string()) }))
}

/// Every route below `/api/v1`, and the document of exactly these.
pub(super) fn api() -> (Router<Uses>, Value) {
    let (routes, document) =
        OpenApiRouter::with_openapi(Base::openapi()).nest("/api/v1", rest::routes()).split_for_parts();
    (routes, finished(serde_json::to_value(document).unwrap_or_default()))
}

/// What holds for every operation, and would have to be repeated at each handler.
fn finished(mut document: Value) -> Value {
    document["components"]["securitySchemes"] = json!({ "bearer": {
        "type": "http", "scheme": "bearer",
        "description": "An access token of `/auth/sign_in`, or a token made with `/users/me/tokens`.",
    } });
    document["components"]["headers"] = json!({
        "X-Request-Id": { "required": true, "description": "The id of this request in the log.", "schema": { "type": "string" } },
        "WWW-Authenticate": { "required": true, "description": "How to sign in.", "schema": { "const": "Bearer" } },
        "Retry-After": { "required": true, "description": "Seconds.", "schema": { "type": "integer", "minimum": 1 } },
    });
    document["components"]["schemas"]["StreamedEvent"] = json!({
        "description": "An event as it stands in a stream.", "type": "object", "required": ["data"],
        "properties": { "data": { "type": "string", "contentMediaType": "application/json", "contentSchema": reference("Event") } },
    });
    let refusals = serde_json::to_value(rest::refusals::Anywhere::responses()).unwrap_or_default();
    let mut bodies = BTreeSet::new();
    for operation in operations(&mut document) {
        // an empty list: this one needs no token
        if operation.get("security").is_none() {
            workspace(operation);
        }
        next_page(operation);
        empty(operation);
        form(operation, &mut bodies);
        answers(operation, &refusals);
        if let Some(stream) = operation.pointer_mut("/responses/200/content/text~1event-stream") {
            stream["schema"] = reference("StreamedEvent");
        }
    }
    for name in bodies {
        fields(&mut document["components"]["schemas"][name]);
    }
    document
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.filter_map(|(_, path)| path.as_object_mut()).flat_map(|path| path.values_mut())
}

/// `X-Workspace-Id`, wherever somebody signs in.
fn workspace(operation: &mut Value) {
    let about = "The workspace that is meant. Absent: the caller's default.";
    let schema = rest::parameters::header("X-Workspace-Id", about, rest::parameters::uuid());
    if let (Ok(header), Some(operation)) = (serde_json::to_value(schema), operation.as_object_mut())
        && let Some(all) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut()
    {
        all.push(header);
    }
}

/// `Link`, wherever there are pages.
fn next_page(operation: &mut Value) {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    if parameters.any(|parameter| parameter["name"] == "cursor") {
        operation["responses"]["200"]["headers"]["Link"] = json!({
            "description": "The next page: `</api/v1/…?cursor=…>; rel=\"next\"`. Absent from the last one.",
            "schema": { "type": "string" },
        });
    }
}

/// An empty parameter is as good as none.
fn empty(operation: &mut Value) {
    let all = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in all.into_iter().flatten() {
        if parameter["in"] == "query" {
            let schema = parameter["schema"].take();
            parameter["schema"] = json!({ "anyOf": [schema, { "type": "string", "maxLength": 0 }] });
        }
    }
}

/// Every body may come as a form, too, and one that may be left out is no `null`. Notes which schemas bodies have:
/// these take no other fields.
fn form(operation: &mut Value, bodies: &mut BTreeSet<String>) {
    let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) else { return };
    let Some(mut body) = content.get("application/json").cloned() else { return };
    if let Some(given) = body.pointer("/schema/oneOf/0").cloned() {
        body["schema"] = given;
    }
    bodies.extend(body.pointer("/schema/$ref").and_then(|it| it.as_str()?.rsplit('/').next().map(str::to_owned)));
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        content.insert(kind.into(), body.clone());
    }
}

/// What the layers may answer to anybody, the headers of every answer, and the one answer without either: hyper's own
/// to a head that no layer sees.
fn answers(operation: &mut Value, refusals: &Value) {
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    for (status, refusal) in refusals.as_object().into_iter().flatten() {
        answers.entry(status).or_insert_with(|| refusal.clone());
    }
    for (status, answer) in &mut *answers {
        let own = match status.as_str() {
            "401" => Some("WWW-Authenticate"),
            "429" => Some("Retry-After"),
            _ => None,
        };
        for name in own.into_iter().chain(["X-Request-Id"]) {
            answer["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        if let Some(location) = answer.pointer_mut("/headers/Location") {
            location["required"] = true.into();
        }
    }
    answers.insert("431".into(), json!({ "description": "The request's head is too large, or has too many lines." }));
}

/// A body takes no other fields. What isn't optional has to be there, and as "" is no better, a text has a character.
/// What is optional is left out: a form has no `null`.
fn fields(body: &mut Value) {
    body["additionalProperties"] = false.into();
    let mut needed = Vec::new();
    for (name, field) in body["properties"].as_object_mut().into_iter().flatten() {
        if let [kind, null] = field["type"].as_array().map_or(&[][..], Vec::as_slice)
            && null == "null"
        {
            field["type"] = kind.clone();
        } else if field["oneOf"][1]["type"] == "null" {
            *field = field["oneOf"][0].take();
        } else {
            needed.push(name.clone());
            if field["type"] == "string" && field["minLength"].is_null() {
                field["minLength"] = 1.into();
            }
        }
    }
    if !needed.is_empty() {
        body["required"] = needed.into();
    }
}

#[cfg(test)]
mod tests {
    use contract::Capabilities;

    use super::*;
    use crate::http::Site;
    use crate::http::rest::tests::app;
    use crate::http::tests::{fetch, head, json, text};

    #[test]
    fn every_operation_is_said_in_full() {
        let (_, mut document) = api();
        let schemas = document["components"]["schemas"].clone();
        let mut lines = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, it) in methods.as_object().unwrap() {
                let statuses: Vec<_> = it["responses"].as_object().unwrap().keys().map(String::as_str).collect();
                lines.push(format!("{} {path}: {}", method.to_uppercase(), statuses.join(" ")));
                assert!(it["summary"].is_string() && it["tags"].as_array().unwrap().len() == 1, "{method} {path}");
                for (status, answer) in it["responses"].as_object().unwrap() {
                    let schema = answer.pointer("/content/application~1json/schema/$ref");
                    let is_error = schema.is_some_and(|it| it == "#/components/schemas/ErrorBody");
                    assert_eq!(is_error, status.as_str() >= "400" && status != "431", "{method} {path} {status}");
                    assert_eq!(
                        answer["headers"]["X-Request-Id"].is_object(),
                        status != "431",
                        "{method} {path} {status}"
                    );
                }
                if let Some(body) = it.get("requestBody") {
                    let name = body.pointer("/content/application~1x-www-form-urlencoded/schema/$ref").unwrap();
                    let schema = &schemas[name.as_str().unwrap().rsplit('/').next().unwrap()];
                    assert_eq!(schema["additionalProperties"], false, "{method} {path}");
                }
            }
        }
        insta::assert_snapshot!(lines.join("\n"), @r#"
        POST /api/v1/auth/refresh_token: 200 400 401 413 415 422 429 431 500 503
        POST /api/v1/auth/sign_in: 200 400 401 413 415 422 429 431 500 503
        GET /api/v1/capabilities: 200 400 401 404 413 431 500 503
        GET /api/v1/events: 200 400 401 403 404 413 429 431 500 503
        GET /api/v1/operations/{id}: 200 400 401 403 404 413 431 500 503
        GET /api/v1/plans: 200 400 401 404 413 431 500 503
        GET /api/v1/projects: 200 400 401 403 404 413 431 500 503
        POST /api/v1/projects: 201 400 401 403 404 413 415 422 431 500 503
        DELETE /api/v1/projects/{id}: 204 400 401 403 404 413 422 431 500 503
        GET /api/v1/projects/{id}: 200 400 401 403 404 413 431 500 503
        PUT /api/v1/projects/{id}: 200 400 401 403 404 413 415 422 431 500 503
        DELETE /api/v1/projects/{id}/vars: 204 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/projects/{id}/vars: 200 400 401 403 404 413 431 500 503
        POST /api/v1/projects/{id}/vars: 201 400 401 403 404 409 413 415 422 431 500 503
        PUT /api/v1/projects/{id}/vars: 200 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/regions: 200 400 401 404 413 431 500 503
        GET /api/v1/resources: 200 400 401 403 404 413 431 500 503
        GET /api/v1/resources/{id}: 200 400 401 403 404 413 431 500 503
        GET /api/v1/services: 200 400 401 403 404 413 422 431 500 503
        POST /api/v1/services: 201 400 401 403 404 413 415 422 431 500 503
        POST /api/v1/services/preflight: 200 400 401 403 404 413 415 422 431 500 503
        DELETE /api/v1/services/{id}: 204 400 401 403 404 413 431 500 503
        GET /api/v1/services/{id}: 200 400 401 403 404 413 431 500 503
        PUT /api/v1/services/{id}: 200 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/services/{id}/apps: 200 400 401 403 404 413 422 431 500 503
        POST /api/v1/services/{id}/create_replica: 201 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/services/{id}/events: 200 400 401 403 404 413 429 431 500 503
        POST /api/v1/services/{id}/mount_app: 200 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/services/{id}/operations: 200 400 401 403 404 413 431 500 503
        POST /api/v1/services/{id}/promote_external: 200 400 401 403 404 409 413 422 431 500 503
        POST /api/v1/services/{id}/promote_replica: 200 400 401 403 404 409 413 422 431 500 503
        POST /api/v1/services/{id}/retry: 200 400 401 403 404 413 422 431 500 503
        POST /api/v1/services/{id}/reveal: 200 400 401 403 404 413 415 422 431 500 503
        POST /api/v1/services/{id}/rotate_password: 200 400 401 403 404 413 422 431 500 503
        PATCH /api/v1/services/{id}/state: 200 400 401 403 404 413 415 422 431 500 503
        POST /api/v1/services/{id}/test_connection: 200 400 401 403 404 413 422 431 500 503
        POST /api/v1/services/{id}/unmount_app: 200 400 401 403 404 413 415 422 431 500 503
        GET /api/v1/users/me: 200 400 401 404 413 431 500 503
        GET /api/v1/users/me/tokens: 200 400 401 404 413 431 500 503
        POST /api/v1/users/me/tokens: 201 400 401 404 413 415 422 431 500 503
        DELETE /api/v1/users/me/tokens/{id}: 204 400 401 404 413 431 500 503
        "#);
        let mut ids: Vec<_> = operations(&mut document).map(|it| it["operationId"].to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), lines.len());
    }

    #[test]
    fn a_query_may_leave_anything_empty() {
        let (_, mut document) = api();
        let parameters =
            operations(&mut document).flat_map(|it| it["parameters"].as_array().cloned().unwrap_or_default());
        let schemas: Vec<_> = parameters.filter(|it| it["in"] == "query").map(|it| it["schema"].clone()).collect();
        assert!(schemas.iter().any(|it| it["anyOf"][0]["type"] == "integer"), "a limit");
        for schema in schemas {
            assert_eq!(schema["anyOf"][1], json!({ "type": "string", "maxLength": 0 }));
        }
    }

    #[test]
    fn words_are_listed_as_they_are_written() {
        use contract::{capabilities, change, event, mount, operation, permission, preflight, service, spec, state};
        let (_, document) = api();
        let said = |name: &str| document["components"]["schemas"][name]["enum"].clone();
        assert_eq!(said("Runtime"), json!(capabilities::Runtime::ALL));
        assert_eq!(said("ProcessAction"), json!(change::ProcessAction::ALL));
        assert_eq!(said("EventKind"), json!(event::EventKind::ALL));
        assert_eq!(said("OperationKind"), json!(operation::OperationKind::ALL));
        assert_eq!(said("OperationState"), json!(operation::OperationState::ALL));
        assert_eq!(said("CheckResult"), json!(preflight::CheckResult::ALL));
        assert_eq!(said("Role"), json!(permission::Role::ALL));
        assert_eq!(said("MemberRole"), json!([service::MemberRole::Primary, service::MemberRole::Replica]));
        assert_eq!(said("ServiceType"), json!(spec::ServiceType::ALL));
        assert_eq!(said("CreationMode"), json!(spec::CreationMode::ALL));
        assert_eq!(said("AuthType"), json!(spec::AuthType::ALL));
        assert_eq!(said("StorageAccess"), json!(spec::StorageAccess::ALL));
        assert_eq!(said("AppKind"), json!(mount::AppKind::ALL));
        assert_eq!(said("MountState"), json!(mount::MountState::ALL));
        assert_eq!(said("State"), json!(state::State::ALL));
        let lists = document["components"]["schemas"].as_object().unwrap().values().filter(|it| it["enum"].is_array());
        assert_eq!(lists.count(), 16, "Instances, and those above");
    }

    #[test]
    fn what_a_body_needs_is_said() {
        let (_, document) = api();
        let schemas = &document["components"]["schemas"];
        for (name, needed) in [
            ("NewService", json!(["label", "project_id", "service_type"])),
            ("ServiceChange", json!(null)),
            ("StateChange", json!(["state"])),
            ("RevealRequest", json!(null)),
            ("ProjectFields", json!(["name"])),
            ("VarFields", json!(["key"])),
            ("VarKey", json!(["key"])),
            ("NewToken", json!(["label"])),
            ("SignIn", json!(["email", "password"])),
            ("Refresh", json!(["refresh_token"])),
        ] {
            assert_eq!(schemas[name]["required"], needed, "{name}");
        }
        assert_eq!(schemas["SignIn"]["properties"]["email"]["minLength"], 1);
        assert_eq!(schemas["NewService"]["properties"]["external_host"]["type"], "string");
        assert_eq!(schemas["NewService"]["properties"]["auth_type"]["$ref"], "#/components/schemas/AuthType");
    }

    #[test]
    fn sizes_are_bounded_as_the_contract_bounds_them() {
        let (_, document) = api();
        for body in ["NewService", "ServiceChange"] {
            for (field, range) in [
                ("ram_size", Capabilities::RAM_MIB),
                ("disk_size", Capabilities::DISK_GIB),
                ("cpu_size", Capabilities::CPU_CORES),
            ] {
                let size = &document["components"]["schemas"][body]["properties"][field];
                let bounds = (size["minimum"].as_f64(), size["maximum"].as_f64());
                assert_eq!(bounds, (Some(range.min), Some(range.max)), "{body} {field}");
            }
        }
    }

    #[test]
    fn no_reference_leads_nowhere() {
        let (_, document) = api();
        let text = document.to_string();
        let references: BTreeSet<_> = text.split("\"#/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(references.len() > 20);
        for reference in references {
            assert!(document.pointer(&format!("/{reference}")).is_some(), "{reference}");
        }
    }

    #[tokio::test]
    async fn anybody_may_read_it() {
        let (app, _) = app(Site::default());
        let response = fetch(&app, "GET", "/api/v1/openapi.json").await;
        assert_eq!((response.status().as_u16(), head(&response, "content-type")), (200, "application/json"));
        let document = json(response).await;
        assert_eq!(document["info"]["title"], "Berth");
        assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
        let response = fetch(&app, "GET", "/docs").await;
        assert_eq!((response.status().as_u16(), head(&response, "content-type")), (200, "text/html; charset=utf-8"));
        assert!(text(response).await.contains("POST /api/v1/services<"));
    }
}
