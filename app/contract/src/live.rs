//! The object that a service is made of, as the runtime has it now.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// An object, and what of it isn't as Berth wants it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// As it is there, without the notes of who set which field, and with dots where somebody else may have written a secret.
    pub yaml: String,
    /// In the order of the fields.
    pub drift: Vec<Drift>,
    /// Why it can't be put back as it is, in the words of who refuses it: a volume that somebody has enlarged doesn't shrink.
    pub refused: Option<String>,
}

/// A field that isn't as Berth wants it: somebody else has changed it, or the wish is newer than what was applied last.
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
