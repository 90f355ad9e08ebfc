//! `PUT /services/{id}`: every rule of a create, in the transaction that writes.

use contract::capacity::{self, Free, Need};
use contract::change::Change;
use contract::error::Noun;
use contract::event::EventKind;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::{Invalid, Problem};
use contract::state::Action;
use contract::values::Mib;
use contract::{Caller, Service, ServiceChange};
use sqlx::PgConnection;

use super::entity::{self, ServiceRow};
use crate::error::Error;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};
use crate::store::events;
use crate::{Control, reach, reconcile, resources};

impl Control {
    pub(crate) async fn update_service(&self, who: &Caller, id: &str, change: ServiceChange) -> Result<Service, Error> {
        who.require(Permission::ServicesManage)?;
        let mut transaction = self.pool.begin().await?;
        let (row, replicas) = entity::locked_with_replicas(&mut transaction, who, id).await?;
        let change = change.parse(row.service_type()?, row.disk(), &self.runtime.capabilities())?;
        row.may(Action::Update)?;
        follows_on(&row, &change)?;
        moves(&mut transaction, who, &row, &change).await?;
        let resized = resizes(&mut transaction, who, (&row, &replicas), &change).await?;
        write(&mut transaction, who, &row, &change).await?;
        if touches_runtime(&row, &change) {
            begin(&mut transaction, who, &row, &change).await?;
        }
        let mut changed = vec![&row];
        for replica in &replicas {
            let along = along(replica, &change);
            write(&mut transaction, who, replica, &along).await?;
            let rises = raise_floor(&mut transaction, who, replica, &change).await?;
            if rises || touches_runtime(replica, &along) {
                begin(&mut transaction, who, replica, &along).await?;
                changed.push(replica);
            }
        }
        for one in &changed {
            let entry = Entry { action: "service.update", entity_id: Some(one.id), entity: &one.name, reason: None };
            audit::write(&mut transaction, who, entry).await?;
        }
        let row = entity::by_id(&mut transaction, who, row.id).await?;
        let resource = resized.then_some((EventKind::Resource, row.resource_id));
        // it is shown by its primary, and by its replicas where they changed with it
        let services = changed.iter().map(|one| one.id).chain(row.primary_id);
        let changes = services.map(|id| (EventKind::Service, id)).chain(resource);
        let (workspace, project) = (who.workspace_id, Some(row.project_id));
        let changes: Vec<_> = changes.map(|(kind, id)| events::Change { workspace, kind, id, project }).collect();
        events::emit(&mut transaction, &changes).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, None)?)
    }
}

/// What a replica has as its primary has it can't be changed on one of them alone.
fn follows_on(row: &ServiceRow, change: &Change) -> Result<(), Error> {
    let refused = |field: &str, rest: &str| Err(Problem::breaks(field, "replica", rest).into());
    if change.instances.is_some_and(|instances| instances.count() > 1) {
        if row.primary_id.is_some() {
            return refused("instances", "must be 1: it is a replica");
        }
        if !row.replicas()?.is_empty() {
            return refused("instances", "must be 1: it has replicas; promote or delete them first");
        }
    }
    if row.primary_id.is_some() && change.project_id.is_some_and(|project| project != row.project_id) {
        return refused("project_id", "can't be changed: a replica stays with its primary");
    }
    Ok(())
}

/// What a replica gets when its primary is changed.
fn along(replica: &ServiceRow, change: &Change) -> Change {
    let disk = change.disk.filter(|disk| *disk > replica.disk());
    Change { disk, project_id: change.project_id, ..Change::default() }
}

/// A standby's settings may not fall below those that its primary gets, or had. True: they rise.
async fn raise_floor(
    connection: &mut PgConnection,
    who: &Caller,
    replica: &ServiceRow,
    change: &Change,
) -> Result<bool, Error> {
    let Some(ram) = change.ram else { return Ok(false) };
    let raised = sqlx::query!(
        "update replicas set floor_mib = $3 where workspace_id = $1 and service_id = $2 and floor_mib < $3",
        who.workspace_id,
        replica.id,
        whole(ram.mib())
    );
    Ok(raised.execute(connection).await?.rows_affected() > 0)
}

