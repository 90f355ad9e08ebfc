//! What a request signs in with, and the extractors that turn it into a [`Caller`].
//!
//! The REST API looks at `Authorization: Bearer` and `X-Workspace-Id` alone: no cookie and no query string signs
//! anybody in there, so no other site's page can act through a browser.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use contract::values::Secret;
use contract::{ApiError, Caller, Problem};
use uuid::Uuid;

use super::uses::{Accounts, Uses};
use super::{Failure, RequestId};

pub(super) const WORKSPACE: HeaderName = HeaderName::from_static("x-workspace-id");

/// Kept by what outlives its request, such as a stream, to ask again whether it is still good.
#[derive(Clone, Debug)]
pub enum Credential {
    Bearer { token: Secret, workspace: Option<Uuid> },
    Session { session: Secret, workspace: Option<String> },
}

impl Credential {
    /// Of a request to the REST API.
    fn of_api(headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self::Bearer { token: bearer(headers)?, workspace: workspace(headers)? })
    }

    /// Whom it stands for, now.
    pub async fn caller(&self, accounts: &dyn Accounts, request_id: &str) -> Result<Caller, ApiError> {
        match self {
            Self::Bearer { token, workspace } => accounts.caller_by_bearer(token, *workspace, request_id).await,
            Self::Session { session, workspace } => {
                accounts.caller_by_session(session, workspace.as_deref(), request_id).await
            }
        }
    }
}

/// The token of a request to the REST API (RFC 6750, section 2.1). Said twice it is nobody's.
///
/// # Errors
/// There is none, or more than one.
pub fn bearer(headers: &HeaderMap) -> Result<Secret, ApiError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().ok(),
        _ => None,
    };
    let token = line.and_then(|line| {
        let (scheme, token) = line.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(char::is_whitespace))
            .then_some(token)
    });
    token
        .map(Secret::new)
        .ok_or_else(|| ApiError::Unauthenticated("Sign in: send Authorization: Bearer <token>".into()))
}

/// Absent: the caller's default. Twice, empty or anything but a uuid is refused: a guess might act on the wrong one.
fn workspace(headers: &HeaderMap) -> Result<Option<Uuid>, ApiError> {
    let mut lines = headers.get_all(WORKSPACE).iter();
    let refused = || ApiError::from(Problem::invalid("X-Workspace-Id", "one uuid"));
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(refused()),
        (Some(line), None) => line.to_str().ok().and_then(hyphenated).map(Some).ok_or_else(refused),
    }
}

/// A uuid as it is written everywhere else: 36 characters with hyphens.
pub(super) fn hyphenated(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH)
}

/// The caller of a REST request, with what he signed in with.
#[derive(Clone, Debug)]
pub struct Pass {
    pub caller: Caller,
    pub credential: Credential,
}

impl FromRequestParts<Uses> for Pass {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, uses: &Uses) -> Result<Self, Failure> {
        let id = parts.extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let credential = Credential::of_api(&parts.headers)?;
        let caller = credential.caller(&*uses.accounts, &id).await?;
        Ok(Self { caller, credential })
    }
}

/// The caller of a REST request. The first argument of a handler after the state, so that nothing is said about a
/// request before it is known who asks.
#[derive(Clone, Debug)]
pub struct Authorised(pub Caller);

impl FromRequestParts<Uses> for Authorised {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, uses: &Uses) -> Result<Self, Failure> {
        Pass::from_request_parts(parts, uses).await.map(|pass| Self(pass.caller))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), line.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_comes_in_one_header_of_one_scheme() {
        for good in ["Bearer abc", "bearer abc", "BEARER   abc "] {
            assert_eq!(bearer(&headers(header::AUTHORIZATION, &[good])).unwrap().expose(), "abc", "{good}");
        }
        for bad in [
            &[][..],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Basic abc"],
            &["abc"],
            &["Bearer a b"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(bearer(&headers(header::AUTHORIZATION, bad)).unwrap_err().status(), 401, "{bad:?}");
        }
    }

    #[test]
    fn h14_a_workspace_is_one_uuid_or_nothing() {
        let uuid = "0192f0c1-2345-7abc-8def-0123456789AB";
        assert_eq!(workspace(&HeaderMap::new()), Ok(None));
        assert_eq!(workspace(&headers(WORKSPACE, &[uuid])), Ok(Uuid::try_parse(uuid).ok()));
        for bad in [
            &[""][..],
            &["main"],
            &[uuid, uuid],
            &["0192f0c123457abc8def0123456789ab"],
            &["{0192f0c1-2345-7abc-8def-0123456789ab}"],
        ] {
            assert_eq!(workspace(&headers(WORKSPACE, bad)).unwrap_err().status(), 400, "{bad:?}");
        }
    }
}
