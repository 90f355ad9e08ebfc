//! Crate `control` behind the traits that HTTP calls.

use std::net::IpAddr;

use async_trait::async_trait;
use contract::event::Event;
use contract::user::Tokens;
use contract::values::Secret;
use contract::{ApiError, Caller};
use control::events::Hub;
use control::identity::Identity;
use futures::StreamExt;
use futures::stream::BoxStream;
use uuid::Uuid;

use super::uses::{Accounts, Feed};

#[async_trait]
impl Accounts for Identity {
    async fn caller_by_bearer(
        &self,
        token: &Secret,
        workspace: Option<Uuid>,
        request_id: &str,
    ) -> Result<Caller, ApiError> {
        Ok(Identity::caller_by_bearer(self, token.expose(), workspace, request_id).await?)
    }

    async fn caller_by_session(
        &self,
        session: &Secret,
        workspace: Option<&str>,
        request_id: &str,
    ) -> Result<Caller, ApiError> {
        Ok(Identity::caller_by_session(self, session, workspace, request_id).await?)
    }

    async fn sign_in(&self, email: &str, password: &Secret) -> Result<Uuid, ApiError> {
        Ok(Identity::sign_in(self, email, password).await?)
    }

    async fn issue(&self, user: Uuid) -> Result<Tokens, ApiError> {
        Ok(Identity::issue(self, user).await?)
    }

    async fn refresh(&self, token: &Secret) -> Result<Tokens, ApiError> {
        Ok(Identity::refresh(self, token).await?)
    }

    async fn open_session(&self, user: Uuid, address: IpAddr, agent: &str) -> Result<Secret, ApiError> {
        Ok(Identity::open_session(self, user, &address.to_string(), agent).await?)
    }

    async fn close_session(&self, session: &Secret) -> Result<(), ApiError> {
        Ok(Identity::close_session(self, session).await?)
    }

    async fn use_setup_link(&self, link: &Secret, email: &str, password: &Secret) -> Result<Uuid, ApiError> {
        Ok(Identity::use_setup_link(self, link, email, password).await?)
    }
}

impl Feed for Hub {
    fn subscribe(&self, who: &Caller) -> BoxStream<'static, Event> {
        Hub::subscribe(self, who).boxed()
    }
}
