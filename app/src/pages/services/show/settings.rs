use contract::{Action, Service, page::PageRequest, permission::Permission};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::{CallError, installation::get_capabilities, projects::list_projects, resources::get_resource},
    forms::settings::{Now, SettingsForm},
    pages::workspace,
    ui::{Notice, Tone},
};

async fn now(slug: String, service: &Service) -> Result<Now, CallError> {
    let (capabilities, projects, pool) = futures::join!(
        get_capabilities(slug.clone()),
        list_projects(slug.clone(), PageRequest::whole()),
        get_resource(slug, service.resource_id)
    );
    Ok(Now {
        label: service.label.clone(),
        project: service.project_id.to_string(),
        ram: service.ram_size,
        disk: service.disk_size,
        cpu: service.cpu_size,
        instances: service.instances,
        access: service.public_access.clone(),
        variables: service.environment_variables,
        capabilities: capabilities?,
        projects: projects?.items.into_iter().map(Into::into).collect(),
        // who may not see it is told by the server what fits
        pool: pool.ok().flatten().map(Into::into),
    })
}

/// What may be changed of a service.
#[component]
pub fn Settings(service: Service) -> impl IntoView {
    let slug = workspace();
    let refused = refused(service.state, Action::Update, Permission::ServicesManage);
    Suspend::new(async move {
        match now(slug.clone(), &service).await {
            // what is typed there stays, whatever happens meanwhile
            Ok(now) => view! { <div data-keep><SettingsForm slug name=service.name now refused /></div> }.into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad cause="The settings can't be shown." evidence=Some(error.to_string()) /> }.into_any()
            }
        }
    })
}
