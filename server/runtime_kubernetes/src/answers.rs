//! What the API server's answers mean to whoever asked.

use std::time::Duration;

use control::port::PortError;
use kube::Error;

/// How long a request may be refused for what a moment mends: another's change, too many requests, a server that is busy.
const SOON: Duration = Duration::from_secs(1);

/// Refusals for good are those of the object's form, by the API server or by the operator's webhook; their words stand as they are.
pub(crate) fn failed(error: Error) -> PortError {
    match error {
        Error::Api(status) => match status.code {
            400 | 413 | 422 => PortError::Rejected(status.message.clone()),
            403 if !status.message.contains("exceeded quota") && !status.message.contains("being terminated") => {
                PortError::retry(format!("Berth lacks a right on the cluster: {}", status.message))
            }
            429 => {
                let after = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                let after = Duration::from_secs(u64::from(after)).max(SOON);
                PortError::Retry { message: "The API server takes no more requests now".into(), after: Some(after) }
            }
            _ => PortError::retry(format!("The API server answered: {}", status.message)),
        },
        other => {
            tracing::debug!(error = &other as &dyn std::error::Error, "the API server did not answer");
            PortError::retry("The Kubernetes API server can't be reached")
        }
    }
}

/// Whether it is an answer with this status.
pub(crate) fn is(error: &Error, code: u16) -> bool {
    matches!(error, Error::Api(status) if status.code == code)
}
