//! `POST /services`: checks, places, and writes every row of a service in one transaction.

use contract::capacity::Need;
use contract::event::EventKind;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::{Problem, human};
use contract::spec::{CreationMode, Kind, Origin, PostgresSpec, ServiceSpec, Source};
use contract::values::Secret;
use contract::{Caller, NewService, Service};
use rand::distr::{Alphanumeric, SampleString};
use sqlx::{Acquire as _, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{entity, idempotency, placement};
use crate::error::Error;
use crate::outbound::OutboundError;
use crate::port::{Power, ServiceName};
use crate::reconcile::lease;
use crate::reconcile::row::password_place;
use crate::reconcile::timeline::{self, About};
use crate::source::{agreed, archive, stored};
use crate::store::audit::{self, Entry};
use crate::store::events::{self, Change};
use crate::{Control, reach, store};

/// 190 bits: more than the SCRAM keys that are made of it hold.
const PASSWORD_LETTERS: usize = 32;

/// Of letters and digits, which nothing has to quote.
pub(super) fn new_password() -> Secret {
    Secret::new(Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LETTERS))
}

impl Control {
    pub(crate) async fn create_service(
        &self,
        who: &Caller,
        new: NewService,
        key: Option<String>,
    ) -> Result<Service, Error> {
        who.require(Permission::ServicesManage)?;
        let spec = new.parse(&self.runtime.capabilities(), OffsetDateTime::now_utc())?;
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        reach::hold_project(&mut transaction, who, spec.project_id).await?;
        let id = Uuid::now_v7();
        if let Some(key) = key {
            let before = idempotency::claim(&mut transaction, &self.sealer, who, &key, &spec, id).await?;
            if let Some(service) = before {
                return self.again(transaction, who, service).await;
            }
        }
        if let Some(source) = source(&spec.kind) {
            self.may_go_to(source).await?;
        }
        let need = Need::of(&spec.kind);
        let chosen = placement::choose(&mut transaction, who, &spec).await?;
        let new = New::of(self, who, id, &spec.kind)?;
        // what stands for itself comes first: from `hold` on, every other create on the resource waits until the commit
        tell(&mut transaction, who, (chosen.uuid, spec.project_id), &new).await?;
        store::flush_later(&mut transaction).await?;
        let resource = placement::hold(&mut transaction, who, &spec, chosen.uuid, need).await?;
        self.insert(&mut transaction, who, &spec, resource.uuid, &new).await?;
        let about = About::of(who.workspace_id, id);
        let (steps, variables) = first_steps(&spec.kind);
        timeline::begin_create(&mut transaction, about, steps, variables, &placed(&resource.label, need)).await?;
        let row = entity::by_id(&mut transaction, who, id).await?;
        transaction.commit().await?;
        store::flush(&mut connection).await?;
        row.entity(row.connection(self, who, new.password.as_ref())?)
    }

    /// Every address is looked at before anything is written, and again whenever it is dialled.
    async fn may_go_to(&self, source: &Source) -> Result<(), Error> {
        let refused =
            |field: &str, error: &OutboundError| Problem::refused(field, &format!("{}: {error}", human(field)));
        let found = self.outbound.resolve(source.host.as_str(), source.port.number()).await;
        found.map_err(|error| refused("external_host", &error))?;
        if let Some(archive) = &source.archive {
            let found = archive::addresses(&self.outbound, archive).await;
            found.map_err(|error| refused("s3_endpoint", &error))?;
        }
        Ok(())
    }

