use contract::{
    NewService, Service, ServiceChange,
    change::{RevealRequest, StateChange},
    live::Live,
    log::{LogFilter, LogLines},
    members::Members,
    metrics::{Metrics, Span},
    mount::{App, AppMount, AppUnmount},
    operation::Operation,
    page::{Page, PageRequest},
    preflight::Check,
    replica::NewReplica,
    replication::Replication,
    service::ServiceFilter,
    values::Secret,
};
use leptos::prelude::*;

use super::{Answer, Calls, Said};
#[cfg(feature = "ssr")]
use {crate::components::words, contract::operation::OperationKind};

#[server(prefix = "/call", endpoint = "list_services", protocol = Calls)]
pub async fn list_services(workspace: String, filter: ServiceFilter, page: PageRequest) -> Answer<Page<Service>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_services(&who, filter, page).await?)
}

/// Without its secrets; `None` where it isn't there.
#[server(prefix = "/call", endpoint = "get_service", protocol = Calls)]
pub async fn get_service(workspace: String, id: String) -> Answer<Option<Service>> {
    let (console, who) = super::enter(workspace).await?;
    super::if_there(console.get_service(&who, &id, contract::console::Secrets::Hidden).await)
}

/// The name that it was given. Its credentials stay where they are until somebody reveals them.
#[server(prefix = "/call", endpoint = "create_service", protocol = Calls)]
pub async fn create_service(workspace: String, new: NewService, key: String) -> Answer<String> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.create_service(&who, new, Some(key)).await?.name)
}

#[server(prefix = "/call", endpoint = "update_service", protocol = Calls)]
pub async fn update_service(workspace: String, id: String, change: ServiceChange) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.update_service(&who, &id, change).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "delete_service", protocol = Calls)]
pub async fn delete_service(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.delete_service(&who, &id).await?)
}

#[server(prefix = "/call", endpoint = "change_state", protocol = Calls)]
pub async fn change_state(workspace: String, id: String, change: StateChange) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.change_state(&who, &id, change).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "retry_service", protocol = Calls)]
pub async fn retry_service(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.retry_service(&who, &id).await?;
    Ok(())
}

/// The page shows it when it is asked to.
#[server(prefix = "/call", endpoint = "rotate_password", protocol = Calls)]
pub async fn rotate_password(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.rotate_password(&who, &id).await?;
    Ok(())
}

/// The page shows how far it is.
#[server(prefix = "/call", endpoint = "promote_external", protocol = Calls)]
pub async fn promote_external(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.promote_external(&who, &id).await?;
    Ok(())
}

/// The page shows it among the replicas.
#[server(prefix = "/call", endpoint = "create_replica", protocol = Calls)]
pub async fn create_replica(workspace: String, id: String, new: NewReplica) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.create_replica(&who, &id, new).await?;
    Ok(())
}

/// The page shows how far it is.
#[server(prefix = "/call", endpoint = "promote_replica", protocol = Calls)]
pub async fn promote_replica(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.promote_replica(&who, &id).await?;
    Ok(())
}

/// The page shows how far it is.
#[server(prefix = "/call", endpoint = "mount_app", protocol = Calls)]
pub async fn mount_app(workspace: String, id: String, mount: AppMount) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.mount_app(&who, &id, mount).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "unmount_app", protocol = Calls)]
pub async fn unmount_app(workspace: String, id: String, unmount: AppUnmount) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.unmount_app(&who, &id, unmount).await?;
    Ok(())
}

/// Of a volume's project.
#[server(prefix = "/call", endpoint = "list_apps", protocol = Calls)]
pub async fn list_apps(workspace: String, id: String) -> Answer<Vec<App>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_apps(&who, &id).await?)
}

#[server(prefix = "/call", endpoint = "service_replication", protocol = Calls)]
pub async fn service_replication(workspace: String, id: String) -> Answer<Option<Replication>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.service_replication(&who, &id).await?)
}

