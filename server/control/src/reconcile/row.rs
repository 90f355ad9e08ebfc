//! The row that a step works on: wish, observation and task of one service.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::spec::{ServiceType, Size, StorageAccess};
use contract::values::{Instances, Mib, MilliCores, PgMajor};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::BROKE;
use super::derive::Facts;
use super::steps::Step;
use super::timeline::About;
use crate::error::Error;
use crate::port::{Desired, Origin, Phase, Power, Primary, ServiceName, ServiceRef, Volume};
use crate::seal::{Place, Sealer};
use crate::source::stored::Stored;

/// What a task remembers between two steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memo {
    /// Unix seconds at which the server was found dead though nobody had asked for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deaths: Vec<i64>,
    /// The present work was begun because it broke by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broke: bool,
}

/// Deaths within this many seconds count together.
const CRASH_WINDOW: i64 = 300;
/// So many of them are a crash loop.
const CRASHES: usize = 3;
/// How long a crash loop waits for its next start; doubled with every further death, up to four times that.
const PAUSE: Duration = Duration::from_secs(10);

impl Memo {
    /// Notes one more death; old ones are forgotten.
    pub fn died(&mut self, at: i64) {
        self.deaths.retain(|then| at - then < CRASH_WINDOW);
        self.deaths.push(at);
        self.broke = true;
    }

    pub fn crash_loop(&self) -> bool {
        self.deaths.len() >= CRASHES
    }

    /// How long the next start waits, where it doesn't begin at once.
    pub fn pause(&self) -> Option<Duration> {
        let further = self.deaths.len().checked_sub(CRASHES)?;
        Some(PAUSE * [1, 2, 4][further.min(2)])
    }
}

/// What a service has by its type.
#[derive(Debug)]
pub enum Kind {
    Postgres { major: PgMajor, sealed_password: Vec<u8> },
    SharedStorage { access: StorageAccess },
}

/// Whose copy a service is.
#[derive(Debug)]
pub struct Copied {
    /// The service that it was copied from.
    from: ServiceName,
    /// That service, while it follows it.
    follows: Option<Leader>,
    database: String,
}

/// A service that others follow.
#[derive(Debug)]
pub struct Leader {
    id: Uuid,
    /// The most memory that it has had since it is followed.
    ram: Mib,
    /// Of an external server that it followed itself.
    settings: BTreeMap<String, u32>,
}

/// Everything that a step may look at.
#[derive(Debug)]
pub struct Row {
    pub id: Uuid,
    pub workspace: Uuid,
    pub project: Uuid,
    pub resource: Uuid,
    pub name: ServiceName,
    pub kind: Kind,
    pub instances: Instances,
    pub size: Size,
    pub public_access: bool,
    pub power: Power,
    pub deleting: bool,
    pub environment_variables: bool,
    pub port: Option<u16>,
    /// The external server that it follows, or followed.
    pub(crate) source: Option<Stored>,
    /// The service that it follows, or followed.
    copied: Option<Copied>,
    pub restart: bool,
    pub phase: Phase,
    pub reason: Option<String>,
    pub rejected: bool,
    pub signed_in: bool,
    pub degraded: Option<String>,
    pub was_ready: bool,
    pub step: Step,
    pub memo: Memo,
    pub generation: i64,
    pub attempt: i32,
    pub overdue: bool,
    pub last_error: Option<String>,
    pub state: String,
    pub state_reason: Option<String>,
    pub now: OffsetDateTime,
}