    /// The answer to a repeated request: the service as it is now. Its secret is opened anew, and noted anew.
    async fn again(
        &self,
        mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
        who: &Caller,
        service: Uuid,
    ) -> Result<Service, Error> {
        let row = entity::by_id(&mut transaction, who, service).await?;
        let entry =
            Entry { action: "service.create_repeated", entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        transaction.commit().await?;
        let password = row.password(self, who)?;
        row.entity(row.connection(self, who, password.as_ref())?)
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        who: &Caller,
        spec: &ServiceSpec,
        resource: Uuid,
        new: &New,
    ) -> Result<(), Error> {
        let port = match (&spec.kind, self.runtime.ports()) {
            (Kind::Postgres(_), Some(range)) => Some(placement::port(&mut *connection, range).await?),
            _ => None,
        };
        let whole = |number: u32| i32::try_from(number).map_err(|_| Error::Unexpected("a size"));
        let (postgres, volume) = match &spec.kind {
            Kind::Postgres(postgres) => (Some(postgres), None),
            Kind::SharedStorage(volume) => (None, Some(volume)),
        };
        let need = Need::of(&spec.kind);
        let source = source(&spec.kind);
        let mode = if source.is_some() { CreationMode::ExternalReplica } else { CreationMode::Fresh };
        let copied = source.map_or(0, |_| need.disk.mib() / lease::COPIED);
        sqlx::query!(
            "with service as (
               insert into services (id, workspace_id, project_id, resource_id, name, label, service_type,
                   postgres_version, creation_mode, instances, ram_mib, disk_mib, cpu_millis, public_access,
                   environment_variables, port, sealed_password, mount_point, storage_access)
               values ($1, $2, $3, $4, $5, $6, $18, $7, $17, $8, $9, $10, $11, $12, $13, $14, $15, $19, $20)
               returning id, workspace_id),
             observation as (
               insert into observations (service_id, workspace_id) select id, workspace_id from service)
             insert into tasks (service_id, workspace_id, deadline_at)
             select id, workspace_id, now() + make_interval(secs => $16) from service",
            new.id,
            who.workspace_id,
            spec.project_id,
            resource,
            new.name.as_str(),
            spec.label.as_str(),
            postgres.map(|postgres| i16::from(postgres.version.number())),
            i16::from(need.instances),
            whole(need.ram.mib())?,
            whole(need.disk.mib())?,
            postgres.map_or(Ok(0), |postgres| whole(postgres.size.cpu.millis()))?,
            postgres.is_some_and(|postgres| postgres.public_access),
            postgres.is_some_and(|postgres| postgres.environment_variables),
            port.map(i32::from),
            new.sealed,
            lease::DEADLINE.as_secs_f64() + f64::from(copied),
            postgres.map(|_| mode.as_str()),
            spec.service_type().as_str(),
            volume.map(|volume| volume.mount_point.as_str()),
            volume.map(|volume| volume.access.as_str())
        )
        .execute(&mut *connection)
        .await?;
        if let Some(source) = source {
            let agreed = agreed::by(&mut *connection, who, source).await?;
            stored::insert(connection, &self.sealer, (who.workspace_id, new.id, &new.name), source, agreed).await?;
        }
        Ok(())
    }
}

/// The external server that it will follow.
fn source(kind: &Kind) -> Option<&Source> {
    match kind {
        Kind::Postgres(PostgresSpec { origin: Origin::ExternalReplica(source), .. }) => Some(source),
        Kind::Postgres(_) | Kind::SharedStorage(_) => None,
    }
}

/// What people watch, and whether it ends in variables.
fn first_steps(kind: &Kind) -> (&'static [timeline::Step], bool) {
    match kind {
        Kind::SharedStorage(_) => (timeline::volume_steps(OperationKind::Create), false),
        Kind::Postgres(postgres) if source(kind).is_some() => (timeline::FOLLOWING, postgres.environment_variables),
        Kind::Postgres(postgres) => {
            (timeline::steps(OperationKind::Create, Power::Running), postgres.environment_variables)
        }
    }
}

/// "on local: 256 MiB of memory and 1 GiB of disk reserved"
pub(super) fn placed(resource: &str, need: Need) -> String {
    let memory = match need.ram.mib() {
        0 => String::new(),
        mib => format!("{mib} MiB of memory and "),
    };
    format!("on {resource}: {memory}{} GiB of disk reserved", need.disk.gib())
}

/// What the server alone gives to a new service.
struct New {
    id: Uuid,
    name: ServiceName,
    /// A volume has none.
    password: Option<Secret>,
    sealed: Option<Vec<u8>>,
}

impl New {
    fn of(control: &Control, who: &Caller, id: Uuid, kind: &Kind) -> Result<Self, Error> {
        let (prefix, password) = match kind {
            Kind::Postgres(_) => ("postgres", Some(new_password())),
            Kind::SharedStorage(_) => ("storage", None),
        };
        let name = ServiceName::random(prefix);
        let seal = |password| control.sealer.seal(password_place(who.workspace_id, &name), password);
        let sealed = password.as_ref().map(seal).transpose()?;
        Ok(Self { id, name, password, sealed })
    }
}

/// The audit line of a create, and who hears of it once it is committed.
async fn tell(
    connection: &mut PgConnection,
    who: &Caller,
    (resource, project): (Uuid, Uuid),
    new: &New,
) -> Result<(), Error> {
    let entry = Entry { action: "service.create", entity_id: Some(new.id), entity: new.name.as_str(), reason: None };
    audit::write(&mut *connection, who, entry).await?;
    let changes = [(EventKind::Service, new.id), (EventKind::Resource, resource)];
    let changes = changes.map(|(kind, id)| Change { workspace: who.workspace_id, kind, id, project: Some(project) });
    events::emit(&mut *connection, &changes).await?;
    events::wake(connection, new.id).await
}
