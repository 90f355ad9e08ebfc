//! Extractors for what is peculiar to single endpoints.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use contract::project::VarKey;
use contract::{ApiError, Problem};
use serde::de::DeserializeOwned;

use crate::http::query::{self, Query};
use crate::http::{Body, Failure};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// A uuid takes 36.
pub(super) const LONGEST_KEY: usize = 255;

/// `Idempotency-Key`, or none.
#[derive(Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut lines = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let refused = || ApiError::from(Problem::invalid("Idempotency-Key", "one text of 1 to 255 ASCII characters"));
        match (lines.next(), lines.next()) {
            (None, _) => Ok(Self(None)),
            (Some(_), Some(_)) => Err(refused().into()),
            (Some(line), None) => {
                let key =
                    line.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len())).ok_or_else(refused)?;
                Ok(Self(Some(key.to_owned())))
            }
        }
    }
}

/// A body that may be left out.
#[derive(Debug)]
pub struct Optional<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for Optional<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, crate::http::body::LARGEST).await;
        let bytes = bytes.map_err(|_| ApiError::TooLarge(crate::http::body::LARGEST))?;
        if bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        Body::from_request(Request::from_parts(parts, bytes.into()), state).await.map(|Body(body)| Self(body))
    }
}

/// The variable to delete: `?key=`, or the body.
#[derive(Debug)]
pub struct NamedKey(pub VarKey);

impl<S: Send + Sync> FromRequest<S> for NamedKey {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let named = Query::read(&query::here(&parts), &["key"])?.take("key");
        let Optional(mut key) = Optional::<VarKey>::from_request(Request::from_parts(parts, body), state).await?;
        match named {
            Some(_) if !key.key.is_absent() => Err(ApiError::from(Problem::not_listed("key", "name it once")).into()),
            Some(named) => {
                key.key = named.into();
                Ok(Self(key))
            }
            None => Ok(Self(key)),
        }
    }
}
