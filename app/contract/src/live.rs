//! The object that a service is made of, as the runtime has it now.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// An object, and what of it isn't as Berth wants it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// As it is there, without the notes of who set which field.
    pub yaml: String,
    /// In the order of the fields.
    pub drift: Vec<Drift>,
}

/// A field that somebody else has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// `spec.instances`
    pub path: String,
    /// What would be there again, as JSON; `None` where nothing is wanted.
    pub wanted: Option<String>,
    /// As JSON; `None` where it isn't there.
    pub found: Option<String>,
    /// Who set it last: a field manager of the Kubernetes API, such as `kubectl-edit`. Nobody is known to have taken a field away.
    pub by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
}
