//! `POST /services/{id}/mount_app` and `…/unmount_app`: which apps have a volume, and where.

use contract::event::EventKind;
use contract::mount::{App, AppMount, AppUnmount, Mount, MountState};
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::spec::StorageAccess;
use contract::state::Action;
use contract::{ApiError, Caller, Service};
use sqlx::PgConnection;
use uuid::Uuid;

use super::entity::{self, ServiceRow};
use crate::error::Error;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};
use crate::store::events::{self, Change};
use crate::{Control, reconcile};

/// The constraint by which a directory of an app shows one volume.
const BY_PLACE: &str = "mounts_by_place";

impl Control {
    pub(crate) async fn mount_app(&self, who: &Caller, id: &str, mount: AppMount) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let spec = mount.parse()?;
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        row.may(Action::MountApp)?;
        let app = spec.app.to_string();
        let mounts = row.mounts()?;
        let one = row.storage_access.as_deref() == Some(StorageAccess::Rwo.as_str());
        if let Some(other) = mounts.iter().find(|other| one && other.app_id != app) {
            let rest = format!("can't mount it: RWO allows one app, and {} has it", other.app_id);
            return Err(Problem::breaks("app_id", "rwo", &rest).into());
        }
        let mount_point = spec.mount_point.as_ref().map(|at| at.as_str()).or(row.mount_point.as_deref());
        let mount_point = mount_point.ok_or(Error::Unexpected("services.mount_point"))?;
        let label = spec.label.as_ref().map(|label| label.as_str());
        let so_already = |mount: &Mount| {
            let as_labelled = label.is_none() || label == mount.label.as_deref();
            mount.app_id == app && mount.mount_point == mount_point && as_labelled
        };
        let stands = |mount: &Mount| matches!(mount.state, MountState::Pending | MountState::Mounted);
        if mounts.iter().any(|mount| stands(mount) && so_already(mount)) {
            return row.entity(None);
        }
        let operation = self.begin_for_app(&mut transaction, who, &row, &app, OperationKind::MountApp).await?;
        let written = sqlx::query!(
            "insert into mounts (service_id, workspace_id, project_id, app, mount_point, label, operation_id)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (service_id, app) do update
             set mount_point = excluded.mount_point, label = coalesce(excluded.label, mounts.label), leaving = false,
                 state = $8, reason = null, operation_id = excluded.operation_id",
            row.id,
            who.workspace_id,
            row.project_id,
            app,
            mount_point,
            label,
            operation,
            MountState::Pending.as_str()
        )
        .execute(&mut *transaction)
        .await;
        if let Err(sqlx::Error::Database(error)) = &written
            && error.constraint() == Some(BY_PLACE)
        {
            let rest = format!("is taken: {app} has another volume at {mount_point}");
            return Err(Problem::breaks("mount_point", "taken", &rest).into());
        }
        written?;
        self.wish_for_apps(transaction, who, &row, "service.mount_app").await
    }

    pub(crate) async fn unmount_app(&self, who: &Caller, id: &str, unmount: AppUnmount) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let app = unmount.parse()?.to_string();
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        row.may(Action::UnmountApp)?;
        match row.mounts()?.iter().find(|mount| mount.app_id == app) {
            None => {
                let rest = format!("is no app that mounts it: {app}");
                return Err(Problem::breaks("app_id", "not_mounted", &rest).into());
            }
            Some(mount) if mount.state == MountState::Unmounting => return row.entity(None),
            Some(_) => {}
        }
        let operation = self.begin_for_app(&mut transaction, who, &row, &app, OperationKind::UnmountApp).await?;
        sqlx::query!(
            "update mounts set leaving = true, state = $4, reason = null, operation_id = $5
             where service_id = $1 and workspace_id = $2 and app = $3",
            row.id,
            who.workspace_id,
            app,
            MountState::Unmounting.as_str(),
            operation
        )
        .execute(&mut *transaction)
        .await?;
        self.wish_for_apps(transaction, who, &row, "service.unmount_app").await
    }

    /// Begins an operation about one app, in the place of an open one about the same.
    async fn begin_for_app(
        &self,
        connection: &mut PgConnection,
        who: &Caller,
        row: &ServiceRow,
        app: &str,
        kind: OperationKind,
    ) -> Result<Uuid, Error> {
        let before = sqlx::query_scalar!(
            "select operation_id from mounts where service_id = $1 and workspace_id = $2 and app = $3",
            row.id,
            who.workspace_id,
            app
        );
        if let Some(before) = before.fetch_optional(&mut *connection).await?.flatten() {
            timeline::supersede(&mut *connection, who.workspace_id, before).await?;
        }
        let about = About::of(who.workspace_id, row.id);
        timeline::begin(connection, about, kind, row.steps(kind)?, false).await
    }

    /// The rest of a wish about an app, and the answer to it.
    async fn wish_for_apps(
        &self,
        mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
        who: &Caller,
        row: &ServiceRow,
        action: &'static str,
    ) -> Result<Service, Error> {
        reconcile::wish(&mut transaction, who.workspace_id, row.id).await?;
        let entry = Entry { action, entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let (workspace, kind, id) = (who.workspace_id, EventKind::Service, row.id);
        events::emit(&mut transaction, &[Change { workspace, kind, id, project: Some(row.project_id) }]).await?;
        let row = entity::by_id(&mut transaction, who, row.id).await?;
        transaction.commit().await?;
        row.entity(None)
    }

    pub(crate) async fn list_apps(&self, who: &Caller, id: &str) -> Result<Vec<App>, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        drop(connection);
        row.is_of(Action::MountApp)?;
        let Some(volumes) = self.runtime.volumes() else { return Ok(Vec::new()) };
        let apps = volumes.apps(who.workspace_id, row.project_id).await;
        Ok(apps.map_err(|error| ApiError::Unavailable(format!("The apps can't be asked for: {error}")))?)
    }
}
