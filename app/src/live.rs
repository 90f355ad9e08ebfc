//! One stream of events for a tab: it says that something changed, and pages fetch what they show again.
//!
//! While the stream is down everything is asked for every few seconds. A hidden tab listens to nothing, so that many
//! tabs don't use up the browser's connections; when it is shown again, what it missed is fetched.

use std::time::Duration;

use contract::event::{Event, EventKind};
use leptos::{
    leptos_dom::helpers::IntervalHandle,
    prelude::*,
    reactive::owner::LocalStorage,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use crate::{calls::CallError, paths, ui::Live};

const ASK_EVERY: Duration = Duration::from_secs(5);
/// Events come in swarms; what they are about is fetched once for a swarm.
const GATHER: Duration = Duration::from_millis(60);

/// How many times something of a kind may have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    service: u32,
    project: u32,
    resource: u32,
}

impl Counts {
    fn bump(&mut self, kind: EventKind) {
        let count = match kind {
            EventKind::Service => &mut self.service,
            EventKind::Project => &mut self.project,
            EventKind::Resource => &mut self.resource,
        };
        *count = count.wrapping_add(1);
    }

    fn of(self, kinds: &[EventKind]) -> u32 {
        let count = |kind: &EventKind| match kind {
            EventKind::Service => self.service,
            EventKind::Project => self.project,
            EventKind::Resource => self.resource,
        };
        kinds.iter().map(count).fold(0, u32::wrapping_add)
    }
}

/// What has changed since the page was opened.
#[derive(Clone, Copy)]
pub struct Changes(RwSignal<Counts>);

impl Changes {
    /// Everything may have changed.
    pub fn all(self) {
        let _ = self.0.try_update(|counts| EventKind::ALL.iter().for_each(|kind| counts.bump(*kind)));
    }

    fn these(self, kinds: &[EventKind]) {
        let _ = self.0.try_update(|counts| kinds.iter().for_each(|kind| counts.bump(*kind)));
    }
}

/// For fetching at once what one's own call has changed.
pub fn use_changes() -> Changes {
    use_context().unwrap_or_else(|| Changes(RwSignal::new(Counts::default())))
}

/// What a page shows, as it came with the page or by a call.
pub type Fetched<T> = Resource<Result<T, CallError>, BySlice>;

/// JSON, read from bytes as the calls read theirs. Leptos' own codec reads it from a `str`, which would be a second copy of every
/// type's reader in the browser.
pub struct BySlice;

impl<T: Serialize> Encoder<T> for BySlice {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for BySlice {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}

/// A resource that stays as it was when the page was opened.
pub fn once<T, Fut>(fetch: impl Fn() -> Fut + Send + Sync + 'static) -> Fetched<T>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = Result<T, CallError>> + Send + 'static,
{
    Resource::new_with_options(|| (), move |()| fetch(), false)
}

/// A resource that is fetched again whenever something of these kinds may have changed.
pub fn resource<S, T, Fut>(
    kinds: &'static [EventKind],
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> Fut + Send + Sync + 'static,
) -> Fetched<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = Result<T, CallError>> + Send + 'static,
{
    let counts = use_changes().0;
    let now = move || counts.with(|counts| counts.of(kinds));
    // What came with the page is older than every change heard of since, even before the page was hydrated.
    let hydrating = Owner::current_shared_context().is_some_and(|shared| shared.during_hydration());
    let seen = RwSignal::new(if hydrating { 0 } else { untrack(now) });
    Effect::new(move || {
        let now = now();
        if seen.get_untracked() != now {
            seen.set(now);
        }
    });
    Resource::new_with_options(move || (source(), seen.get()), move |(source, _)| fetch(source), false)
}

/// Provides [`Changes`] and listens for as long as the tab shows a page of the workspace.
pub fn listen(workspace: Memo<String>, live: RwSignal<Live>) {
    let changes = Changes(RwSignal::new(Counts::default()));
    provide_context(changes);
    // An effect: the server has neither a window nor a stream.
    Effect::new(move || {
        let ear = Ear {
            url: paths::events(&workspace.get()),
            live,
            changes,
            stream: StoredValue::new_local(None),
            asking: StoredValue::new_local(None),
            heard: StoredValue::new(Vec::new()),
        };
        let ear = StoredValue::new(ear);
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            ear.with_value(|ear| if document().hidden() { ear.stop() } else { ear.start() });
        });
        let network = window_event_listener_untyped("offline", move |_| live.set(Live::Away));
        ear.with_value(Ear::start);
        on_cleanup(move || {
            shown.remove();
            network.remove();
            let _ = ear.try_with_value(Ear::stop);
        });
    });
}

