use contract::{
    page::{Page, PageRequest},
    resource::Resource as Pool,
};
use leptos::{prelude::*, server_fn::codec::Json};

use super::Answer;

#[server(prefix = "/call", endpoint = "list_resources", input = Json)]
pub async fn list_resources(workspace: String, page: PageRequest) -> Answer<Page<Pool>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_resources(&who, page).await?)
}
