//! What a list of services is filtered by.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::service::ServiceFilter;
use contract::spec::ServiceType;
use contract::state::State;
use contract::{Invalid, Problem};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use uuid::Uuid;

use crate::http::Failure;
use crate::http::credential::hyphenated;
use crate::http::query::{self, Paging, Query};
use crate::http::rest::parameters;

/// Which services, and which page of them.
#[derive(Debug)]
pub(super) struct Wanted {
    pub filter: ServiceFilter,
    pub paging: Paging,
}

const FILTERS: [&str; 5] = ["project_id", "resource_id", "service_type", "state", "q"];

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let uri = query::here(parts);
        let known = [&FILTERS[..], &Paging::PARAMETERS].concat();
        let mut query = Query::read(&uri, &known)?;
        let mut problems = Vec::new();
        let filter = ServiceFilter {
            project_id: query.parse("project_id", &mut problems, |text| uuid("project_id", text)),
            resource_id: query.parse("resource_id", &mut problems, |text| uuid("resource_id", text)),
            service_type: query.parse("service_type", &mut problems, |text| {
                text.parse().map_err(|listed: String| Problem::not_listed("service_type", &listed))
            }),
            state: query.parse("state", &mut problems, |text| {
                text.parse().map_err(|_| Problem::not_listed("state", &listed(State::ALL)))
            }),
            q: query.take("q"),
        };
        let request = query.page();
        let filter = Invalid::unless(Some(filter), problems).map_err(contract::ApiError::from)?;
        Ok(Self { filter, paging: Paging { request, uri } })
    }
}

fn uuid(field: &str, text: &str) -> Result<Uuid, Problem> {
    hyphenated(text).ok_or_else(|| Problem::invalid(field, "a uuid"))
}

fn listed(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
}

impl IntoParams for Wanted {
    fn into_params(provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let words = |words: Vec<String>| parameters::text().enum_values(Some(words));
        let types = ServiceType::ALL.iter().map(ToString::to_string).collect();
        let states = State::ALL.iter().map(ToString::to_string).collect();
        let mut all = vec![
            parameters::query("project_id", "Those of this project.", parameters::uuid()),
            parameters::query("resource_id", "Those on this resource.", parameters::uuid()),
            parameters::query("service_type", "Those of this type.", words(types)),
            parameters::query("state", "Those in this state.", words(states)),
            parameters::query("q", "Those with this in their name or label, without case.", parameters::text()),
        ];
        all.extend(Paging::into_params(provider));
        all
    }
}
