//! Operations: durable units of work on a service, with named steps.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::spec::words;
use time::OffsetDateTime;

words! {
    /// What an operation does.
    pub enum OperationKind {
        Create = "create",
        Update = "update",
        Start = "start",
        Stop = "stop",
        Restart = "restart",
        Retry = "retry",
        RotatePassword = "rotate_password",
        PromoteExternal = "promote_external",
        PromoteReplica = "promote_replica",
        MountApp = "mount_app",
        UnmountApp = "unmount_app",
        Delete = "delete",
    }
}

words! {
    /// How far an operation or a step is.
    pub enum OperationState {
        Queued = "queued",
        Running = "running",
        Succeeded = "succeeded",
        Failed = "failed",
        /// A later wish took its place.
        Superseded = "superseded",
    }
}

/// An operation, as the service entity holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationSummary {
    pub uuid: Uuid,
    pub kind: OperationKind,
    pub state: OperationState,
    /// The title of the step that is being done.
    pub step: Option<String>,
    /// 0 to 1.
    pub progress: f64,
    pub error: Option<String>,
}

/// Answer of `GET /operations/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Operation {
    #[serde(flatten)]
    pub summary: OperationSummary,
    pub service_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Milliseconds from the wish to the end.
    pub took_ms: Option<u64>,
    /// What this kind of operation usually takes here, in milliseconds: the median of the last twenty.
    pub usual_ms: Option<u64>,
    /// Milliseconds since something last happened in it; `null` once it has ended.
    pub idle_ms: Option<u64>,
    pub steps: Vec<OperationStep>,
}

/// One step of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationStep {
    /// A stable word: `place`, `prepare`, `start`, `sign_in`, `variables`, …
    pub key: String,
    /// What people read: "Prepared the data directory".
    pub title: String,
    pub state: OperationState,
    /// What it found: "port 15432, user orders".
    pub detail: Option<String>,
    /// Milliseconds; `null` until it is done.
    pub took_ms: Option<u64>,
}
