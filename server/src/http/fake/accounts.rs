//! One user with one password, one session and one token; and a feed that tests write to.

use std::net::IpAddr;

use async_trait::async_trait;
use contract::event::Event;
use contract::user::Tokens;
use contract::values::Secret;
use contract::{ApiError, Caller};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio_stream::wrappers::BroadcastStream;
use uuid::Uuid;

use super::{Answer, Fake, GOOD, ID};
use crate::http::uses::{Accounts, Feed};

#[async_trait]
impl Accounts for Fake {
    async fn caller_by_bearer(&self, token: &Secret, workspace: Option<Uuid>, request_id: &str) -> Answer<Caller> {
        let workspace = if workspace.is_some_and(|id| id != ID) { "other" } else { "main" };
        self.caller(token.expose() == GOOD, workspace, request_id)
    }
    async fn caller_by_session(&self, session: &Secret, workspace: Option<&str>, request_id: &str) -> Answer<Caller> {
        self.caller(session.expose() == GOOD, workspace.unwrap_or("main"), request_id)
    }
    async fn sign_in(&self, email: &str, password: &Secret) -> Answer<Uuid> {
        self.note(format!("sign_in {email}"));
        self.caller(password.expose() == GOOD, "main", "").map(|who| who.user_id)
    }
    async fn issue(&self, user: Uuid) -> Answer<Tokens> {
        self.note(format!("issue {user}"));
        Ok(Tokens { access_token: Secret::new("bat_x"), refresh_token: Secret::new("brt_x"), expires_in: 1800 })
    }
    async fn refresh(&self, token: &Secret) -> Answer<Tokens> {
        self.caller(token.expose() == GOOD, "main", "")?;
        self.issue(ID).await
    }
    async fn open_session(&self, user: Uuid, address: IpAddr, agent: &str) -> Answer<Secret> {
        self.note(format!("open_session {user} {address} {agent}"));
        Ok(Secret::new("fresh"))
    }
    async fn close_session(&self, session: &Secret) -> Answer<()> {
        self.note(format!("close_session {}", session.expose()));
        Ok(())
    }
    async fn use_setup_link(&self, link: &Secret, email: &str, password: &Secret) -> Answer<Uuid> {
        self.note(format!("use_setup_link {} {email}", link.expose()));
        if link.expose() != GOOD {
            return Err(ApiError::Refused("This set-up link is not valid".into()));
        }
        if password.expose().len() < 12 {
            return Err(contract::Problem::breaks("password", "too_short", "is too short").into());
        }
        Ok(ID)
    }
}

impl Feed for Fake {
    fn subscribe(&self, _: &Caller) -> BoxStream<'static, Event> {
        self.note("subscribe".into());
        BroadcastStream::new(self.events.subscribe()).filter_map(|event| std::future::ready(event.ok())).boxed()
    }
}
