//! The audit log: who did what, and who looked at which secret.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub uuid: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Whoever did it, as he was called then.
    pub email: String,
    /// `noun.verb`: `service.create`, `service.reveal`, `token.revoke`, …
    pub action: String,
    pub entity_id: Option<Uuid>,
    /// What the thing was called then.
    pub entity: String,
    /// Why, where somebody was asked or said it.
    pub reason: Option<String>,
    /// Of the request that did it.
    pub request_id: String,
}

/// Which lines are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Only what was done to this thing.
    pub entity_id: Option<Uuid>,
}
