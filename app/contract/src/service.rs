//! The service entity: the answer of every endpoint about a service.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::ConnectionDetails;
use crate::mount::Mount;
use crate::operation::OperationSummary;
use crate::scalar::serialize_number;
use crate::spec::{CreationMode, ServiceType, StorageAccess};
use crate::state::State;
use crate::values::PgMajor;
use time::OffsetDateTime;

/// A service. Sizes stand in the units that they were asked in: MiB, GiB, cores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    pub uuid: Uuid,
    /// Given by the server, unique, a DNS label, the identifier everywhere.
    pub name: String,
    pub label: String,
    pub service_type: ServiceType,
    pub project_id: Uuid,
    pub resource_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    pub state: State,
    /// Why it is in that state, in words; `null` where there is nothing to say.
    pub state_reason: Option<String>,
    /// When the backend was last asked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub observed_at: Option<OffsetDateTime>,
    /// `null` where the type has no roles.
    pub role: Option<MemberRole>,
    /// The primary of a replica.
    pub primary_addon_uuid: Option<Uuid>,
    /// The replicas of a primary.
    pub replicas: Vec<ReplicaSummary>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub postgres_version: Option<PgMajor>,
    pub instances: u8,
    pub creation_mode: Option<CreationMode>,
    /// MiB.
    #[serde(serialize_with = "plain_option")]
    pub ram_size: Option<f64>,
    /// GiB.
    #[serde(serialize_with = "plain")]
    pub disk_size: f64,
    /// Cores.
    #[serde(serialize_with = "plain_option")]
    pub cpu_size: Option<f64>,
    /// "0" or "1".
    pub public_access: String,
    pub environment_variables: bool,
    pub mount_point: Option<String>,
    pub storage_access: Option<StorageAccess>,
    /// The apps that mount it.
    pub mounts: Vec<Mount>,
    /// The last thing that was done or is being done.
    pub operation: Option<OperationSummary>,
    /// `null` for shared_storage and in lists.
    pub connection_details: Option<ConnectionDetails>,
}

fn plain<S: serde::Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    serialize_number(*number, to)
}

fn plain_option<S: serde::Serializer>(number: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => serialize_number(*number, to),
        None => to.serialize_none(),
    }
}

/// What a postgres service is in a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MemberRole {
    Primary,
    Replica,
}

/// A replica, as its primary shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplicaSummary {
    pub uuid: Uuid,
    pub name: String,
    pub label: String,
    pub state: State,
}

/// Answer of `POST services/{id}/test_connection`: a sign-in from the server, with what it found or why it failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionTest {
    pub ok: bool,
    /// `host:port` that was dialled.
    pub address: String,
    pub tls: bool,
    /// What the server says it is, such as 17.11.
    pub version: Option<String>,
    /// Milliseconds from dialling to the first answer.
    pub ms: u64,
    /// Why it failed, in the server's words.
    pub error: Option<String>,
}

/// What `GET /services` filters by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceFilter {
    pub project_id: Option<Uuid>,
    pub resource_id: Option<Uuid>,
    pub service_type: Option<ServiceType>,
    pub state: Option<State>,
    /// Part of a name or label, without case.
    pub q: Option<String>,
}
