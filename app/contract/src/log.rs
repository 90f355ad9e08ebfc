//! What a service's server says of itself.

use serde::{Deserialize, Serialize};

/// Which lines of a log are asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogFilter {
    /// Only lines that hold this text, compared without case; empty: all.
    pub q: String,
    /// How many at most; see [`LogFilter::MOST`].
    pub lines: u16,
}

impl LogFilter {
    /// Lines that an answer holds at most.
    pub const MOST: u16 = 1000;
    /// Longest text that is looked for, in scalar values.
    pub const Q_MAX: usize = 200;

    /// The newest lines, whatever stands in them.
    pub fn newest(lines: u16) -> Self {
        Self { q: String::new(), lines }
    }
}

/// The newest lines that were asked for, oldest first. What clients sent (statements, parameters) and the service's own
/// credentials are left out: they may be secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogLines {
    pub lines: Vec<String>,
    /// True where there are older ones that would fit the question.
    pub more: bool,
}
