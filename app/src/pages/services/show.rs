//! `/w/{workspace}/services/{name}`

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_params_map, lazy_route};

use crate::{
    components::{Page, PageHead},
    pages::workspace,
    paths,
    ui::Crumb,
};

pub struct ShowRoute;

#[lazy_route]
impl LazyRoute for ShowRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <Show /> }.into_any()
    }
}

#[component]
fn Show() -> impl IntoView {
    let name = use_params_map().with_untracked(|params| params.get("name").unwrap_or_default());
    let crumbs = vec![Crumb::to("Services", paths::services(&workspace())), Crumb::here(name.clone())];
    view! {
        <Page title=name.clone() crumbs>
            <PageHead title=name />
        </Page>
    }
}
