use contract::{
    page::{Page, PageRequest},
    user::{NewToken, PasswordChange, Session, Token},
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{Answer, Calls, Said};

#[server(prefix = "/call", endpoint = "list_tokens", protocol = Calls)]
pub async fn list_tokens(workspace: String, page: PageRequest) -> Answer<Page<Token>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_tokens(&who, page).await?)
}

/// The token itself, this once.
#[server(prefix = "/call", endpoint = "create_token", protocol = Calls)]
pub async fn create_token(workspace: String, new: NewToken) -> Answer<Said> {
    let (console, who) = super::enter(workspace).await?;
    let issued = console.create_token(&who, new).await?;
    Ok(Said { good: true, words: issued.token.expose().to_owned() })
}

#[server(prefix = "/call", endpoint = "revoke_token", protocol = Calls)]
pub async fn revoke_token(workspace: String, token: Uuid) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.revoke_token(&who, token).await?)
}

#[server(prefix = "/call", endpoint = "list_sessions", protocol = Calls)]
pub async fn list_sessions(workspace: String) -> Answer<Vec<Session>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_sessions(&who).await?)
}

#[server(prefix = "/call", endpoint = "end_session", protocol = Calls)]
pub async fn end_session(workspace: String, session: Uuid) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.end_session(&who, session).await?)
}

#[server(prefix = "/call", endpoint = "change_password", protocol = Calls)]
pub async fn change_password(workspace: String, change: PasswordChange) -> Answer<()> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.change_password(&who, change).await?)
}
