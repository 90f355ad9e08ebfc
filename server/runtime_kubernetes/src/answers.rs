//! What the API server's answers mean to whoever asked.

use std::time::Duration;

use control::port::PortError;
use kube::Error;
use kube::core::Status;

/// How long a request may be refused for what a moment mends: another's change, too many requests, a server that is busy.
const SOON: Duration = Duration::from_secs(1);

/// Between two attempts on an operator that is away.
const AGAIN: Duration = Duration::from_secs(3);
/// How the API server begins to say that it can't ask the operator's webhook.
const NO_WEBHOOK: &str = "failed calling webhook";

/// Refusals for good are those of the object's form, by the API server or by the operator's webhook; their words stand as they are.
pub(crate) fn failed(error: Error) -> PortError {
    match error {
        Error::Api(status) => match status.code {
            422 if is_another(&status) => PortError::retry("It was made anew meanwhile"),
            400 | 413 | 422 => PortError::Rejected(status.message.clone()),
            403 if !status.message.contains("exceeded quota") && !status.message.contains("being terminated") => {
                PortError::retry(format!("Berth lacks a right on the cluster: {}", status.message))
            }
            429 => {
                let after = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                let after = Duration::from_secs(u64::from(after)).max(SOON);
                PortError::Retry { message: "The API server takes no more requests now".into(), after: Some(after) }
            }
            500 if status.message.contains(NO_WEBHOOK) => PortError::Retry {
                message: format!("CloudNativePG's operator does not answer: {}", status.message),
                after: Some(AGAIN),
            },
            _ => PortError::retry(format!("The API server answered: {}", status.message)),
        },
        other => {
            tracing::debug!(error = &other as &dyn std::error::Error, "the API server did not answer");
            PortError::Away("The Kubernetes API server can't be reached".into())
        }
    }
}

/// Whether another object has taken the place of the one that was meant: its uid can't be changed.
fn is_another(status: &Status) -> bool {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    causes.iter().any(|cause| cause.field == "metadata.uid")
}

/// Whether it is an answer with this status.
pub(crate) fn is(error: &Error, code: u16) -> bool {
    matches!(error, Error::Api(status) if status.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, message: &str) -> PortError {
        let status = serde_json::json!({ "code": code, "message": message, "details": { "retryAfterSeconds": 3 } });
        failed(Error::Api(Box::new(serde_json::from_value::<Status>(status).unwrap())))
    }

    #[test]
    fn only_what_is_wrong_with_the_object_is_final() {
        for code in [400, 413, 422] {
            assert_eq!(answered(code, "spec.x: no"), PortError::Rejected("spec.x: no".into()));
        }
        for code in [401, 403, 404, 409, 410, 429, 500, 503] {
            assert!(matches!(answered(code, "x"), PortError::Retry { .. }), "{code}");
        }
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it() {
        let PortError::Retry { after, .. } = answered(429, "slow down") else { unreachable!() };
        assert_eq!(after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn an_operator_that_is_away_is_named_and_asked_again_soon() {
        let said = "Internal error occurred: failed calling webhook \"mcluster.cnpg.io\": connection refused";
        let PortError::Retry { message, after } = answered(500, said) else { unreachable!() };
        assert!(message.starts_with("CloudNativePG's operator does not answer: ") && message.ends_with("refused"));
        assert_eq!(after, Some(AGAIN));
    }

    #[test]
    fn a_right_that_is_missing_is_named_and_a_quota_is_none() {
        assert!(answered(403, "cannot patch clusters").to_string().starts_with("Berth lacks a right"));
        assert!(answered(403, "exceeded quota: x").to_string().starts_with("The API server answered"));
    }
}
