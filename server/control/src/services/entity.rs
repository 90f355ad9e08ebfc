//! From rows to the service entity.

use contract::Caller;
use contract::connection::{Address, ConnectionDetails};
use contract::error::Noun;
use contract::mount::Mount;
use contract::operation::{OperationKind, OperationSummary};
use contract::problem::Problem;
use contract::service::{MemberRole, ReplicaSummary, Service};
use contract::spec::ServiceType;
use contract::state::{Action, State, Verdict};
use contract::values::{Mib, MilliCores, PgMajor, Port, Secret};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::port::{Power, ServiceName, ServiceRef};
use crate::reconcile::row::password_place;
use crate::reconcile::timeline;
use crate::{Control, reach};

/// A service's row with everything that its entity shows.
#[derive(Debug)]
pub(crate) struct ServiceRow {
    pub id: Uuid,
    pub name: String,
    pub label: String,
    pub service_type: String,
    pub project_id: Uuid,
    pub resource_id: Uuid,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub state: String,
    pub state_reason: Option<String>,
    pub observed_at: Option<OffsetDateTime>,
    pub outside_host: Option<String>,
    pub outside_port: Option<i32>,
    pub postgres_version: Option<i16>,
    pub creation_mode: Option<String>,
    pub instances: i16,
    pub ram_mib: i32,
    pub disk_mib: i32,
    pub cpu_millis: i32,
    pub public_access: bool,
    pub environment_variables: bool,
    pub mount_point: Option<String>,
    pub storage_access: Option<String>,
    pub mounts: Option<serde_json::Value>,
    /// The service that it follows.
    pub primary_id: Option<Uuid>,
    /// Of the service that it is a copy of.
    pub database: Option<String>,
    pub replicas: Option<serde_json::Value>,
    pub port: Option<i32>,
    pub sealed_password: Option<Vec<u8>>,
    pub power: String,
    /// It follows an external server, and nobody owns it yet.
    pub follows: bool,
    pub operation: Option<Uuid>,
    pub operation_kind: Option<String>,
    pub operation_state: Option<String>,
    pub operation_error: Option<String>,
    pub step: Option<String>,
    pub steps_done: Option<i64>,
    pub steps: Option<i64>,
}

/// Rows of services that the caller can reach, newest first.
///
/// One statement for each way to name them: where it is sure that one row comes at most, PostgreSQL takes a plan that it keeps;
/// for `id = any($2) or name = $3` it planned anew each time, which took four times as long as the rest.
macro_rules! select {
    ($connection:expr, $who:expr, $which:literal, $named:expr) => {
        sqlx::query_as!(
            ServiceRow,
            r#"select s.id, s.name, s.label, s.service_type, s.project_id, s.resource_id, s.created_at, s.updated_at,
                  s.state, s.state_reason, b.observed_at as "observed_at?",
                  b.outside_host as "outside_host?", b.outside_port as "outside_port?", s.postgres_version, s.creation_mode,
                  s.instances, s.ram_mib, s.disk_mib, s.cpu_millis, s.public_access, s.environment_variables,
                  s.mount_point, s.storage_access,
                  case when s.service_type = 'shared_storage' then
                    (select json_agg(json_build_object('app_id', m.app, 'mount_point', m.mount_point, 'label', m.label,
                                                       'state', m.state, 'reason', m.reason) order by m.created_at, m.app)
                     from mounts m where m.service_id = s.id)
                  end as "mounts?",
                  r.primary_id as "primary_id?", r.database as "database?",
                  case when s.service_type = 'postgres' then
                    (select json_agg(json_build_object('uuid', c.id, 'name', c.name, 'label', c.label, 'state', c.state)
                                     order by c.id)
                     from replicas f join services c on c.id = f.service_id and c.workspace_id = f.workspace_id
                     where f.primary_id = s.id and f.workspace_id = s.workspace_id)
                  end as "replicas?",
                  s.port, s.sealed_password, s.power,
                  (s.creation_mode = 'external_replica' and exists (
                      select 1 from sources x where x.service_id = s.id and x.promote_at is null)) as "follows!",
                  o.id as "operation?", o.kind as "operation_kind?", o.state as "operation_state?",
                  o.error as "operation_error?", t.step, t.steps_done, t.steps
               from services s
               join projects p on p.id = s.project_id and p.workspace_id = s.workspace_id
               left join replicas r on r.service_id = s.id and r.workspace_id = s.workspace_id
               left join lateral (select observed_at, outside_host, outside_port from observations where service_id = s.id limit 1) b on true
               left join lateral (
                   select id, kind, state, error from operations where service_id = s.id order by id desc limit 1
               ) o on true
               left join lateral (
                   select min(title) filter (where state = 'running') as step,
                          count(*) filter (where state = 'succeeded') as steps_done, count(*) as steps
                   from operation_steps where operation_id = o.id
               ) t on true
               where s.workspace_id = $1 and "#
                + $which
                + " and (not p.restricted or $3) order by s.id desc",
            $who.workspace_id,
            $named,
            reach::sees_restricted($who)
        )
        .fetch_all($connection)
        .await
    };
}

