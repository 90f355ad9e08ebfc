use contract::{Capabilities, user::Me};
use leptos::prelude::*;

use super::{Answer, Calls};

#[server(prefix = "/call", endpoint = "capabilities", protocol = Calls)]
pub async fn get_capabilities(workspace: String) -> Answer<Capabilities> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.capabilities(&who).await?)
}

#[server(prefix = "/call", endpoint = "me", protocol = Calls)]
pub async fn get_me(workspace: String) -> Answer<Me> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.me(&who).await?)
}
