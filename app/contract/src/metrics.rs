//! What was measured of a service over time.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::spec::words;

words! {
    /// How far back.
    pub enum Span {
        Hour = "hour",
        Day = "day",
    }
}

impl Span {
    /// Seconds.
    pub fn seconds(self) -> u32 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// Seconds between two points: 60 of them for an hour, 96 for a day.
    pub fn step(self) -> u32 {
        match self {
            Self::Hour => 60,
            Self::Day => 900,
        }
    }
}

/// Points over a span that ends now, oldest first. A time at which nothing was measured has no point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub to: OffsetDateTime,
    pub points: Vec<MetricPoint>,
}

/// Means over one step. A rate is missing where there was no measurement shortly before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Where the step begins.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Sessions of clients; Berth's own don't count.
    pub connections: f64,
    /// What `max_connections` allows.
    pub connections_max: f64,
    /// Committed and rolled back, a second.
    pub transactions: Option<f64>,
    /// Share of the block reads that were found in shared buffers, 0 to 1.
    pub cache_hits: Option<f64>,
    /// Bytes of all databases.
    pub size: f64,
    /// Bytes of WAL written, a second.
    pub wal: Option<f64>,
    /// Cores.
    pub cpu: Option<f64>,
    /// Bytes of the server's processes; shared memory counts once.
    pub memory: f64,
}
