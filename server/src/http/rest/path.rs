//! What stands in `{id}`.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use contract::ApiError;
use contract::error::Noun;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use uuid::Uuid;

use super::parameters;
use crate::http::Failure;
use crate::http::credential::hyphenated;

/// A service, by uuid or name; which of them the use case finds out.
#[derive(Debug)]
pub struct ServiceId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ServiceId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        text(parts, state, Noun::Service).await.map(Self)
    }
}

impl IntoParams for ServiceId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameters::id("The service's uuid or name.", parameters::text())]
    }
}

macro_rules! ids {
    ($($name:ident $noun:ident $words:literal,)+) => { $(
        #[doc = $words]
        #[derive(Debug)]
        pub struct $name(pub Uuid);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Failure;

            /// What is no uuid isn't there either.
            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
                let text = text(parts, state, Noun::$noun).await?;
                Ok(Self(hyphenated(&text).ok_or(ApiError::NotFound(Noun::$noun))?))
            }
        }

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![parameters::id($words, parameters::uuid())]
            }
        }
    )+ };
}

ids! {
    ProjectId Project "The project's uuid.",
    ResourceId Resource "The resource's uuid.",
    OperationId Operation "The operation's uuid.",
    TokenId Token "The token's uuid.",
}

async fn text<S: Send + Sync>(parts: &mut Parts, state: &S, noun: Noun) -> Result<String, Failure> {
    let path = Path::<String>::from_request_parts(parts, state).await;
    path.map(|Path(text)| text).map_err(|_| Failure(ApiError::NotFound(noun)))
}
