use contract::{
    page::{Page, PageRequest},
    resource::Resource as Pool,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{Answer, Calls};
use crate::forms::new_service::Pool as Room;

#[server(prefix = "/call", endpoint = "list_resources", protocol = Calls)]
pub async fn list_resources(workspace: String, page: PageRequest) -> Answer<Page<Pool>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_resources(&who, page).await?)
}

/// `None` where it isn't there.
#[server(prefix = "/call", endpoint = "get_resource", protocol = Calls)]
pub async fn get_resource(workspace: String, resource: Uuid) -> Answer<Option<Pool>> {
    let (console, who) = super::enter(workspace).await?;
    super::if_there(console.get_resource(&who, resource).await)
}

/// Every resource, as the form of a new service needs it.
#[server(prefix = "/call", endpoint = "list_pools", protocol = Calls)]
pub async fn list_pools(workspace: String) -> Answer<Vec<Room>> {
    let pools = list_resources(workspace, PageRequest::whole()).await?;
    Ok(pools.items.into_iter().map(Into::into).collect())
}
