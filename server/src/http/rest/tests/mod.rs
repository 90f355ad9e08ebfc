//! The REST API behind the real layers, in front of fake use cases.

mod endpoints;
mod refusals;
mod streams;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};

use crate::http::fake::{Fake, GOOD, ID};
use crate::http::tests::{head, json, send, state, text};
use crate::http::{Site, Uses, console};

/// The whole console, and what stands behind it.
pub(crate) fn app(site: Site) -> (Router, Arc<Fake>) {
    let (state, fake) = (state(site), Fake::new());
    let uses = Uses::new(&state, fake.clone(), fake.clone(), fake.clone());
    (console(state, uses), fake)
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path.replace("{ID}", &ID.to_string()));
    request.header(header::HOST, "berth.example").header(header::AUTHORIZATION, format!("Bearer {GOOD}"))
}

/// A request with a good token, and a JSON body unless that is empty.
async fn call(app: &Router, method: &str, path: &str, body: &str) -> Response<Body> {
    let mut request = request(method, path);
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    send(app, request.body(Body::from(body.to_owned())).unwrap()).await
}