/// Rows by id, newest first. What the caller can't reach isn't there.
pub(crate) async fn rows(connection: &mut PgConnection, who: &Caller, ids: &[Uuid]) -> Result<Vec<ServiceRow>, Error> {
    Ok(select!(connection, who, "s.id = any($2)", ids)?)
}

/// One of them, by id.
pub(crate) async fn by_id(connection: &mut PgConnection, who: &Caller, id: Uuid) -> Result<ServiceRow, Error> {
    select!(connection, who, "s.id = $2", id)?.pop().ok_or_else(|| Error::not_found(Noun::Service))
}

async fn by_name(connection: &mut PgConnection, who: &Caller, name: &ServiceName) -> Result<ServiceRow, Error> {
    select!(connection, who, "s.name = $2", name.as_str())?.pop().ok_or_else(|| Error::not_found(Noun::Service))
}

/// The row of a service that the caller can reach, by uuid or name.
pub(crate) async fn reachable(connection: &mut PgConnection, who: &Caller, id: &str) -> Result<ServiceRow, Error> {
    // a name may not be as long as a uuid with its hyphens, and one that looks like a uuid is one
    if let Some(uuid) = Uuid::try_parse(id).ok().filter(|_| id.len() == uuid::fmt::Hyphenated::LENGTH) {
        return by_id(connection, who, uuid).await;
    }
    // what can't be a name names nothing; the store would choke on a NUL
    let name = ServiceName::parse(id).ok_or_else(|| Error::not_found(Noun::Service))?;
    by_name(connection, who, &name).await
}

/// The same, with the row locked for a change: read again behind the lock, since somebody may have changed it just before.
pub(crate) async fn locked(connection: &mut PgConnection, who: &Caller, id: &str) -> Result<ServiceRow, Error> {
    let ServiceRow { id, .. } = reachable(&mut *connection, who, id).await?;
    sqlx::query!("select id from services where workspace_id = $1 and id = $2 for update", who.workspace_id, id)
        .fetch_optional(&mut *connection)
        .await?;
    by_id(connection, who, id).await
}

