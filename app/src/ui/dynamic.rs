//! One type for what differs from place to place. A closure of its own in a view is compiled, with everything that draws,
//! hydrates and drops it, once for each place; in the browser that is most of the bytes.

use std::sync::{Arc, Mutex};

use leptos::{prelude::*, tachys::reactive_graph::SharedReactiveFunction};

/// A part of a view that changes.
pub fn dynamic(view: impl FnMut() -> AnyView + Send + 'static) -> SharedReactiveFunction<AnyView> {
    Arc::new(Mutex::new(view))
}

/// What answers an event.
pub fn on<E>(run: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(run)
}