impl Row {
    /// `None` where the service is gone.
    pub async fn load(connection: &mut PgConnection, service: Uuid) -> Result<Option<Self>, Error> {
        let row = sqlx::query!(
            r#"select s.id, s.workspace_id, s.project_id, s.resource_id, s.name, s.service_type, s.storage_access, s.postgres_version, s.ram_mib,
                      s.disk_mib, s.cpu_millis, s.instances, s.public_access, s.power, s.deleting, s.environment_variables, s.port, s.sealed_password,
                      s.creation_mode, s.state, s.state_reason, r.copied_from as "copied_from?", r.database as "database?",
                      r.primary_id as "primary_id?", r.floor_mib as "floor_mib?", ps.settings as "primary_settings?",
                      exists (select 1 from signals g where g.service_id = s.id and g.kind = 'restart') as "restart!",
                      o.phase, o.reason, o.rejected, o.signed_in, o.degraded, o.was_ready,
                      t.step, t.memo, t.generation, t.attempt, t.last_error,
                      coalesce(t.deadline_at < now(), false) as "overdue!", now() as "now!"
               from services s
               join observations o on o.service_id = s.id
               join tasks t on t.service_id = s.id
               left join replicas r on r.service_id = s.id and r.workspace_id = s.workspace_id
               left join sources ps on ps.service_id = r.primary_id and ps.workspace_id = r.workspace_id
               where s.id = $1"#,
            service
        )
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let source = match row.creation_mode.as_deref() {
            Some("external_replica") => Stored::load(connection, row.workspace_id, row.id).await?,
            _ => None,
        };
        let whole = |value: i32| u32::try_from(value).map_err(|_| Error::Unexpected("services sizes"));
        let copied = match (row.copied_from, row.database, row.floor_mib) {
            (Some(from), Some(database), Some(floor)) => {
                let settings = row.primary_settings.map(serde_json::from_value).transpose();
                let settings = settings.map_err(|_| Error::Unexpected("sources.settings"))?.unwrap_or_default();
                let ram = Mib::new(whole(floor)?);
                Some(Copied {
                    from: ServiceName::parse(&from).ok_or(Error::Unexpected("replicas.copied_from"))?,
                    follows: row.primary_id.map(|id| Leader { id, ram, settings }),
                    database,
                })
            }
            _ => None,
        };
        let instances = Instances::new(f64::from(row.instances));
        let kind = match row.service_type.parse() {
            Ok(ServiceType::Postgres) => {
                let major = row.postgres_version.and_then(|v| u8::try_from(v).ok()).and_then(PgMajor::new);
                Kind::Postgres {
                    major: major.ok_or(Error::Unexpected("services.postgres_version"))?,
                    sealed_password: row.sealed_password.ok_or(Error::Unexpected("services.sealed_password"))?,
                }
            }
            Ok(ServiceType::SharedStorage) => {
                let access = row.storage_access.as_deref().and_then(|access| access.parse().ok());
                Kind::SharedStorage { access: access.ok_or(Error::Unexpected("services.storage_access"))? }
            }
            Err(_) => return Err(Error::Unexpected("services.service_type")),
        };
        Ok(Some(Self {
            id: row.id,
            workspace: row.workspace_id,
            project: row.project_id,
            resource: row.resource_id,
            name: ServiceName::parse(&row.name).ok_or(Error::Unexpected("services.name"))?,
            kind,
            instances: instances.ok_or(Error::Unexpected("services.instances"))?,
            public_access: row.public_access,
            size: Size {
                ram: Mib::new(whole(row.ram_mib)?),
                disk: Mib::new(whole(row.disk_mib)?),
                cpu: MilliCores::new(whole(row.cpu_millis)?),
            },
            power: if row.power == "stopped" { Power::Stopped } else { Power::Running },
            deleting: row.deleting,
            environment_variables: row.environment_variables,
            port: row.port.and_then(|p| u16::try_from(p).ok()),
            source,
            copied,
            restart: row.restart,
            phase: Phase::parse(&row.phase).ok_or(Error::Unexpected("observations.phase"))?,
            reason: row.reason,
            rejected: row.rejected,
            signed_in: row.signed_in,
            degraded: row.degraded,
            was_ready: row.was_ready,
            step: Step::parse(&row.step).ok_or(Error::Unexpected("tasks.step"))?,
            memo: serde_json::from_value(row.memo).map_err(|_| Error::Unexpected("tasks.memo"))?,
            generation: row.generation,
            attempt: row.attempt,
            overdue: row.overdue,
            last_error: row.last_error,
            state: row.state,
            state_reason: row.state_reason,
            now: row.now,
        }))
    }

    pub fn about(&self) -> About {
        About::of(self.workspace, self.id)
    }

    /// What the runtime is asked about.
    pub fn service(&self) -> ServiceRef {
        ServiceRef { workspace: self.workspace, name: self.name.clone() }
    }