async fn begin(connection: &mut PgConnection, who: &Caller, row: &ServiceRow, change: &Change) -> Result<(), Error> {
    let about = About::of(who.workspace_id, row.id);
    let variables = change.environment_variables.unwrap_or(row.environment_variables);
    let kind = OperationKind::Update;
    timeline::begin(&mut *connection, about, kind, row.steps(kind)?, variables).await?;
    reconcile::wish(connection, who.workspace_id, row.id).await
}

/// A move needs a project that the caller can reach and that may use the service's resource.
async fn moves(connection: &mut PgConnection, who: &Caller, row: &ServiceRow, change: &Change) -> Result<(), Error> {
    let Some(project) = change.project_id.filter(|p| *p != row.project_id) else { return Ok(()) };
    reach::hold_project(&mut *connection, who, project).await?;
    let usable = resources::usable(connection, who.workspace_id, project).await?;
    if !row.mounts()?.is_empty() {
        let rest = "can't be changed while apps of its project mount it; unmount it first";
        return Err(Problem::breaks("project_id", "mounted", rest).into());
    }
    if usable.iter().any(|r| r.uuid == row.resource_id) {
        return Ok(());
    }
    Err(Problem::breaks("project_id", "closed", "can't be changed: its resource is closed to that project").into())
}

/// What it takes more has to fit, and what its replicas take with it. True: it takes another part of its resource than before.
async fn resizes(
    connection: &mut PgConnection,
    who: &Caller,
    (row, replicas): (&ServiceRow, &[ServiceRow]),
    change: &Change,
) -> Result<bool, Error> {
    let none = Mib::new(0);
    let held = Need {
        ram: row.ram(),
        disk: row.disk(),
        instances: u8::try_from(row.instances).map_err(|_| Error::Unexpected("services.instances"))?,
    };
    let need = Need {
        ram: change.ram.unwrap_or(held.ram),
        disk: change.disk.unwrap_or(held.disk),
        instances: change.instances.map_or(held.instances, |i| i.count()),
    };
    if need == held {
        return Ok(false);
    }
    resources::lock(&mut *connection, row.resource_id).await?;
    let resource = resources::one(connection, who.workspace_id, row.resource_id).await?;
    let resource = resource.ok_or_else(|| Error::not_found(Noun::Resource))?;
    let mut free = Free::of(&resource).without(held);
    let mut problems = capacity::problems(Need { disk: none, ..need }, &free);
    let mut disks = need.instances;
    for replica in replicas.iter().filter(|replica| replica.disk() < need.disk) {
        free = free.without(Need { ram: none, disk: replica.disk(), instances: 1 });
        disks = disks.saturating_add(1);
    }
    problems.extend(capacity::problems(Need { ram: none, disk: need.disk, instances: disks }, &free));
    Invalid::unless(Some(()), problems)?;
    Ok(true)
}

async fn write(connection: &mut PgConnection, who: &Caller, row: &ServiceRow, change: &Change) -> Result<(), Error> {
    sqlx::query!(
        "update services
         set label = coalesce($3, label), ram_mib = coalesce($4, ram_mib), disk_mib = coalesce($5, disk_mib),
             cpu_millis = coalesce($6, cpu_millis), instances = coalesce($7, instances),
             public_access = coalesce($8, public_access),
             environment_variables = coalesce($9, environment_variables), project_id = coalesce($10, project_id),
             updated_at = now()
         where workspace_id = $1 and id = $2",
        who.workspace_id,
        row.id,
        change.label.as_ref().map(|l| l.as_str()),
        change.ram.map(|m| whole(m.mib())),
        change.disk.map(|m| whole(m.mib())),
        change.cpu.map(|m| whole(m.millis())),
        change.instances.map(|i| i16::from(i.count())),
        change.public_access,
        change.environment_variables,
        change.project_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A new label is only shown; everything else is the reconciler's work.
fn touches_runtime(row: &ServiceRow, change: &Change) -> bool {
    change.ram.is_some_and(|m| m != row.ram())
        || change.disk.is_some_and(|m| m != row.disk())
        || change.cpu.is_some_and(|c| i32::try_from(c.millis()).ok() != Some(row.cpu_millis))
        || change.instances.is_some_and(|i| i16::from(i.count()) != row.instances)
        || change.public_access.is_some_and(|p| p != row.public_access)
        || change.environment_variables.is_some_and(|e| e != row.environment_variables)
        || change.project_id.is_some_and(|p| p != row.project_id)
}
