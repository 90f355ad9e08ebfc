//! The console: pages that the server draws, islands that answer in the browser, and calls. Knows no database and no runtime.
//!
//! Only what stands in an island (and what it calls) is compiled to WASM; everything else is HTML, drawn by the server,
//! and drawn anew by it when the stream of events says that something changed ([`live`]).

pub mod calls;
pub mod components;
pub mod forms;
pub mod live;
pub mod pages;
pub mod paths;
mod routes;
pub mod shell;
pub mod ui;
pub mod viewer;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::Router;

use crate::{
    routes::AppRoutes,
    ui::{Skipped, Toast},
};

/// The document's body. Drawn on the server only.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Skipped />
        <Router>
            <AppRoutes />
        </Router>
        <Toast />
    }
}