/// The same, and its replicas, locked behind it: somebody may be promoting one of them. Those that are going are left to go.
pub(crate) async fn locked_with_replicas(
    connection: &mut PgConnection,
    who: &Caller,
    id: &str,
) -> Result<(ServiceRow, Vec<ServiceRow>), Error> {
    let ServiceRow { id, .. } = locked(&mut *connection, who, id).await?;
    sqlx::query!(
        "select id from services where workspace_id = $1
           and id in (select service_id from replicas where workspace_id = $1 and primary_id = $2)
         order by id for update",
        who.workspace_id,
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    let row = by_id(&mut *connection, who, id).await?;
    let mut replicas = Vec::new();
    for replica in row.replicas()?.into_iter().filter(|replica| replica.state != State::Deleting) {
        replicas.push(by_id(&mut *connection, who, replica.uuid).await?);
    }
    Ok((row, replicas))
}

impl ServiceRow {
    pub fn service_type(&self) -> Result<ServiceType, Error> {
        self.service_type.parse().map_err(|_| Error::Unexpected("services.service_type"))
    }

    pub fn power(&self) -> Power {
        if self.power == "stopped" { Power::Stopped } else { Power::Running }
    }

    pub fn state(&self) -> Result<contract::State, Error> {
        self.state.parse().map_err(|_| Error::Unexpected("services.state"))
    }

    /// The apps that mount it, in the order in which that was asked for.
    pub fn mounts(&self) -> Result<Vec<Mount>, Error> {
        let Some(mounts) = &self.mounts else { return Ok(Vec::new()) };
        serde_json::from_value(mounts.clone()).map_err(|_| Error::Unexpected("mounts"))
    }

    /// The services that follow it, in the order in which they were made.
    pub fn replicas(&self) -> Result<Vec<ReplicaSummary>, Error> {
        let Some(replicas) = &self.replicas else { return Ok(Vec::new()) };
        serde_json::from_value(replicas.clone()).map_err(|_| Error::Unexpected("replicas"))
    }

    /// It follows another service, or an external server.
    pub fn is_replica(&self) -> bool {
        self.follows || self.primary_id.is_some()
    }

    /// Its database, and the user that owns it.
    pub fn database(&self) -> Result<String, Error> {
        Ok(self.database.clone().unwrap_or(self.name()?.database()))
    }

    /// The error where an action is none of its type.
    pub fn is_of(&self, action: Action) -> Result<(), Error> {
        let kind = self.service_type()?;
        if action.is_of(kind) {
            return Ok(());
        }
        let rest = format!("is {kind}, which this can't be done with");
        Err(Problem::breaks("service_type", "not_of_type", &rest).into())
    }

    /// What type and state say of an action; the error where it can't be done.
    pub fn may(&self, action: Action) -> Result<Verdict, Error> {
        self.is_of(action)?;
        match self.state()?.allows(action) {
            Verdict::Refused(why) => {
                Err(Problem::breaks("state", "not_now", &format!("doesn't allow it: {why}")).into())
            }
            verdict => Ok(verdict),
        }
    }

    /// The steps of an operation on it.
    pub fn steps(&self, kind: OperationKind) -> Result<&'static [timeline::Step], Error> {
        Ok(match self.service_type()? {
            ServiceType::Postgres => timeline::steps(kind, self.power()),
            ServiceType::SharedStorage => timeline::volume_steps(kind),
        })
    }

    pub fn name(&self) -> Result<ServiceName, Error> {
        ServiceName::parse(&self.name).ok_or(Error::Unexpected("services.name"))
    }

    pub fn port(&self) -> u16 {
        self.port.and_then(|p| u16::try_from(p).ok()).unwrap_or(Port::POSTGRES.number())
    }

    /// MiB; a column that the schema keeps from being negative.
    pub fn ram(&self) -> Mib {
        Mib::new(u32::try_from(self.ram_mib).unwrap_or_default())
    }

    pub fn disk(&self) -> Mib {
        Mib::new(u32::try_from(self.disk_mib).unwrap_or_default())
    }

    /// Opens the password; `None` where nobody has one.
    pub fn password(&self, control: &Control, who: &Caller) -> Result<Option<Secret>, Error> {
        let Some(sealed) = self.sealed_password.as_ref().filter(|_| !self.follows) else { return Ok(None) };
        control.sealer.open(password_place(who.workspace_id, &self.name()?), sealed).map(Some)
    }

    /// What the runtime is asked about.
    pub fn service(&self, who: &Caller) -> Result<ServiceRef, Error> {
        Ok(ServiceRef { workspace: who.workspace_id, name: self.name()? })
    }

    /// Where and how to connect; with the secret lines where a password is handed in.
    pub fn connection(
        &self,
        control: &Control,
        who: &Caller,
        password: Option<&Secret>,
    ) -> Result<Option<ConnectionDetails>, Error> {
        if self.service_type()? != ServiceType::Postgres {
            return Ok(None);
        }
        let service = self.service(who)?;
        let outside = self.outside_host.clone().zip(self.outside_port.and_then(|port| u16::try_from(port).ok()));
        let outside = outside.filter(|_| self.public_access);
        let (host, port) = (control.runtime.host(&service), self.port());
        if self.follows {
            return Ok(Some(ConnectionDetails::of_nobody(host, port, outside)));
        }
        let database = self.database()?;
        let address = Address { host, port, username: database.clone(), database };
        Ok(Some(address.details(outside, password)))
    }

    /// The entity, with the connection details that the caller may see.
    pub fn entity(&self, details: Option<ConnectionDetails>) -> Result<Service, Error> {
        let postgres = self.service_type()? == ServiceType::Postgres;
        let major = self.postgres_version.and_then(|v| u8::try_from(v).ok()).and_then(PgMajor::new);
        let cpu = MilliCores::new(u32::try_from(self.cpu_millis).unwrap_or_default());
        let word = |text: &Option<String>| text.as_deref().and_then(|t| t.parse().ok());
        Ok(Service {
            uuid: self.id,
            name: self.name.clone(),
            label: self.label.clone(),
            service_type: self.service_type()?,
            project_id: self.project_id,
            resource_id: self.resource_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            state: self.state()?,
            state_reason: self.state_reason.clone(),
            observed_at: self.observed_at,
            role: postgres.then_some(if self.is_replica() { MemberRole::Replica } else { MemberRole::Primary }),
            primary_addon_uuid: self.primary_id,
            replicas: self.replicas()?,
            postgres_version: major,
            instances: u8::try_from(self.instances).map_err(|_| Error::Unexpected("services.instances"))?,
            creation_mode: word(&self.creation_mode),
            ram_size: postgres.then(|| f64::from(self.ram().mib())),
            disk_size: self.disk().gib(),
            cpu_size: postgres.then(|| cpu.cores()),
            public_access: if self.public_access { "1" } else { "0" }.to_owned(),
            environment_variables: self.environment_variables,
            mount_point: self.mount_point.clone(),
            storage_access: self.storage_access.as_deref().and_then(|t| t.parse().ok()),
            mounts: self.mounts()?,
            operation: self.operation()?,
            connection_details: details,
        })
    }

    fn operation(&self) -> Result<Option<OperationSummary>, Error> {
        let (Some(uuid), Some(kind), Some(state)) = (self.operation, &self.operation_kind, &self.operation_state)
        else {
            return Ok(None);
        };
        Ok(Some(OperationSummary {
            uuid,
            kind: kind.parse().map_err(|_| Error::Unexpected("operations.kind"))?,
            state: state.parse().map_err(|_| Error::Unexpected("operations.state"))?,
            step: self.step.clone(),
            progress: progress(self.steps_done.unwrap_or_default(), self.steps.unwrap_or_default()),
            error: self.operation_error.clone(),
        }))
    }
}

/// 0 to 1.
pub(crate) fn progress(done: i64, all: i64) -> f64 {
    if all == 0 { 1.0 } else { done as f64 / all as f64 }
}
