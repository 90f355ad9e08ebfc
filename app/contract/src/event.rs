//! What the stream of events says: that something changed, never what.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::spec::words;

words! {
    /// What changed.
    pub enum EventKind {
        Service = "service",
        Project = "project",
        Resource = "resource",
    }
}

/// One event; whoever shows the thing fetches it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    pub kind: EventKind,
    pub id: Uuid,
    /// Grows with every event of the workspace.
    pub version: i64,
}
