use contract::permission::Permission;
use leptos::prelude::*;

use crate::{
    pages::workspace,
    paths,
    ui::{Button, ButtonLink, Kind, lu},
    viewer,
};

/// The way to a new service; who may not create one is told why.
#[component]
pub fn CreateService() -> impl IntoView {
    match viewer::lacks(Permission::ServicesManage) {
        None => {
            let href = paths::new_service(&workspace());
            view! {
                <ButtonLink href kind=Kind::Primary icon=lu::LuPlus>
                    "Create service"
                </ButtonLink>
            }
            .into_any()
        }
        Some(why) => view! {
            <Button id="create" kind=Kind::Primary icon=lu::LuPlus refused=Signal::stored(Some(why)) quiet=true>
                "Create service"
            </Button>
        }
        .into_any(),
    }
}
