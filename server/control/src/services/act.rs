//! Start, stop, restart, retry and delete: wishes that the reconciler fulfils.

use contract::change::{ProcessAction, StateChange};
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::state::{Action, Verdict};
use contract::{Caller, Service};
use sqlx::PgConnection;
use uuid::Uuid;

use super::entity::{self, ServiceRow};
use crate::Control;
use crate::error::Error;
use crate::port::Power;
use crate::reconcile;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};

impl Control {
    pub(crate) async fn change_state(&self, who: &Caller, id: &str, change: StateChange) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let wish = match change.parse()? {
            ProcessAction::Start => (Action::Start, OperationKind::Start, "service.start"),
            ProcessAction::Stop => (Action::Stop, OperationKind::Stop, "service.stop"),
            ProcessAction::Restart => (Action::Restart, OperationKind::Restart, "service.restart"),
        };
        self.act(who, id, wish).await
    }

    pub(crate) async fn retry_service(&self, who: &Caller, id: &str) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        self.act(who, id, (Action::Retry, OperationKind::Retry, "service.retry")).await
    }

    pub(crate) async fn delete_service(&self, who: &Caller, id: &str) -> Result<(), Error> {
        who.require(Permission::ServicesManage)?;
        self.act(who, id, (Action::Delete, OperationKind::Delete, "service.delete")).await.map(|_| ())
    }

    async fn act(
        &self,
        who: &Caller,
        id: &str,
        (action, kind, audited): (Action, OperationKind, &'static str),
    ) -> Result<Service, Error> {
        let mut transaction = self.pool.begin().await?;
        let (row, replicas) = entity::locked_with_replicas(&mut transaction, who, id).await?;
        if row.may(action)? == Verdict::Allowed || contradicts(&row, action) {
            // a primary takes its replicas along
            let along = replicas.iter().filter(|_| action == Action::Delete);
            for one in along.chain([&row]) {
                wish(&mut transaction, who, one.id, action).await?;
                let about = About::of(who.workspace_id, one.id);
                timeline::begin(&mut transaction, about, kind, one.steps(kind)?, false).await?;
                reconcile::wish(&mut transaction, who.workspace_id, one.id).await?;
                let entry = Entry { action: audited, entity_id: Some(one.id), entity: &one.name, reason: None };
                audit::write(&mut transaction, who, entry).await?;
            }
        }
        let row = entity::reachable(&mut transaction, who, id).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, None)?)
    }
}

/// True where the state says "so already", and a later wish that is still under way says otherwise: start while a
/// stop is being carried out, and the other way round.
fn contradicts(row: &ServiceRow, action: Action) -> bool {
    match action {
        Action::Start => row.power() == Power::Stopped,
        Action::Stop => row.power() == Power::Running,
        _ => false,
    }
}

/// Writes the wish itself.
async fn wish(connection: &mut PgConnection, who: &Caller, service: Uuid, action: Action) -> Result<(), Error> {
    match action {
        Action::Delete => {
            sqlx::query!(
                "update services set deleting = true, updated_at = now() where workspace_id = $1 and id = $2",
                who.workspace_id,
                service
            )
            .execute(connection)
            .await?;
        }
        Action::Start | Action::Stop => {
            sqlx::query!(
                "update services set power = $3, updated_at = now() where workspace_id = $1 and id = $2",
                who.workspace_id,
                service,
                if action == Action::Stop { "stopped" } else { "running" }
            )
            .execute(connection)
            .await?;
        }
        Action::Restart => {
            sqlx::query!(
                "insert into signals (service_id, workspace_id, kind) values ($1, $2, 'restart') on conflict do nothing",
                service,
                who.workspace_id
            )
            .execute(connection)
            .await?;
        }
        Action::Retry
        | Action::Update
        | Action::TestConnection
        | Action::RotatePassword
        | Action::PromoteExternal
        | Action::CreateReplica
        | Action::PromoteReplica
        | Action::MountApp
        | Action::UnmountApp => {}
    }
    Ok(())
}
