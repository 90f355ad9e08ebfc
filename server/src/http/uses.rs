//! What handlers call: the use cases, who somebody is, and what has changed.
//!
//! Traits, so that every route can be tried without a database; crate `control` stands behind each of them.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRef;
use contract::event::Event;
use contract::user::Tokens;
use contract::values::Secret;
use contract::{ApiError, Caller, Console};
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::limits::SignInLimiter;
use super::stream::Streams;
use super::{AppState, Site};

/// Who somebody is.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The caller that a bearer token stands for, in this workspace or in his default one.
    async fn caller_by_bearer(
        &self,
        token: &Secret,
        workspace: Option<Uuid>,
        request_id: &str,
    ) -> Result<Caller, ApiError>;
    /// The caller that a session stands for, in the workspace with this slug or in his default one.
    async fn caller_by_session(
        &self,
        session: &Secret,
        workspace: Option<&str>,
        request_id: &str,
    ) -> Result<Caller, ApiError>;
    /// The user with this address and password; [`ApiError::Unauthenticated`] in the same time and words for any other.
    async fn sign_in(&self, email: &str, password: &Secret) -> Result<Uuid, ApiError>;
    /// A pair of tokens for a user who has just signed in.
    async fn issue(&self, user: Uuid) -> Result<Tokens, ApiError>;
    /// The next pair; the token is good for one use.
    async fn refresh(&self, token: &Secret) -> Result<Tokens, ApiError>;
    /// A new session; what the cookie will hold.
    async fn open_session(&self, user: Uuid, address: IpAddr, agent: &str) -> Result<Secret, ApiError>;
    /// Ends a session; one that doesn't exist has ended already.
    async fn close_session(&self, session: &Secret) -> Result<(), ApiError>;
    /// Makes the first admin; the link is good for one use.
    async fn use_setup_link(&self, link: &Secret, email: &str, password: &Secret) -> Result<Uuid, ApiError>;
}

/// What has changed.
pub trait Feed: Send + Sync {
    /// Every event of what the caller can reach, from now on. Ends where some may have been lost.
    fn subscribe(&self, who: &Caller) -> BoxStream<'static, Event>;
}

/// What handlers share.
#[derive(Clone)]
pub struct Uses {
    pub console: Arc<dyn Console>,
    pub accounts: Arc<dyn Accounts>,
    pub feed: Arc<dyn Feed>,
    pub(super) streams: Arc<Streams>,
    pub(super) site: Arc<Site>,
    pub(super) sign_in: Arc<SignInLimiter>,
    pub(super) closing: CancellationToken,
}

impl Uses {
    pub fn new(state: &AppState, console: Arc<dyn Console>, accounts: Arc<dyn Accounts>, feed: Arc<dyn Feed>) -> Self {
        Self {
            console,
            accounts,
            feed,
            streams: Arc::default(),
            site: state.site.clone(),
            sign_in: state.sign_in.clone(),
            closing: state.closing.clone(),
        }
    }
}

impl FromRef<Uses> for Arc<Site> {
    fn from_ref(uses: &Uses) -> Self {
        uses.site.clone()
    }
}
