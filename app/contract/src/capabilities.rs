//! What this installation can do, and the reason for each thing that it can't. Form and check both read it.

use serde::{Deserialize, Serialize};

use crate::problem::{Problem, human};
use crate::scalar::serialize_number;
use crate::spec::words;
use crate::values::{Instances, PgMajor};

words! {
    /// What runs the services.
    pub enum Runtime { Local = "local", Kubernetes = "kubernetes", }
}

/// Answer of `GET /api/v1/capabilities`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capabilities {
    pub runtime: Runtime,
    pub service_types: Vec<Choice>,
    pub postgres_versions: Vec<Version>,
    pub instances: Vec<Choice>,
    pub creation_modes: Vec<Choice>,
    /// "0" and "1".
    pub public_access: Vec<Choice>,
    /// Whether a standalone primary may be given replicas.
    pub replicas: Choice,
    /// How many may mount a volume.
    pub storage_access: Vec<Choice>,
    /// MiB of one instance.
    pub ram_size: Range,
    /// GiB of one instance.
    pub disk_size: Range,
    /// Cores of one instance.
    pub cpu_size: Range,
    /// What isn't enforced on this installation, in words; `null` where everything is.
    pub advisory: Option<String>,
}

/// A value that may be chosen, or the reason why it can't.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Choice {
    pub value: String,
    pub available: bool,
    /// Why it isn't available; `null` where it is.
    pub reason: Option<String>,
}

/// A major version of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    pub value: String,
    pub available: bool,
    pub reason: Option<String>,
    /// The day on which the community's support ends, `YYYY-MM-DD`.
    pub end_of_life: String,
    pub past_end_of_life: bool,
}

/// Smallest and largest, both allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Range {
    #[serde(serialize_with = "plain")]
    pub min: f64,
    #[serde(serialize_with = "plain")]
    pub max: f64,
    /// What a request without the field gets.
    #[serde(serialize_with = "plain")]
    pub default: f64,
}

fn plain<S: serde::Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    serialize_number(*number, to)
}

impl Choice {
    pub fn yes(value: impl ToString) -> Self {
        Self { value: value.to_string(), available: true, reason: None }
    }

    pub fn no(value: impl ToString, reason: &str) -> Self {
        Self { value: value.to_string(), available: false, reason: Some(reason.to_owned()) }
    }
}

impl Capabilities {
    /// Memory of one instance: below 64 MiB a server has no room for ten connections.
    pub const RAM_MIB: Range = Range { min: 64.0, max: 1_048_576.0, default: 256.0 };
    /// Disk of one instance in GiB: an empty server takes 40 MiB, its WAL up to an eighth of the disk.
    pub const DISK_GIB: Range = Range { min: 0.5, max: 65_536.0, default: 1.0 };
    /// CPU of one instance in cores.
    pub const CPU_CORES: Range = Range { min: 0.001, max: 256.0, default: 0.25 };

    /// Everything that the contract knows can be done; runtimes take away from it.
    pub fn everything(runtime: Runtime, today: time::Date) -> Self {
        Self {
            runtime,
            service_types: crate::spec::ServiceType::ALL.iter().map(Choice::yes).collect(),
            postgres_versions: PgMajor::all().rev().map(|m| Version::of(m, today)).collect(),
            instances: Instances::ALL.iter().map(Choice::yes).collect(),
            creation_modes: crate::spec::CreationMode::ALL.iter().map(Choice::yes).collect(),
            public_access: ["0", "1"].iter().map(Choice::yes).collect(),
            replicas: Choice::yes("replica"),
            storage_access: crate::spec::StorageAccess::ALL.iter().map(Choice::yes).collect(),
            ram_size: Self::RAM_MIB,
            disk_size: Self::DISK_GIB,
            cpu_size: Self::CPU_CORES,
            advisory: None,
        }
    }

    /// The problem of asking for `value`, where it isn't available.
    pub(crate) fn refusal(choices: &[Choice], field: &str, value: &str) -> Option<Problem> {
        let reason = choices.iter().find(|c| c.value == value && !c.available)?.reason.as_deref();
        let why = reason.unwrap_or("this installation doesn't offer it");
        Some(Problem {
            field: field.to_owned(),
            kind: crate::problem::Kind::Rule,
            code: "unavailable".to_owned(),
            words: format!("{} {value} isn't available here: {why}", human(field)),
            mend: None,
        })
    }

    /// The problem of asking for a replica, where there are none.
    pub fn replica_refusal(&self) -> Option<Problem> {
        let why = self.replicas.reason.as_deref().filter(|_| !self.replicas.available)?;
        Some(Problem::breaks("replicas", "unavailable", &format!("can't be made here: {why}")))
    }

    /// The problem of asking for this major, where it can't run here; it names those that can.
    pub(crate) fn version_refusal(&self, major: PgMajor) -> Option<Problem> {
        let version = self.postgres_versions.iter().find(|v| v.value == major.to_string())?;
        if version.available {
            return None;
        }
        let can: Vec<&str> = self.postgres_versions.iter().filter(|v| v.available).map(|v| v.value.as_str()).collect();
        let can = if can.is_empty() { "none can".to_owned() } else { format!("these can: {}", can.join(" ")) };
        let why = version.reason.as_deref().unwrap_or("no programs for it");
        let rest = format!("{major} can't run on this installation: {why} ({can})");
        Some(Problem::breaks("postgres_version", "unavailable", &rest))
    }
}

impl Version {
    fn of(major: PgMajor, today: time::Date) -> Self {
        let (year, month, day) = major.end_of_life();
        let end = time::Month::try_from(month).and_then(|m| time::Date::from_calendar_date(year, m, day));
        Self {
            value: major.to_string(),
            available: true,
            reason: None,
            end_of_life: format!("{year:04}-{month:02}-{day:02}"),
            past_end_of_life: end.is_ok_and(|end| today > end),
        }
    }
}
