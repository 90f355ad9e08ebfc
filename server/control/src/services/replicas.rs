//! `POST /services/{id}/create_replica` and `…/promote_replica`: a service that follows another one, with its database and its
//! credentials, until it is a service of its own.

use contract::capacity::{Free, Need};
use contract::error::Noun;
use contract::event::EventKind;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::replica::{MOST, NewReplica, ReplicaSpec};
use contract::spec::CreationMode;
use contract::state::Action;
use contract::values::{Label, Secret};
use contract::{ApiError, Caller, Service};
use sqlx::PgConnection;
use uuid::Uuid;

use super::create::placed;
use super::entity::{self, ServiceRow};
use super::placement;
use crate::error::Error;
use crate::port::{Power, ServiceName};
use crate::reconcile::lease;
use crate::reconcile::row::password_place;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};
use crate::store::events::{self, Change};
use crate::{Control, reconcile, resources};

impl Control {
    pub(crate) async fn create_replica(&self, who: &Caller, id: &str, new: NewReplica) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let mut transaction = self.pool.begin().await?;
        let primary = entity::locked(&mut transaction, who, id).await?;
        let spec = new.parse(&self.runtime.capabilities())?;
        may_have_replicas(&primary)?;
        let password = primary.password(self, who)?.ok_or(Error::Unexpected("services.sealed_password"))?;
        let need = Need { ram: spec.ram.unwrap_or(primary.ram()), disk: primary.disk(), instances: 1 };
        resources::lock(&mut transaction, primary.resource_id).await?;
        let resource = resources::one(&mut transaction, who.workspace_id, primary.resource_id).await?;
        let resource = resource.ok_or_else(|| Error::not_found(Noun::Resource))?;
        placement::fits(need, &Free::of(&resource))?;
        let new = New { id: Uuid::now_v7(), name: ServiceName::random("postgres") };
        self.insert_replica(&mut transaction, who, &primary, (&new, spec, need), &password).await?;
        let about = About::of(who.workspace_id, new.id);
        let placed = placed(&resource.label, need);
        timeline::begin_create(&mut transaction, about, timeline::REPLICA, false, &placed).await?;
        let name = new.name.as_str();
        let entry = Entry { action: "service.create_replica", entity_id: Some(new.id), entity: name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let touched =
            [(EventKind::Service, new.id), (EventKind::Service, primary.id), (EventKind::Resource, resource.uuid)];
        let (workspace, project) = (who.workspace_id, Some(primary.project_id));
        let changes = touched.map(|(kind, id)| Change { workspace, kind, id, project });
        events::emit(&mut transaction, &changes).await?;
        events::wake(&mut transaction, new.id).await?;
        let row = entity::by_id(&mut transaction, who, new.id).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, Some(&password))?)
    }

    async fn insert_replica(
        &self,
        connection: &mut PgConnection,
        who: &Caller,
        primary: &ServiceRow,
        (new, spec, need): (&New, ReplicaSpec, Need),
        password: &Secret,
    ) -> Result<(), Error> {
        let port = match self.runtime.ports() {
            Some(range) => Some(placement::port(&mut *connection, range).await?),
            None => None,
        };
        let whole = |number: u32| i32::try_from(number).map_err(|_| Error::Unexpected("a size"));
        sqlx::query!(
            "with service as (
               insert into services (id, workspace_id, project_id, resource_id, name, label, service_type,
                   postgres_version, creation_mode, instances, ram_mib, disk_mib, cpu_millis, public_access, port,
                   sealed_password)
               select $3, workspace_id, project_id, resource_id, $4, $5, service_type, postgres_version, $6, 1, $7,
                   disk_mib, coalesce($8, cpu_millis), public_access, $9, $10
               from services where workspace_id = $1 and id = $2
               returning id, workspace_id),
             copied as (
               insert into replicas (service_id, workspace_id, primary_id, copied_from, database, floor_mib)
               select id, workspace_id, $2, $11, $12, $14 from service),
             observation as (
               insert into observations (service_id, workspace_id) select id, workspace_id from service)
             insert into tasks (service_id, workspace_id, deadline_at)
             select id, workspace_id, now() + make_interval(secs => $13) from service",
            who.workspace_id,
            primary.id,
            new.id,
            new.name.as_str(),
            label(&primary.label),
            CreationMode::Fresh.as_str(),
            whole(need.ram.mib())?,
            spec.cpu.map(|cpu| whole(cpu.millis())).transpose()?,
            port.map(i32::from),
            self.sealer.seal(password_place(who.workspace_id, &new.name), password)?,
            primary.name,
            primary.database()?,
            lease::DEADLINE.as_secs_f64() + f64::from(need.disk.mib() / lease::COPIED),
            primary.ram_mib
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Irreversible.
    pub(crate) async fn promote_replica(&self, who: &Caller, id: &str) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        row.is_of(Action::PromoteReplica)?;
        let Some(primary) = row.primary_id else {
            let running = row.operation_kind.as_deref() == Some(OperationKind::PromoteReplica.as_str())
                && matches!(row.operation_state.as_deref(), Some("queued" | "running"));
            return Err(match running {
                true => ApiError::Conflict("It is being promoted already".into()).into(),
                false => Problem::breaks("role", "no_replica", "isn't replica: it follows no other service").into(),
            });
        };
        row.may(Action::PromoteReplica)?;
        let was_ready = sqlx::query_scalar!(
            "select was_ready from observations where workspace_id = $1 and service_id = $2",
            who.workspace_id,
            row.id
        );
        // what isn't whole yet can't be, without its primary; and what doesn't run would be promoted some other day
        if !was_ready.fetch_one(&mut *transaction).await? || row.power() == Power::Stopped {
            let rest = "doesn't allow it: It has to have followed its primary, and to run";
            return Err(Problem::breaks("state", "not_now", rest).into());
        }
        sqlx::query!(
            "with unproved as (
               update observations set signed_in = false, degraded = null where service_id = $2 and workspace_id = $1)
             update replicas set primary_id = null where workspace_id = $1 and service_id = $2",
            who.workspace_id,
            row.id
        )
        .execute(&mut *transaction)
        .await?;
        let about = About::of(who.workspace_id, row.id);
        let kind = OperationKind::PromoteReplica;
        timeline::begin(&mut transaction, about, kind, row.steps(kind)?, row.environment_variables).await?;
        reconcile::wish(&mut transaction, who.workspace_id, row.id).await?;
        let entry =
            Entry { action: "service.promote_replica", entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let left = Change {
            workspace: who.workspace_id,
            kind: EventKind::Service,
            id: primary,
            project: Some(row.project_id),
        };
        events::emit(&mut transaction, &[left]).await?;
        let row = entity::by_id(&mut transaction, who, row.id).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, None)?)
    }
}

