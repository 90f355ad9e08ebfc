//! What an endpoint may answer instead, for its entry in the document.

use std::collections::BTreeMap;

use contract::error::ErrorBody;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

type Responses = BTreeMap<String, RefOr<Response>>;

const BAD: (u16, &str) = (400, "Something in the request can't be read; `fields` names each field.");
const NOBODY: (u16, &str) = (401, "No token, or one that isn't good any more.");
const FORBIDDEN: (u16, &str) = (403, "The caller's role lacks a permission; the text names it.");
const NOT_FOUND: (u16, &str) = (404, "Not there, or not within the caller's reach.");
const TOO_LARGE: (u16, &str) = (413, "The body is too large.");
const MEDIA: (u16, &str) = (415, "The body is neither JSON nor a form.");
const RULES: (u16, &str) = (422, "Rules are broken; `errors` joins them, `fields` names each field.");
const TOO_MANY: (u16, &str) = (429, "Too many attempts; `Retry-After` says in how many seconds there is another.");
const BROKEN: (u16, &str) = (500, "Our fault; the log has the cause under `request_id`.");
const AWAY: (u16, &str) = (503, "The metadata store is away, or this took too long.");

macro_rules! refusals {
    ($($(#[$about:meta])* $name:ident [$($one:expr),+],)+) => { $(
        $(#[$about])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                [$($one),+].into_iter().map(refusal).collect()
            }
        }
    )+ };
}

refusals! {
    /// Of the layers, before and behind every handler.
    Anywhere [BAD, TOO_LARGE, BROKEN, AWAY],
    /// Of every member, without a permission.
    Member [NOBODY, NOT_FOUND],
    /// Behind a permission.
    Guarded [NOBODY, FORBIDDEN, NOT_FOUND],
    /// Behind a permission, with a body.
    Changing [NOBODY, FORBIDDEN, NOT_FOUND, MEDIA, RULES],
    /// The caller's own affairs, with a body.
    Own [NOBODY, NOT_FOUND, MEDIA, RULES],
    /// Without a token.
    SigningIn [NOBODY, MEDIA, RULES, TOO_MANY],
    /// The streams.
    Streaming [NOBODY, FORBIDDEN, NOT_FOUND, TOO_MANY],
}

fn refusal((status, about): (u16, &str)) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    let response = ResponseBuilder::new().description(about).content("application/json", content).build();
    (status.to_string(), response.into())
}