    /// It follows an external server, and nobody owns it yet.
    pub fn is_unowned(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.promote_at.is_none())
    }

    /// It follows an external server or another service.
    pub fn follows(&self) -> bool {
        self.is_unowned() || self.copied.as_ref().is_some_and(|copied| copied.follows.is_some())
    }

    /// The service that it follows.
    pub fn primary(&self) -> Option<(Uuid, ServiceRef)> {
        let copied = self.copied.as_ref()?;
        let leader = copied.follows.as_ref()?;
        Some((leader.id, ServiceRef { workspace: self.workspace, name: copied.from.clone() }))
    }

    /// What people call whoever it follows.
    pub fn leader(&self) -> &'static str {
        if self.is_unowned() { "source" } else { "primary" }
    }

    /// Its database, and the user that owns it.
    pub fn database(&self) -> String {
        self.copied.as_ref().map_or_else(|| self.name.database(), |copied| copied.database.clone())
    }

    /// What the runtime is asked for; what it follows is found anew by whoever asks.
    pub fn desired(&self, sealer: &Sealer) -> Result<Desired, Error> {
        let Kind::Postgres { major, sealed_password } = &self.kind else {
            return Err(Error::Unexpected("services.service_type"));
        };
        Ok(Desired {
            service: self.service(),
            id: self.id,
            project: self.project,
            major: *major,
            instances: self.instances,
            size: self.size,
            public_access: self.public_access,
            power: self.power,
            port: self.port,
            database: self.database(),
            password: sealer.open(password_place(self.workspace, &self.name), sealed_password)?,
            origin: self.origin(),
            generation: self.generation,
            existed: self.was_ready,
        })
    }

    fn origin(&self) -> Origin {
        match (&self.source, &self.copied) {
            (Some(source), _) if source.promote_at.is_some() => Origin::Promoted {
                host: source.host.clone(),
                port: source.port,
                settings: source.settings.clone().unwrap_or_default(),
            },
            (_, Some(Copied { from, follows: Some(leader), .. })) => {
                Origin::Replica(Primary { name: from.clone(), ram: leader.ram, settings: leader.settings.clone() })
            }
            (_, Some(Copied { from, .. })) => Origin::Detached { from: from.clone() },
            _ => Origin::Fresh,
        }
    }

    pub fn service_type(&self) -> ServiceType {
        match self.kind {
            Kind::Postgres { .. } => ServiceType::Postgres,
            Kind::SharedStorage { .. } => ServiceType::SharedStorage,
        }
    }

    /// What the runtime is asked for, where it is a volume.
    pub fn volume(&self) -> Option<Volume> {
        let Kind::SharedStorage { access } = self.kind else { return None };
        Some(Volume {
            service: self.service(),
            id: self.id,
            project: self.project,
            disk: self.size.disk,
            access,
            existed: self.was_ready,
        })
    }

    pub fn facts(&self) -> Facts<'_> {
        let volume = matches!(self.kind, Kind::SharedStorage { .. });
        // what is only watched was as wanted when it was looked at last
        let breaks = !volume && self.step == Step::Watch && self.power == Power::Running && !self.signed_in;
        let said = self.last_error.as_deref().or(breaks.then_some(BROKE)).or(self.reason.as_deref());
        Facts {
            volume,
            deleting: self.deleting,
            power: self.power,
            phase: self.phase,
            rejected: self.rejected,
            signed_in: self.signed_in,
            degraded: self.degraded.as_deref(),
            was_ready: self.was_ready,
            untouched: self.attempt == 0,
            crash_loop: self.memo.crash_loop(),
            restarting: self.restart,
            broke: self.memo.broke || breaks,
            overdue: self.overdue,
            said,
        }
    }
}

/// Where the password of a service's owner is sealed.
pub fn password_place(workspace: Uuid, name: &ServiceName) -> Place<'_> {
    Place { workspace, row: name.as_str(), column: "services.password" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_deaths_in_five_minutes_are_a_crash_loop() {
        let mut memo = Memo::default();
        memo.died(0);
        memo.died(400);
        memo.died(500);
        assert!(!memo.crash_loop());
        assert_eq!(memo.pause(), None);
        memo.died(600);
        assert!(memo.crash_loop());
        let pauses = [610, 620, 630].map(|at| {
            let pause = memo.pause().unwrap().as_secs();
            memo.died(at);
            pause
        });
        assert_eq!(pauses, [10, 20, 40]);
    }
}
