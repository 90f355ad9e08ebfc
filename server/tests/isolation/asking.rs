//! From a line of the table to a request, and from its answer to what can be compared.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use contract::permission::Role;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::rules::Reach;
use crate::table::Row;
use crate::world::{Named, PASSWORD, PORT, Person, Place, World};

/// How a service is named in a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spelling {
    Uuid,
    Name,
}

/// One request, ready to be sent: who asks what.
#[derive(Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub body: String,
    /// `Authorization`, `X-Workspace-Id`, `Cookie`, whichever the route reads.
    pub proof: Vec<(&'static str, String)>,
    /// Things that stand in the request: an answer that repeats them tells nothing.
    pub named: Vec<String>,
}

/// One answer, without what differs from request to request.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<String>,
    pub text: String,
}

/// Said of an answer once; whatever else stands in a header counts.
const VOLATILE: [&str; 4] = ["x-request-id", "content-length", "date", "content-security-policy"];

impl Asked {
    pub fn new(world: &World, row: &Row, who: Option<Role>, (reach, spelling): (Reach, Spelling)) -> Self {
        let person = who.map_or(&world.stranger, |role| world.person(role));
        let values = values(world, person, reach, spelling);
        let fill = |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        let named = values.iter().filter(|(name, _)| row.path.contains(*name) || row.body.contains(*name));
        let named = named.map(|(_, value)| value.clone()).collect();
        let mut body = fill(row.body);
        let mut proof = Vec::new();
        if row.path.starts_with("/api/") {
            let workspace = workspace(world, reach).0;
            proof.extend(who.map(|_| ("authorization", format!("Bearer {}", person.bearer))));
            proof.extend(who.map(|_| ("x-workspace-id", workspace.to_string())));
        } else {
            proof.extend(who.map(|_| ("cookie", format!("berth-{PORT}={}", person.cookie))));
        }
        if row.path.starts_with("/call/") && body.starts_with('{') {
            let mut arguments: Value = serde_json::from_str(&body).unwrap();
            arguments["workspace"] = workspace(world, reach).1.into();
            body = arguments.to_string();
        }
        let method = if row.method == "ANY" { "POST" } else { row.method };
        Self { method: method.into(), path: fill(row.path), body, proof, named }
    }

    /// A stream is answered by its head: it has no end.
    pub async fn send(&self, router: &Router) -> Answer {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        request = request.header(header::HOST, format!("127.0.0.1:{PORT}")).header("sec-fetch-site", "same-origin");
        if !self.path.starts_with("/api") && !self.path.starts_with("/call") && !self.path.starts_with("/events") {
            request = request.header(header::ACCEPT, "text/html");
        }
        let kind = match self.body.chars().next() {
            Some('{') => Some("application/json"),
            Some(_) => Some("application/x-www-form-urlencoded"),
            None => None,
        };
        for (name, value) in self.proof.iter().cloned().chain(kind.map(|kind| ("content-type", kind.to_owned()))) {
            request = request.header(name, value);
        }
        let response = router.clone().oneshot(request.body(Body::from(self.body.clone())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let head = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (kind, id, policy) = (head("content-type"), head("x-request-id"), head("content-security-policy"));
        let text = if kind.starts_with("text/event-stream") {
            String::new()
        } else {
            String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned()
        };
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("no nonce");
        let text = text.replace(&id, "REQUEST").replace(nonce, "NONCE");
        let told = parts.headers.iter().filter(|(name, _)| !VOLATILE.contains(&name.as_str()));
        let headers =
            told.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect();
        Answer { status: parts.status.as_u16(), headers, text }
    }
}

impl Answer {
    /// Without what the request had named itself.
    pub fn without(mut self, named: &[String]) -> Self {
        for one in named {
            self.text = self.text.replace(one.as_str(), "NAMED");
        }
        for header in &mut self.headers {
            for one in named {
                *header = header.replace(one.as_str(), "NAMED");
            }
        }
        self
    }
}

/// The workspace that a request is sent to: uuid and slug.
fn workspace(world: &World, reach: Reach) -> (Uuid, String) {
    match reach {
        Reach::Abroad => (world.foreign.workspace.id, world.foreign.workspace.slug.clone()),
        Reach::Nowhere => (Uuid::now_v7(), "wks-0x".to_owned()),
        _ => (world.own.workspace.id, world.own.workspace.slug.clone()),
    }
}

/// What stands for each name in braces.
fn values(world: &World, person: &Person, reach: Reach, spelling: Spelling) -> BTreeMap<&'static str, String> {
    let place = match reach {
        Reach::Other => Some(&world.other),
        Reach::Restricted => Some(&world.restricted),
        Reach::Foreign | Reach::Abroad => Some(&world.foreign),
        Reach::Second => Some(&world.second),
        Reach::Random | Reach::Nowhere => None,
        Reach::Own | Reach::Colleague | Reach::Stranger => Some(&world.own),
    };
    let owner = match reach {
        Reach::Colleague => Some(&world.colleague),
        Reach::Stranger | Reach::Abroad => Some(&world.stranger),
        Reach::Random | Reach::Nowhere => None,
        _ => Some(person),
    };
    let of = |id: fn(&Place) -> Uuid| place.map_or_else(Uuid::now_v7, id).to_string();
    let his = |id: fn(&Person) -> Uuid| owner.map_or_else(Uuid::now_v7, id).to_string();
    let named = |of: fn(&Place) -> &Named, none: &str| match (place.map(of), spelling) {
        (Some(named), Spelling::Uuid) => named.id.to_string(),
        (Some(named), Spelling::Name) => named.name.clone(),
        (None, Spelling::Uuid) => Uuid::now_v7().to_string(),
        (None, Spelling::Name) => none.to_owned(),
    };
    BTreeMap::from([
        ("{workspace}", workspace(world, reach).1),
        ("{project}", of(|place| place.project)),
        ("{empty}", of(|place| place.empty)),
        ("{resource}", of(|place| place.resource)),
        ("{operation}", of(|place| place.operation)),
        ("{service}", named(|place| &place.service, "postgres-zzzzz")),
        ("{failed}", named(|place| &place.failed, "postgres-zzzzy")),
        ("{copy}", named(|place| &place.copy, "postgres-zzzzx")),
        ("{replica}", named(|place| &place.replica, "postgres-zzzzw")),
        ("{volume}", named(|place| &place.volume, "storage-zzzzz")),
        ("{token}", his(|person| person.token)),
        ("{session}", his(|person| person.session)),
        ("{here.project}", world.own.project.to_string()),
        ("{here.service}", world.own.service.id.to_string()),
        ("{email}", person.email.clone()),
        ("{password}", PASSWORD.to_owned()),
        ("{refresh}", person.refresh.clone()),
        ("{link}", world.setup_link.clone()),
        ("{hash}", "0".repeat(32)),
        ("{*file}", "berth.js".to_owned()),
        ("{*rest}", "nothing".to_owned()),
    ])
}
