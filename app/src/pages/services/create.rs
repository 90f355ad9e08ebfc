//! `/w/{workspace}/services/new`

use contract::{page::PageRequest, permission::Permission};
use leptos::prelude::*;

use crate::{
    calls::{
        CallError,
        installation::get_capabilities,
        projects::{list_projects, list_var_names},
        resources::list_pools,
        services::usual_create,
    },
    components::{Page, PageHead, words},
    forms::new_service::{Fill, Offer},
    pages::workspace,
    paths,
    shell::Preload,
    ui::{Crumb, Notice, Tone},
    viewer,
};

/// What the form chooses from.
async fn offer(slug: String) -> Result<Offer, CallError> {
    let (capabilities, projects, pools, usual) = futures::join!(
        get_capabilities(slug.clone()),
        list_projects(slug.clone(), PageRequest::whole()),
        list_pools(slug.clone()),
        usual_create(slug.clone())
    );
    let offer = Offer {
        capabilities: capabilities?,
        projects: projects?.items.into_iter().map(Into::into).collect(),
        // who may see none may still have one of them chosen for him
        pools: pools.unwrap_or_default(),
        known: None,
        ready_in: usual.ok().flatten().map(words::took),
    };
    let known = list_var_names(slug, offer.first_project().to_owned()).await.ok();
    Ok(Offer { known, ..offer })
}

#[component]
pub fn Create() -> impl IntoView {
    let slug = workspace();
    let crumbs = vec![Crumb::to("Services", paths::services(&slug)), Crumb::here("Create")];
    view! {
        <Page title="Create a service" crumbs>
            <Preload lazy="fill" />
            {Suspend::new(async move {
                match offer(slug.clone()).await {
                    Ok(offer) => {
                        let place = place(&offer);
                        view! {
                            <PageHead title="Create a service" below=move || view! { <p>{place.clone()}</p> } />
                            <Fill slug offer lacks=viewer::lacks(Permission::ServicesManage) />
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! {
                            <PageHead title="Create a service" />
                            <Notice tone=Tone::Bad cause="The form can't be shown." evidence=Some(error.to_string()) />
                        }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}

/// "In default, on local-1": where there is nothing to choose.
fn place(offer: &Offer) -> String {
    let only = |names: Vec<&str>| match names.as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    };
    let project = only(offer.projects.iter().map(|project| project.name.as_str()).collect());
    let pool = only(offer.pools.iter().map(|pool| pool.label.as_str()).collect());
    match (project, pool) {
        (Some(project), Some(pool)) => format!("In {project}, on {pool}"),
        (Some(project), None) => format!("In {project}"),
        (None, Some(pool)) => format!("On {pool}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Capabilities, capabilities::Runtime};

    #[test]
    fn a_place_without_a_choice_is_named() {
        let today = time::macros::date!(2026 - 11 - 23);
        let capabilities = Capabilities::everything(Runtime::Local, today);
        assert_eq!(
            place(&Offer { capabilities, projects: Vec::new(), pools: Vec::new(), known: None, ready_in: None }),
            ""
        );
    }
}
