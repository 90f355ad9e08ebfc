//! Which page answers at which address.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    components::Frame,
    pages::{
        Missing,
        overview::Overview,
        services::{Create, List, Show},
        set_up::SetUp,
        sign_in::SignIn,
    },
};

/// `Async` everywhere: the whole page is there without script, and a 404 or a redirect still fits in the status line.
#[component]
pub fn AppRoutes() -> impl IntoView {
    view! {
        <Routes fallback=Missing>
            <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async />
            <Route path=path!("/set-up/:secret") view=SetUp ssr=SsrMode::Async />
            <ParentRoute path=path!("/w/:workspace") view=Frame ssr=SsrMode::Async>
                <Route path=path!("") view=Overview />
                <Route path=path!("services") view=List />
                <Route path=path!("services/new") view=Create />
                <Route path=path!("services/:name") view=Show />
            </ParentRoute>
        </Routes>
    }
}
