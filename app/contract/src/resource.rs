//! Resources, plans and regions. Capacities are in bytes and cores.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::scalar::serialize_number;
use time::OffsetDateTime;

/// A pool of capacity that services are placed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource {
    pub uuid: Uuid,
    pub label: String,
    pub plan_code_name: String,
    pub region_code: String,
    pub labels: BTreeMap<String, String>,
    pub total_ram_size: u64,
    pub total_used_ram_size: u64,
    pub available_ram_size: u64,
    pub total_disk_size: u64,
    pub total_used_disk_size: u64,
    pub available_disk_size: u64,
    #[serde(serialize_with = "plain")]
    pub total_cpu_size: f64,
    #[serde(serialize_with = "plain")]
    pub total_used_cpu_size: f64,
    #[serde(serialize_with = "plain")]
    pub available_cpu_size: f64,
    /// Only these projects may place on it; empty: every project may.
    pub project_ids: Vec<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What a resource may be made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub code_name: String,
    pub label: String,
    pub ram_size: u64,
    pub disk_size: u64,
    #[serde(serialize_with = "plain")]
    pub cpu_size: f64,
}

/// Where a resource may stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Region {
    pub code: String,
    pub label: String,
}

fn plain<S: serde::Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    serialize_number(*number, to)
}
