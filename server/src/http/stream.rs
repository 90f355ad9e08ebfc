//! Streams of events (SSE). What is sent says that something changed, never what; whoever shows the thing fetches it
//! again, and does so, too, whenever a stream has begun: what happened between two streams is told by neither.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use contract::console::Secrets;
use contract::event::{Event, EventKind};
use contract::{ApiError, Caller};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::Instant;
use uuid::Uuid;

use super::credential::Pass;
use super::uses::Uses;

/// Streams that one user may have open: a few windows and programs, and those that broke without a word.
const MOST: usize = 24;
/// When somebody with too many is told to come back.
const LATER: u64 = 10;
/// Nobody hears of anything for longer than this after he has lost his access; a quiet stream ends within it.
const RECHECK: Duration = Duration::from_secs(15);
/// No event is sent on the strength of an older look.
const FRESH: Duration = Duration::from_secs(1);
/// Proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Open streams, by user.
#[derive(Debug, Default)]
pub struct Streams(Mutex<HashMap<Uuid, usize>>);

/// A place among a user's streams; given back when it is dropped.
#[derive(Debug)]
struct Seat {
    streams: Arc<Streams>,
    user: Uuid,
}

impl Streams {
    fn seat(self: &Arc<Self>, user: Uuid) -> Result<Seat, ApiError> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.entry(user).or_default();
        if *taken >= MOST {
            return Err(ApiError::TooMany(LATER));
        }
        *taken += 1;
        Ok(Seat { streams: self.clone(), user })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut taken) = open.entry(self.user) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

/// One open stream.
struct Open {
    uses: Uses,
    pass: Pass,
    /// Events about this service alone.
    only: Option<Uuid>,
    events: BoxStream<'static, Event>,
    checked: Instant,
    _seat: Seat,
}

/// Opens a stream of everything that the caller can reach, or of one service.
pub(super) fn open(uses: Uses, pass: Pass, only: Option<Uuid>) -> Result<Response, ApiError> {
    let seat = uses.streams.seat(pass.caller.user_id)?;
    let events = uses.feed.subscribe(&pass.caller);
    let open = Open { uses, pass, only, events, checked: Instant::now(), _seat: seat };
    let lines = stream::unfold(open, |mut open| async move { open.next().await.map(|event| (line(event), open)) });
    let mut response = Sse::new(lines).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold the lines back
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn line(event: Event) -> Result<sse::Event, Infallible> {
    // three plain fields always serialise
    Ok(sse::Event::default().json_data(event).unwrap_or_default())
}

impl Open {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        let closing = self.uses.closing.clone();
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled() => return None,
                () = tokio::time::sleep_until(self.checked + RECHECK) => {
                    if !(self.is_welcome().await && self.is_there().await) {
                        return None;
                    }
                }
                event = self.events.next() => {
                    let event = event?;
                    let wanted = self.only.is_none_or(|id| event.kind == EventKind::Service && event.id == id);
                    if wanted && (self.checked.elapsed() < FRESH || self.is_welcome().await) {
                        return Some(event);
                    } else if wanted {
                        return None;
                    }
                }
            }
        }
    }

    /// Whether the caller is who he was when the stream began: signed in, in this workspace, in this role. A store
    /// that is away says nothing about him.
    async fn is_welcome(&mut self) -> bool {
        let was = &self.pass.caller;
        let now = self.pass.credential.caller(&*self.uses.accounts, &was.request_id).await;
        self.checked = Instant::now();
        match now {
            Ok(now) => same(&now, was),
            Err(error) => is_passing(&error),
        }
    }

    /// Whether the service that it is about can still be seen.
    async fn is_there(&mut self) -> bool {
        let Some(id) = self.only else { return true };
        match self.uses.console.get_service(&self.pass.caller, &id.to_string(), Secrets::Hidden).await {
            Ok(_) => true,
            Err(error) => is_passing(&error),
        }
    }
}

fn same(now: &Caller, was: &Caller) -> bool {
    (now.user_id, now.workspace_id, now.role) == (was.user_id, was.workspace_id, was.role)
}

fn is_passing(error: &ApiError) -> bool {
    matches!(error, ApiError::Unavailable(_) | ApiError::Internal(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_user_and_given_back() {
        let streams = Arc::new(Streams::default());
        let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut seats: Vec<_> = (0..MOST).map(|_| streams.seat(ann).unwrap()).collect();
        assert_eq!(streams.seat(ann).unwrap_err().status(), 429);
        streams.seat(bob).unwrap();
        seats.pop();
        seats.push(streams.seat(ann).unwrap());
        drop(seats);
        assert!(streams.0.lock().unwrap().is_empty());
    }
}
