//! Keeps what is shown as it is now: one stream of events for a tab says that something changed (`frontend/page/live.ts`).
//!
//! The page says what it shows ([`Topic`]); where that changed it is fetched and morphed in. Islands that show something by
//! themselves listen to [`on_change`].

use std::fmt;

use contract::event::EventKind;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::{JsCast, closure::Closure};

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

/// Runs whenever something of these kinds may have changed, for as long as the page is open. The server never does.
pub fn on_change(kinds: &'static [EventKind], run: impl Fn() + 'static) {
    if cfg!(not(feature = "hydrate")) {
        return;
    }
    let heard = Closure::<dyn FnMut(web_sys::CustomEvent)>::new(move |event: web_sys::CustomEvent| {
        let changed = event.detail().as_string().unwrap_or_default();
        if changed == "*" || kinds.iter().any(|kind| changed.split(' ').any(|word| word == kind.as_str())) {
            run();
        }
    });
    let heard = heard.into_js_value();
    let _ = document().add_event_listener_with_callback("berth:heard", heard.unchecked_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_kind_or_one_thing_of_it() {
        let all = [Topic::Every(EventKind::Project), Topic::One(EventKind::Service, Uuid::from_u128(1))];
        let words = all.map(|topic| topic.to_string()).join(" ");
        assert_eq!(words, "project service:00000000-0000-0000-0000-000000000001");
    }
}
