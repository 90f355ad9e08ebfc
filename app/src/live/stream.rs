//! The stream itself. While it is down everything is asked for every few seconds. A hidden tab listens to nothing, so
//! that many tabs don't use up the browser's connections; when it is shown again, what it missed is fetched.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::{Heard, changed, heard};
use crate::ui::Live;

const ASK_EVERY: Duration = Duration::from_secs(5);
/// Events come in swarms; what they are about is fetched once for a swarm.
const GATHER: Duration = Duration::from_millis(60);

/// Listens for as long as the page is open.
pub(super) fn listen(url: String, live: RwSignal<Live>) {
    let ear =
        Rc::new(Ear { url, live, stream: RefCell::default(), asking: Cell::default(), heard: RefCell::default() });
    let network = window_event_listener_untyped("offline", move |_| live.set(Live::Away));
    let shown =
        {
            let ear = ear.clone();
            window_event_listener_untyped("visibilitychange", move |_| {
                if document().hidden() { ear.stop() } else { ear.start() }
            })
        };
    ear.start();
    // kept until the page goes
    std::mem::forget((network, shown));
}

struct Ear {
    url: String,
    live: RwSignal<Live>,
    stream: RefCell<Option<Stream>>,
    asking: Cell<Option<IntervalHandle>>,
    heard: RefCell<Vec<Heard>>,
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

impl Ear {
    fn start(self: &Rc<Self>) {
        if !document().hidden() {
            self.ask();
            self.open();
        }
    }

    fn stop(&self) {
        self.stream.take();
        self.ask_no_more();
    }

    /// The browser tries again by itself where a stream breaks, and not where one was refused.
    fn open(self: &Rc<Self>) {
        let Ok(source) = EventSource::new(&self.url) else { return };
        let ear = self.clone();
        let open = Closure::<dyn FnMut()>::new(move || {
            ear.ask_no_more();
            ear.live.set(Live::Live);
            // What happened before the stream began was told by nobody.
            changed();
        });
        let ear = self.clone();
        let error = Closure::<dyn FnMut()>::new(move || {
            ear.live.set(if window().navigator().on_line() { Live::Asking } else { Live::Away });
            ear.ask();
        });
        let ear = self.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match message.data().as_string().and_then(|text| serde_json::from_str::<Heard>(&text).ok()) {
                Some(event) => ear.gather(event),
                None => changed(),
            }
        });
        source.set_onopen(Some(open.as_ref().unchecked_ref()));
        source.set_onerror(Some(error.as_ref().unchecked_ref()));
        source.set_onmessage(Some(message.as_ref().unchecked_ref()));
        self.stream.replace(Some(Stream { source, _open: open, _error: error, _message: message }));
    }

    fn gather(self: &Rc<Self>, event: Heard) {
        let first = self.heard.borrow().is_empty();
        self.heard.borrow_mut().push(event);
        if first {
            let ear = self.clone();
            set_timeout(move || heard(&ear.heard.take()), GATHER);
        }
    }

    /// Asks every few seconds, and for a new stream where the old one is closed for good.
    fn ask(self: &Rc<Self>) {
        if let Some(asking) = self.asking.take() {
            self.asking.set(Some(asking));
            return;
        }
        let ear = self.clone();
        let tick = move || {
            changed();
            let closed = |stream: &Stream| stream.source.ready_state() == EventSource::CLOSED;
            if ear.stream.borrow().as_ref().is_none_or(closed) {
                ear.open();
            }
        };
        self.asking.set(set_interval_with_handle(tick, ASK_EVERY).ok());
    }

    fn ask_no_more(&self) {
        if let Some(asking) = self.asking.take() {
            asking.clear();
        }
    }
}