/// What the server alone gives to a new replica.
struct New {
    id: Uuid,
    name: ServiceName,
}

/// The error where a service can't be followed by another one.
fn may_have_replicas(row: &ServiceRow) -> Result<(), Error> {
    row.is_of(Action::CreateReplica)?;
    if row.is_replica() {
        return Err(Problem::breaks("role", "replica", "is replica: only a primary can be given replicas").into());
    }
    if row.instances != 1 {
        let rest = "must be 1: only a standalone primary can be given replicas";
        return Err(Problem::breaks("instances", "not_standalone", rest).into());
    }
    if row.replicas()?.len() >= MOST {
        let rest = format!("are {MOST} already: a primary can't be given more");
        return Err(Problem::breaks("replicas", "too_many", &rest).into());
    }
    row.may(Action::CreateReplica)?;
    // it may still run with settings that nobody wants any more, and that a standby needs
    if matches!(row.operation_state.as_deref(), Some("queued" | "running")) {
        let rest = "doesn't allow it: It is being changed; wait until that has ended";
        return Err(Problem::breaks("state", "not_now", rest).into());
    }
    Ok(())
}

/// What a replica is called until somebody calls it otherwise.
fn label(primary: &str) -> String {
    const SUFFIX: &str = " replica";
    let kept: String = primary.chars().take(Label::MAX - SUFFIX.len()).collect();
    format!("{}{SUFFIX}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_called_after_its_primary_however_long_that_is() {
        assert_eq!(label("Orders"), "Orders replica");
        let long = label(&"ü".repeat(40));
        assert_eq!((long.chars().count(), Label::new(&long).is_ok()), (40, true));
    }
}
