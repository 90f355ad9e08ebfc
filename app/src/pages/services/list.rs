//! `/w/{workspace}/services`

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

use crate::{
    components::{Page, PageHead},
    pages::workspace,
    paths,
    ui::{ButtonLink, Crumb, EmptyState, Kind, lu},
};

pub struct ListRoute;

#[lazy_route]
impl LazyRoute for ListRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <List /> }.into_any()
    }
}

#[component]
fn List() -> impl IntoView {
    let new = paths::new_service(&workspace());
    let first = new.clone();
    view! {
        <Page title="Services" crumbs=vec![Crumb::here("Services")]>
            <PageHead title="Services">
                <ButtonLink href=new kind=Kind::Primary icon=lu::LuPlus>
                    "Create service"
                </ButtonLink>
            </PageHead>
            <EmptyState title="No services yet" text="A service is a database or a volume of its own. The first one takes less than a minute.">
                <ButtonLink href=first>"Create a service"</ButtonLink>
            </EmptyState>
        </Page>
    }
}
