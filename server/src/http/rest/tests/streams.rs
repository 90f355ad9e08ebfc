//! Streams of events: what is sent, and when they end (H16).

use std::time::Duration;

use contract::ApiError;
use contract::error::Noun;
use contract::event::{Event, EventKind};
use contract::permission::Role;
use futures::{Stream, StreamExt};
use uuid::Uuid;

use super::*;

const ELSE: Uuid = Uuid::from_u128(7);

fn event(kind: EventKind, id: Uuid, version: i64) -> Event {
    Event { kind, id, version }
}

/// The lines of a stream that says so, without those that keep it alive.
async fn lines(app: &Router, path: &str) -> impl Stream<Item = String> + Unpin {
    let response = call(app, "GET", path, "").await;
    assert_eq!((response.status().as_u16(), head(&response, "content-type")), (200, "text/event-stream"));
    assert_eq!((head(&response, "cache-control"), head(&response, "content-encoding")), ("no-store", ""));
    let texts =
        response.into_body().into_data_stream().map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap());
    texts.filter(|text| std::future::ready(!text.starts_with(':'))).boxed()
}

#[tokio::test(start_paused = true)]
async fn events_say_that_and_not_what() {
    let (app, fake) = app(Site::default());
    let mut all = lines(&app, "/api/v1/events").await;
    let mut one = lines(&app, "/api/v1/services/postgres-ab/events").await;
    assert_eq!(fake.asked(), ["subscribe", "get_service postgres-ab Hidden", "subscribe"]);
    for sent in [event(EventKind::Project, ID, 1), event(EventKind::Service, ELSE, 2), event(EventKind::Service, ID, 3)]
    {
        fake.events.send(sent).unwrap();
    }
    assert_eq!(all.next().await.unwrap(), format!("data: {{\"kind\":\"project\",\"id\":\"{ID}\",\"version\":1}}\n\n"));
    assert!(all.next().await.unwrap().contains("\"version\":2") && all.next().await.unwrap().contains("\"version\":3"));
    assert!(one.next().await.unwrap().contains("\"version\":3"));
}

#[tokio::test(start_paused = true)]
async fn h16_a_stream_ends_with_the_access() {
    for gone in [ApiError::Unauthenticated("x".into()), ApiError::NotFound(Noun::Workspace)] {
        let (app, fake) = app(Site::default());
        let mut quiet = lines(&app, "/api/v1/events").await;
        *fake.locked_out.lock().unwrap() = Some(gone);
        let ended = tokio::time::timeout(Duration::from_secs(16), quiet.next()).await;
        assert_eq!(ended, Ok(None));
    }
}

#[tokio::test(start_paused = true)]
async fn h16_nothing_is_said_to_somebody_who_left_a_second_ago() {
    let (app, fake) = app(Site::default());
    let mut busy = lines(&app, "/api/v1/events").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    *fake.role.lock().unwrap() = Role::Viewer;
    fake.events.send(event(EventKind::Service, ID, 1)).unwrap();
    assert_eq!(busy.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn h16_a_stream_about_one_service_ends_with_it() {
    let (app, fake) = app(Site::default());
    let mut one = lines(&app, "/api/v1/services/postgres-ab/events").await;
    *fake.refusal.lock().unwrap() = Some(ApiError::NotFound(Noun::Service));
    assert_eq!(one.next().await, None);
    assert_eq!(call(&app, "GET", "/api/v1/services/postgres-ab/events", "").await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_ends_nothing() {
    let (app, fake) = app(Site::default());
    let mut all = lines(&app, "/api/v1/events").await;
    *fake.locked_out.lock().unwrap() = Some(ApiError::Unavailable("away".into()));
    assert!(tokio::time::timeout(Duration::from_secs(60), all.next()).await.is_err());
    fake.events.send(event(EventKind::Service, ID, 1)).unwrap();
    assert!(all.next().await.is_some());
}

#[tokio::test]
async fn streams_end_with_the_console() {
    let (state, fake) = (state(Site::default()), Fake::new());
    let uses = Uses::new(&state, fake.clone(), fake.clone(), fake.clone());
    let (closing, app) = (state.closing.clone(), console(state, uses));
    let mut all = lines(&app, "/api/v1/events").await;
    closing.cancel();
    assert_eq!(all.next().await, None);
}

#[tokio::test]
async fn a_user_has_a_few_streams() {
    let (app, _) = app(Site::default());
    let mut open = Vec::new();
    let refused = loop {
        let response = call(&app, "GET", "/api/v1/events", "").await;
        if response.status() != 200 {
            break response;
        }
        open.push(response);
    };
    assert_eq!((refused.status().as_u16(), open.len(), head(&refused, "retry-after")), (429, 24, "10"));
    open.pop();
    assert_eq!(call(&app, "GET", "/api/v1/events", "").await.status(), 200);
}
