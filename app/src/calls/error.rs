use std::fmt;

use contract::{ApiError, Problem, error::Noun};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// Why a call said no: the [`ApiError`] itself, on the wire as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallError(pub ApiError);

impl CallError {
    /// What isn't there, or isn't there for this person.
    pub fn not_found(noun: Noun) -> Self {
        Self(ApiError::NotFound(noun))
    }

    pub fn is_signed_out(&self) -> bool {
        matches!(self.0, ApiError::Unauthenticated(_))
    }

    pub fn problems(&self) -> &[Problem] {
        self.0.problems()
    }
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CallError {}

impl FromServerFnError for CallError {
    type Encoder = JsonEncoding;

    /// What Leptos itself says. On the server: what was sent can't be read. In the browser: the call was never made, or its answer
    /// can't be read.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr::{Args, Deserialization, MissingArg};
        Self(match error {
            Args(_) | MissingArg(_) => ApiError::Unreadable("The request can't be read".into()),
            Deserialization(_) if cfg!(feature = "ssr") => ApiError::Unreadable("The request can't be read".into()),
            _ => ApiError::Unavailable("The console can't be reached; nothing was lost, try again".into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_fails_as_the_api_error_does() {
        let error = ApiError::Invalid(Problem::missing("label").into());
        let json = serde_json::to_string(&CallError(error.clone())).unwrap_or_default();
        assert_eq!(json, serde_json::to_string(&error).unwrap_or_default());
        assert_eq!(CallError::de(json.into()), CallError(error));
    }

    #[test]
    fn what_the_transport_says_is_ours_to_word() {
        let lost = CallError::from_server_fn_error(ServerFnErrorErr::Request("fetch".into()));
        assert_eq!(lost.0.status(), 503);
        assert_eq!(CallError::from_server_fn_error(ServerFnErrorErr::Args("a".into())).0.status(), 400);
    }
}
