//! H09 and H11 for the streams: what is told, to whom.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use contract::permission::Role;
use http_body_util::BodyExt as _;
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::timeout;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::rules::sees_restricted;
use crate::world::{PORT, Person, Workspace, World};

/// An open stream, and what came of it so far.
struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(router: &Router, request: axum::http::request::Builder) -> Self {
        let request = request.header(header::HOST, format!("127.0.0.1:{PORT}")).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), text: String::new() }
    }

    async fn of_api(router: &Router, path: &str, who: &Person, at: &Workspace) -> Self {
        Self::open(router, as_bearer(Request::get(path), who, at)).await
    }

    async fn of_page(router: &Router, who: &Person, at: &Workspace) -> Self {
        let request = Request::get(format!("/events?workspace={}", at.slug));
        Self::open(router, request.header(header::COOKIE, format!("berth-{PORT}={}", who.cookie))).await
    }

    /// Ids that it told of, up to this one.
    async fn until(mut self, last: Uuid) -> BTreeSet<Uuid> {
        while !self.text.contains(&last.to_string()) {
            let frame = timeout(Duration::from_secs(30), self.body.frame()).await.expect("an event").expect("no end");
            self.text += &String::from_utf8_lossy(frame.unwrap().data_ref().unwrap());
        }
        let events = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = events.map(|event| serde_json::from_str::<Value>(event).unwrap());
        let ids = events.map(|event| {
            // that something changed, never what
            let keys: Vec<&String> = event.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["id", "kind", "version"]);
            event["id"].as_str().unwrap().parse().unwrap()
        });
        ids.collect()
    }
}

fn as_bearer(request: axum::http::request::Builder, who: &Person, at: &Workspace) -> axum::http::request::Builder {
    let request = request.header(header::AUTHORIZATION, format!("Bearer {}", who.bearer));
    request.header("x-workspace-id", at.id.to_string())
}

async fn rename(world: &World, (who, at): (&Person, &Workspace), path: &str, (field, to): (&str, &str)) {
    let request = as_bearer(Request::put(path), who, at).header(header::CONTENT_TYPE, "application/json");
    let body = serde_json::json!({ field: to }).to_string();
    let response = world.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
}

#[sqlx::test(migrations = "control/migrations")]
async fn h09_streams_tell_of_what_the_caller_can_reach_and_only_that_it_changed(pool: PgPool) {
    let world = World::new(pool).await;
    let (here, router) = (&world.own.workspace, &world.router);
    let mut streams = Vec::new();
    for (role, person) in &world.people {
        streams.push((*role, Stream::of_api(router, "/api/v1/events", person, here).await));
        streams.push((*role, Stream::of_page(router, person, here).await));
    }
    let abroad = Stream::of_page(router, &world.stranger, &world.foreign.workspace).await;
    let path = format!("/api/v1/services/{}/events", world.own.service.name);
    let of_one = Stream::of_api(router, &path, world.person(Role::Viewer), here).await;

    let owner = world.person(Role::Owner);
    let makers = [owner, owner, &world.stranger, owner, owner];
    let places = [&world.restricted, &world.other, &world.foreign, &world.second, &world.own];
    for (place, maker) in places.into_iter().zip(makers) {
        let project = format!("/api/v1/projects/{}", place.project);
        rename(&world, (maker, &place.workspace), &project, ("name", &format!("Changed {}", place.word))).await;
        let service = format!("/api/v1/services/{}", place.service.name);
        rename(&world, (maker, &place.workspace), &service, ("label", "Changed")).await;
    }
    let ids = |place: &crate::world::Place| [place.project, place.service.id];
    for (role, stream) in streams {
        let mut expected = BTreeSet::from_iter([ids(&world.own), ids(&world.other)].concat());
        expected.extend(ids(&world.restricted).into_iter().filter(|_| sees_restricted(role)));
        assert_eq!(stream.until(world.own.service.id).await, expected, "{role}");
    }
    assert_eq!(abroad.until(world.foreign.service.id).await, BTreeSet::from(ids(&world.foreign)));
    assert_eq!(of_one.until(world.own.service.id).await, BTreeSet::from([world.own.service.id]));
    world.end().await;
}
