//! The servers behind a database, and which of them took over when.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::service::MemberRole;

/// As they are now, and what has changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Members {
    pub members: Vec<Member>,
    /// Newest first; at most [`Members::CHANGES`].
    pub changes: Vec<PrimaryChange>,
}

impl Members {
    pub const CHANGES: u16 = 50;
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// What the runtime calls it; on Kubernetes its pod.
    pub name: String,
    /// `null` where it has none yet.
    pub role: Option<MemberRole>,
    /// It answers.
    pub ready: bool,
    /// The machine that it runs on, where there are several.
    pub node: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// Of a standby that streams: bytes of WAL that the primary has written and it hasn't replayed.
    pub lag_bytes: Option<i64>,
    /// What it waits for, or what is wrong with it, in the runtime's words.
    pub detail: Option<String>,
}

/// Another server takes writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrimaryChange {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub from: String,
    pub to: String,
    /// Milliseconds from when Berth saw that writes failed to the first sign-in at the new one; `null` where none were seen to fail.
    pub ms: Option<u64>,
}
