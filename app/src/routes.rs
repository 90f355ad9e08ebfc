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
        account::Account,
        activity::Activity,
        find::Find,
        overview::Overview,
        projects::{Project, Projects},
        resources::{Resource, Resources},
        services::{
            Create, List, Show, ShowActivity, ShowLogs, ShowMembers, ShowMetrics, ShowObject, ShowReplication,
            ShowSettings,
        },
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
                <Route path=path!("services/:name/activity") view=ShowActivity />
                <Route path=path!("services/:name/logs") view=ShowLogs />
                <Route path=path!("services/:name/members") view=ShowMembers />
                <Route path=path!("services/:name/replication") view=ShowReplication />
                <Route path=path!("services/:name/object") view=ShowObject />
                <Route path=path!("services/:name/metrics") view=ShowMetrics />
                <Route path=path!("services/:name/settings") view=ShowSettings />
                <Route path=path!("projects") view=Projects />
                <Route path=path!("projects/:id") view=Project />
                <Route path=path!("resources") view=Resources />
                <Route path=path!("resources/:id") view=Resource />
                <Route path=path!("activity") view=Activity />
                <Route path=path!("account") view=Account />
                <Route path=path!("find") view=Find />
            </ParentRoute>
        </Routes>
    }
}