/// What a source is found to be, before anything is made of it.
#[server(prefix = "/call", endpoint = "preflight", protocol = Calls)]
pub async fn preflight(workspace: String, new: NewService) -> Answer<Vec<Check>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.preflight(&who, new).await?)
}

/// The password alone: a page has everything else.
#[server(prefix = "/call", endpoint = "reveal", protocol = Calls)]
pub async fn reveal(workspace: String, id: String, why: RevealRequest) -> Answer<Secret> {
    let (console, who) = super::enter(workspace).await?;
    let details = console.reveal(&who, &id, why).await?;
    details.internal.password.ok_or_else(|| {
        contract::ApiError::Conflict(
            "It has no password of its own until it is promoted: its roles are the source's".into(),
        )
        .into()
    })
}

/// "Signed in at 127.0.0.1:15432 in 4 ms · TLS off · PostgreSQL 17.11"
#[server(prefix = "/call", endpoint = "test_connection", protocol = Calls)]
pub async fn test_connection(workspace: String, id: String) -> Answer<Said> {
    let (console, who) = super::enter(workspace).await?;
    let test = console.test_connection(&who, &id).await?;
    if !test.ok {
        let error = test.error.unwrap_or_else(|| "no answer".to_owned());
        return Ok(Said { good: false, words: format!("{}: {error}", test.address) });
    }
    let tls = if test.tls { "TLS on" } else { "TLS off" };
    let version = test.version.map(|version| format!(" · PostgreSQL {version}")).unwrap_or_default();
    let words = format!("Signed in at {} in {} · {tls}{version}", test.address, words::took(test.ms));
    Ok(Said { good: true, words })
}

/// `None` where the service isn't there.
#[server(prefix = "/call", endpoint = "list_operations", protocol = Calls)]
pub async fn list_operations(workspace: String, id: String, page: PageRequest) -> Answer<Option<Page<Operation>>> {
    let (console, who) = super::enter(workspace).await?;
    super::if_there(console.list_operations(&who, &id, page).await)
}

/// What creating a service usually takes here, in milliseconds.
#[server(prefix = "/call", endpoint = "usual_create", protocol = Calls)]
pub async fn usual_create(workspace: String) -> Answer<Option<u64>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.usual_time(&who, OperationKind::Create).await?)
}

#[server(prefix = "/call", endpoint = "service_log", protocol = Calls)]
pub async fn service_log(workspace: String, id: String, filter: LogFilter) -> Answer<LogLines> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.service_log(&who, &id, filter).await?)
}

/// The objects that would be applied; what the runtime refuses is answered as what a create is refused for.
#[server(prefix = "/call", endpoint = "preview_service", protocol = Calls)]
pub async fn preview_service(workspace: String, new: NewService) -> Answer<String> {
    let (console, who) = super::enter(workspace).await?;
    let preview = console.preview_service(&who, new).await?.unwrap_or_default();
    if !preview.problems.is_empty() {
        return Err(contract::ApiError::from(contract::problem::Invalid { problems: preview.problems }).into());
    }
    Ok(preview.yaml)
}

/// The object behind it; `None` where the runtime has none.
#[server(prefix = "/call", endpoint = "service_live", protocol = Calls)]
pub async fn service_live(workspace: String, id: String) -> Answer<Option<Live>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.service_live(&who, &id).await?)
}

/// The page shows how far it is.
#[server(prefix = "/call", endpoint = "put_back", protocol = Calls)]
pub async fn put_back(workspace: String, id: String) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    console.put_back(&who, &id).await?;
    Ok(())
}

#[server(prefix = "/call", endpoint = "service_members", protocol = Calls)]
pub async fn service_members(workspace: String, id: String) -> Answer<Members> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.service_members(&who, &id).await?)
}

#[server(prefix = "/call", endpoint = "service_metrics", protocol = Calls)]
pub async fn service_metrics(workspace: String, id: String, span: Span) -> Answer<Metrics> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.service_metrics(&who, &id, span).await?)
}
