//! What `http` asks for, answered by crate `control`.

use std::net::IpAddr;

use async_trait::async_trait;
use contract::event::Event;
use contract::user::Tokens;
use contract::values::Secret;
use contract::{ApiError, Caller};
use control::events::Hub;
use control::identity::Identity;
use control::port::Provisioner;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sqlx::PgPool;
use std::sync::Arc;
use uuid::Uuid;

use crate::http::health::{Health, RuntimeHealth};
use crate::http::uses::{Accounts, Feed};

/// Who somebody is.
pub struct ByIdentity(pub Identity);

#[async_trait]
impl Accounts for ByIdentity {
    async fn caller_by_bearer(
        &self,
        token: &Secret,
        workspace: Option<Uuid>,
        request_id: &str,
    ) -> Result<Caller, ApiError> {
        Ok(self.0.caller_by_bearer(token.expose(), workspace, request_id).await?)
    }

    async fn caller_by_session(
        &self,
        session: &Secret,
        workspace: Option<&str>,
        request_id: &str,
    ) -> Result<Caller, ApiError> {
        Ok(self.0.caller_by_session(session, workspace, request_id).await?)
    }

    async fn sign_in(&self, email: &str, password: &Secret) -> Result<Uuid, ApiError> {
        Ok(self.0.sign_in(email, password).await?)
    }

    async fn issue(&self, user: Uuid) -> Result<Tokens, ApiError> {
        Ok(self.0.issue(user).await?)
    }

    async fn refresh(&self, token: &Secret) -> Result<Tokens, ApiError> {
        Ok(self.0.refresh(token).await?)
    }

    async fn open_session(&self, user: Uuid, address: IpAddr, agent: &str) -> Result<Secret, ApiError> {
        Ok(self.0.open_session(user, &address.to_string(), agent).await?)
    }

    async fn close_session(&self, session: &Secret) -> Result<(), ApiError> {
        Ok(self.0.close_session(session).await?)
    }

    async fn use_setup_link(&self, link: &Secret, email: &str, password: &Secret) -> Result<Uuid, ApiError> {
        Ok(self.0.use_setup_link(link, email, password).await?)
    }
}

/// What has changed.
pub struct ByHub(pub Hub);

impl Feed for ByHub {
    fn subscribe(&self, who: &Caller) -> BoxStream<'static, Event> {
        self.0.subscribe(who).boxed()
    }
}

/// What the probes ask.
pub struct Probes {
    pub pool: PgPool,
    pub runtime: Arc<dyn Provisioner>,
}

#[async_trait]
impl Health for Probes {
    async fn store(&self) -> Result<(), String> {
        control::store::answers(&self.pool).await.map_err(|_| "the metadata store is away".to_owned())
    }

    async fn runtime(&self) -> RuntimeHealth {
        let can = self.runtime.capabilities();
        let runs = can.postgres_versions.iter().any(|v| v.available);
        let none = || "no version of PostgreSQL can be run here".to_owned();
        RuntimeHealth {
            name: can.runtime.to_string(),
            healthy: runs,
            detail: if runs { can.advisory } else { Some(none()) },
        }
    }
}
