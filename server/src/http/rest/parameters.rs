//! Parameters in the OpenAPI document, built beside the extractors that read them.

use contract::page::PageRequest;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::body::{IdempotencyKey, LONGEST_KEY, NamedKey};
use crate::http::query::Paging;

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(in crate::http) fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
}

pub(super) fn query(name: &str, about: &str, schema: ObjectBuilder) -> Parameter {
    parameter(name, ParameterIn::Query, about, schema)
}

pub(in crate::http) fn header(name: &str, about: &str, schema: ObjectBuilder) -> Parameter {
    parameter(name, ParameterIn::Header, about, schema)
}

/// `{id}`.
pub(super) fn id(about: &str, schema: ObjectBuilder) -> Parameter {
    parameter("id", ParameterIn::Path, about, schema)
}

fn parameter(name: &str, place: ParameterIn, about: &str, schema: ObjectBuilder) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let named = ParameterBuilder::new().name(name).parameter_in(place).required(required);
    named.description(Some(about)).schema(Some(schema)).build()
}

impl IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let limit = number.minimum(Some(1)).maximum(Some(PageRequest::MAX_LIMIT));
        let limit = limit.default(Some(PageRequest::DEFAULT_LIMIT.into()));
        let cursor = text().pattern(Some(PageRequest::CURSOR));
        vec![
            query("limit", "How many at most.", limit),
            query("cursor", "Where the page begins: from the `Link` header of the page before.", cursor),
        ]
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "Same key and same body within 24 hours: the same answer. Another body: 422.";
        // a header's value has no blanks around it
        let key = text().min_length(Some(1)).max_length(Some(LONGEST_KEY)).pattern(Some("^[!-~]([ -~]*[!-~])?$"));
        vec![header("Idempotency-Key", about, key)]
    }
}

impl IntoParams for NamedKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![query("key", "The variable's name, where the request has no body.", text())]
    }
}
