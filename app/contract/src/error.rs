//! The one error of every use case, and the body that it is answered with.

use serde::{Deserialize, Serialize};

use crate::permission::Permission;
use crate::problem::{Invalid, Problem};

/// Why a use case said no. Turned into HTTP in one place; [`ApiError::status`] is the only match on status codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// 401: no token or session, or one that is no longer good.
    #[error("{0}")]
    Unauthenticated(String),
    /// 403: the caller can see the thing and lacks this permission.
    #[error("You lack the permission {0}")]
    Forbidden(Permission),
    /// 403 for another reason than a permission: a foreign origin, a workspace token out of its workspace.
    #[error("{0}")]
    Refused(String),
    /// 404: not there, or out of the caller's reach; the two answers are the same.
    #[error("{0} not found")]
    NotFound(Noun),
    /// 400 or 422, by the worst of its problems.
    #[error("{}", .0.words())]
    Invalid(Invalid),
    /// 400: the request can't be read at all.
    #[error("{0}")]
    Unreadable(String),
    /// 409: waiting makes no sense.
    #[error("{0}")]
    Conflict(String),
    /// 405.
    #[error("The method {0} is not allowed here")]
    Method(String),
    /// 413.
    #[error("The body is larger than {0} bytes")]
    TooLarge(usize),
    /// 415.
    #[error("{0}")]
    MediaType(String),
    /// 421: the request is for another host.
    #[error("{0}")]
    Misdirected(String),
    /// 429: come back in so many seconds.
    #[error("Too many attempts: try again in {0} s")]
    TooMany(u64),
    /// 503: the metadata store or the runtime is away.
    #[error("{0}")]
    Unavailable(String),
    /// 500: the cause stands in the log under this id.
    #[error("Something went wrong on our side; the log has it under {0}")]
    Internal(String),
}

/// What wasn't found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    Workspace,
    Project,
    Resource,
    Service,
    Operation,
    Variable,
    Token,
    Session,
    Page,
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Workspace => "Workspace",
            Self::Project => "Project",
            Self::Resource => "Resource",
            Self::Service => "Service",
            Self::Operation => "Operation",
            Self::Variable => "Variable",
            Self::Token => "Token",
            Self::Session => "Session",
            Self::Page => "Page",
        })
    }
}

impl ApiError {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unreadable(_) => 400,
            Self::Unauthenticated(_) => 401,
            Self::Forbidden(_) | Self::Refused(_) => 403,
            Self::NotFound(_) => 404,
            Self::Method(_) => 405,
            Self::Conflict(_) => 409,
            Self::TooLarge(_) => 413,
            Self::MediaType(_) => 415,
            Self::Misdirected(_) => 421,
            Self::Invalid(invalid) if invalid.is_shape() => 400,
            Self::Invalid(_) => 422,
            Self::TooMany(_) => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    /// The problems by field; none for an error that isn't about fields.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => &invalid.problems,
            _ => &[],
        }
    }

    /// The body of the answer.
    pub fn body(&self, request_id: &str) -> ErrorBody {
        let words = Some(self.to_string());
        let (error, errors) = if self.status() == 422 { (None, words) } else { (words, None) };
        let fields = self
            .problems()
            .iter()
            .map(|p| FieldError { field: p.field.clone(), code: p.code.clone(), message: p.message() })
            .collect();
        ErrorBody { error, errors, fields, request_id: request_id.to_owned() }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem.into())
    }
}

/// The body of every answer that says no: `error`, or `errors` beside a 422.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// Why not, in words; absent from a 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub error: Option<String>,
    /// Only in a 422: every broken rule, joined by ", ".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub errors: Option<String>,
    /// The same, field by field.
    pub fields: Vec<FieldError>,
    /// The id of this request in the log.
    pub request_id: String,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub code: String,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status() {
        let rule = Problem::breaks("label", "too_long", "is too long (maximum is 40 characters)");
        let shape = Problem::missing("label");
        let text = || "text".to_owned();
        let table = [
            (ApiError::Unreadable(text()), 400),
            (shape.clone().into(), 400),
            (Invalid { problems: vec![rule.clone(), shape] }.into(), 400),
            (ApiError::Unauthenticated(text()), 401),
            (ApiError::Forbidden(Permission::ServicesManage), 403),
            (ApiError::Refused(text()), 403),
            (ApiError::NotFound(Noun::Project), 404),
            (ApiError::Method(text()), 405),
            (ApiError::Conflict(text()), 409),
            (ApiError::TooLarge(1), 413),
            (ApiError::MediaType(text()), 415),
            (ApiError::Misdirected(text()), 421),
            (rule.into(), 422),
            (ApiError::TooMany(3), 429),
            (ApiError::Internal(text()), 500),
            (ApiError::Unavailable(text()), 503),
        ];
        for (error, status) in table {
            assert_eq!(error.status(), status, "{error:?}");
        }
    }

    #[test]
    fn shapes_answer_error_and_rules_answer_errors() {
        let both =
            Invalid { problems: vec![Problem::not_listed("postgres_version", "13 to 18"), Problem::missing("label")] };
        let body = ApiError::from(both).body("r1");
        assert_eq!(body.error.as_deref(), Some("postgres_version does not have a valid value, label is missing"));
        assert_eq!(body.errors, None);
        assert_eq!(body.fields[0].message, "postgres_version does not have a valid value (13 to 18)");
        let rule = ApiError::from(Problem::breaks("label", "too_long", "is too long (maximum is 40 characters)"));
        assert_eq!(rule.body("r2").errors.as_deref(), Some("Label is too long (maximum is 40 characters)"));
    }
}
