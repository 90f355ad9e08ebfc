//! What a runtime would make of a request, before it is sent.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The answer of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// The objects that would be applied; secrets are dots.
    pub yaml: String,
    /// What the runtime refuses, in its own words, each at the field that it is about.
    pub problems: Vec<Problem>,
}
