//! Which page answers at which address. Each page is a module of its own in the browser, loaded when it is first visited.

use leptos::prelude::*;
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    components::Frame,
    pages::{
        Missing,
        overview::Overview,
        services::{CreateRoute, ListRoute, ShowRoute},
        set_up::SetUpRoute,
        sign_in::SignInRoute,
    },
};

/// `Async` everywhere: the whole page is there without script, and a 404 or a redirect still fits in the status line.
#[component]
pub fn AppRoutes() -> impl IntoView {
    view! {
        <Routes fallback=Missing>
            <Route path=path!("/sign-in") view={Lazy::<SignInRoute>::new()} ssr=SsrMode::Async />
            <Route path=path!("/set-up/:secret") view={Lazy::<SetUpRoute>::new()} ssr=SsrMode::Async />
            <ParentRoute path=path!("/w/:workspace") view=Frame ssr=SsrMode::Async>
                <Route path=path!("") view=Overview />
                <Route path=path!("services") view={Lazy::<ListRoute>::new()} />
                <Route path=path!("services/new") view={Lazy::<CreateRoute>::new()} />
                <Route path=path!("services/:name") view={Lazy::<ShowRoute>::new()} />
            </ParentRoute>
        </Routes>
    }
}
