//! The console: pages, forms and calls, rendered on the server and hydrated in the browser. Knows no database and no runtime.

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
    ui::{Skipped, ToastRegion, provide_clock, provide_theme, provide_toasts},
};

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_theme();
    provide_clock();
    provide_toasts();
    viewer::provide();
    view! {
        <Skipped />
        <Router>
            <AppRoutes />
        </Router>
        <ToastRegion />
    }
}
