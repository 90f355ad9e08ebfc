//! `/w/{workspace}/services/new`

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

use crate::{
    components::{Page, PageHead},
    pages::workspace,
    paths,
    ui::Crumb,
};

pub struct CreateRoute;

#[lazy_route]
impl LazyRoute for CreateRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <Create /> }.into_any()
    }
}

#[component]
fn Create() -> impl IntoView {
    let crumbs = vec![Crumb::to("Services", paths::services(&workspace())), Crumb::here("Create")];
    view! {
        <Page title="Create a service" crumbs>
            <PageHead title="Create a service" />
        </Page>
    }
}
