//! Keeps what is shown as it is now: one stream of events for a tab says that something changed.
//!
//! The page says what it shows ([`Topic`]); where that changed, `page.ts` fetches the page and morphs it in. Islands that
//! show something by themselves listen to [`on_change`].

mod stream;

use std::{fmt, sync::LazyLock};

use contract::event::EventKind;
use leptos::prelude::*;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    paths,
    ui::{Live, LiveDot},
};

/// What a page shows, and so what it is drawn anew for. Written into the page as `service` or `service:<uuid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Every(EventKind),
    One(EventKind, Uuid),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(kind) => write!(f, "{kind}"),
            Self::One(kind, id) => write!(f, "{kind}:{id}"),
        }
    }
}

/// As much of an event as the browser asks of it.
#[derive(Deserialize)]
struct Heard {
    kind: EventKind,
    id: String,
}

/// True where one of the topics, written as they stand in the page, is what the event is about.
fn shows(topics: &str, event: &Heard) -> bool {
    topics.split(' ').any(|topic| match topic.split_once(':') {
        Some((kind, id)) => kind == event.kind.as_str() && id == event.id,
        None => topic == event.kind.as_str(),
    })
}

/// How many times something of a kind may have changed since the page was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    service: u32,
    project: u32,
    resource: u32,
}

impl Counts {
    fn of(&mut self, kind: EventKind) -> &mut u32 {
        match kind {
            EventKind::Service => &mut self.service,
            EventKind::Project => &mut self.project,
            EventKind::Resource => &mut self.resource,
        }
    }
}

/// All islands of a page share it. The server never touches it.
static COUNTS: LazyLock<ArcRwSignal<Counts>> = LazyLock::new(ArcRwSignal::default);

/// Runs whenever something of these kinds may have changed.
pub fn on_change(kinds: &'static [EventKind], run: impl Fn() + 'static) {
    Effect::new(move |before: Option<u32>| {
        let mut counts = COUNTS.get();
        let now = kinds.iter().map(|kind| *counts.of(*kind)).fold(0, u32::wrapping_add);
        if before.is_some_and(|before| before != now) {
            run();
        }
        now
    });
}

/// For what one's own call has changed: shown at once, without waiting for the stream.
pub fn changed() {
    COUNTS.update(|counts| EventKind::ALL.iter().for_each(|kind| *counts.of(*kind) += 1));
    draw();
}

/// What the stream has told of.
fn heard(events: &[Heard]) {
    COUNTS.update(|counts| events.iter().for_each(|event| *counts.of(event.kind) += 1));
    let main = document().query_selector("main[data-live]").ok().flatten();
    let topics = main.and_then(|main| main.get_attribute("data-live")).unwrap_or_default();
    if events.iter().any(|event| shows(&topics, event)) {
        draw();
    }
}

/// Asks `page.ts` for the page as it is now, unless nothing on it was drawn to be drawn again.
fn draw() {
    let live = document().query_selector("main[data-live]").ok().flatten().is_some();
    if let (true, Ok(event)) = (live, web_sys::Event::new("berth:changed")) {
        let _ = document().dispatch_event(&event);
    }
}

/// The dot in the top bar, and the stream that it tells of.
#[island]
pub fn LiveUpdates(workspace: String) -> impl IntoView {
    let live = RwSignal::new(Live::default());
    // An effect: the server has neither a window nor a stream.
    Effect::new(move || stream::listen(paths::events(&workspace), live));
    view! { <LiveDot live /> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_drawn_for_what_it_shows() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let event = |kind, id: Uuid| Heard { kind, id: id.to_string() };
        let topics =
            [Topic::Every(EventKind::Project), Topic::One(EventKind::Service, id)].map(|topic| topic.to_string());
        let topics = topics.join(" ");
        assert!(shows(&topics, &event(EventKind::Project, other)));
        assert!(shows(&topics, &event(EventKind::Service, id)));
        assert!(!shows(&topics, &event(EventKind::Service, other)));
        assert!(!shows(&topics, &event(EventKind::Resource, id)));
        assert!(!shows("", &event(EventKind::Service, id)));
    }
}
