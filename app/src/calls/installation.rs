use contract::{Capabilities, user::Me};
use leptos::{prelude::*, server_fn::codec::Json};

use super::Answer;

#[server(prefix = "/call", endpoint = "capabilities", input = Json)]
pub async fn get_capabilities(workspace: String) -> Answer<Capabilities> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.capabilities(&who).await?)
}

#[server(prefix = "/call", endpoint = "me", input = Json)]
pub async fn get_me(workspace: String) -> Answer<Me> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.me(&who).await?)
}
