//! `/w/{workspace}`: leads to the services.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, components::Redirect};

use crate::{pages::workspace, paths};

#[component]
pub fn Overview() -> impl IntoView {
    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
    view! { <Redirect path=paths::services(&workspace()) options /> }
}
