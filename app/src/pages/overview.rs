//! `/w/{workspace}`: what needs attention, then everything else.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

use crate::{
    components::{Page, PageHead},
    pages::workspace,
    paths,
    ui::{ButtonLink, Crumb, EmptyState, Kind, lu},
};

pub struct OverviewRoute;

#[lazy_route]
impl LazyRoute for OverviewRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <Overview /> }.into_any()
    }
}

#[component]
fn Overview() -> impl IntoView {
    let workspace = workspace();
    let (new, all) = (paths::new_service(&workspace), paths::services(&workspace));
    view! {
        <Page title="Overview" crumbs=vec![Crumb::here("Overview")]>
            <PageHead title="Overview">
                <ButtonLink href=new kind=Kind::Primary icon=lu::LuPlus>
                    "Create service"
                </ButtonLink>
            </PageHead>
            <EmptyState title="No services yet" text="Databases and volumes of this workspace appear here, those that need attention first.">
                <ButtonLink href=all>"See all services"</ButtonLink>
            </EmptyState>
        </Page>
    }
}