struct Ear {
    url: String,
    live: RwSignal<Live>,
    changes: Changes,
    stream: StoredValue<Option<Stream>, LocalStorage>,
    asking: StoredValue<Option<IntervalHandle>, LocalStorage>,
    heard: StoredValue<Vec<EventKind>>,
}

/// An open stream with its handlers; closed when it is dropped.
struct Stream {
    source: EventSource,
    _open: Closure<dyn FnMut()>,
    _error: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.set_onmessage(None);
        self.source.close();
    }
}

impl Clone for Ear {
    fn clone(&self) -> Self {
        Self { url: self.url.clone(), ..*self }
    }
}

impl Ear {
    fn start(&self) {
        if !document().hidden() {
            self.ask();
            self.open();
        }
    }

    fn stop(&self) {
        let _ = self.stream.try_set_value(None);
        self.ask_no_more();
    }

    /// The browser tries again by itself where a stream breaks, and not where one was refused.
    fn open(&self) {
        let Ok(source) = EventSource::new(&self.url) else { return };
        let ear = self.clone();
        let open = Closure::<dyn FnMut()>::new(move || {
            ear.ask_no_more();
            let _ = ear.live.try_set(Live::Live);
            // What happened before the stream began was told by nobody.
            ear.changes.all();
        });
        let ear = self.clone();
        let error = Closure::<dyn FnMut()>::new(move || {
            let on_line = window().navigator().on_line();
            let _ = ear.live.try_set(if on_line { Live::Asking } else { Live::Away });
            ear.ask();
        });
        let ear = self.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let event =
                message.data().as_string().and_then(|text| serde_json::from_slice::<Event>(text.as_bytes()).ok());
            match event {
                Some(event) => ear.gather(event.kind),
                None => ear.changes.all(),
            }
        });
        source.set_onopen(Some(open.as_ref().unchecked_ref()));
        source.set_onerror(Some(error.as_ref().unchecked_ref()));
        source.set_onmessage(Some(message.as_ref().unchecked_ref()));
        self.stream.set_value(Some(Stream { source, _open: open, _error: error, _message: message }));
    }

    fn gather(&self, kind: EventKind) {
        let first = self.heard.with_value(Vec::is_empty);
        self.heard.update_value(|heard| {
            if !heard.contains(&kind) {
                heard.push(kind);
            }
        });
        if first {
            let (heard, changes) = (self.heard, self.changes);
            set_timeout(
                move || {
                    if let Some(kinds) = heard.try_update_value(std::mem::take) {
                        changes.these(&kinds);
                    }
                },
                GATHER,
            );
        }
    }

    /// Asks every few seconds, and for a new stream where the old one is closed for good.
    fn ask(&self) {
        if self.asking.with_value(Option::is_some) {
            return;
        }
        let ear = self.clone();
        let tick = move || {
            ear.changes.all();
            let closed = |stream: &Option<Stream>| {
                stream.as_ref().is_none_or(|stream| stream.source.ready_state() == EventSource::CLOSED)
            };
            if ear.stream.with_value(closed) {
                ear.open();
            }
        };
        self.asking.set_value(set_interval_with_handle(tick, ASK_EVERY).ok());
    }

    fn ask_no_more(&self) {
        if let Some(Some(asking)) = self.asking.try_update_value(Option::take) {
            asking.clear();
        }
    }
}
