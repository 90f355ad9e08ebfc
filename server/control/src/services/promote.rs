//! `POST /services/{id}/promote_external`: a replica of an external server becomes a server of its own.

use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::spec::CreationMode;
use contract::state::Action;
use contract::{ApiError, Caller, Service};

use super::entity;
use crate::Control;
use crate::error::Error;
use crate::port::Power;
use crate::reconcile;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};

impl Control {
    /// Irreversible. What is known of the source's secrets goes in the same transaction: nothing needs them any more.
    pub(crate) async fn promote_external(&self, who: &Caller, id: &str) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        if row.creation_mode.as_deref() != Some(CreationMode::ExternalReplica.as_str()) {
            return Err(
                Problem::breaks("creation_mode", "not_external", "isn't external_replica: it follows nobody").into()
            );
        }
        if !row.follows {
            let running = row.operation_kind.as_deref() == Some(OperationKind::PromoteExternal.as_str())
                && matches!(row.operation_state.as_deref(), Some("queued" | "running"));
            return Err(match running {
                true => ApiError::Conflict("It is being promoted already".into()).into(),
                false => Problem::breaks("creation_mode", "promoted", "is over: it has been promoted").into(),
            });
        }
        row.may(Action::PromoteExternal)?;
        let was_ready = sqlx::query_scalar!(
            "select was_ready from observations where workspace_id = $1 and service_id = $2",
            who.workspace_id,
            row.id
        );
        // what isn't whole yet can't be, without the source; and what doesn't run would be promoted some other day
        if !was_ready.fetch_one(&mut *transaction).await? || row.power() == Power::Stopped {
            let rest = "doesn't allow it: It has to have followed its source, and to run";
            return Err(Problem::breaks("state", "not_now", rest).into());
        }
        sqlx::query!(
            "with unproved as (
               update observations set signed_in = false, degraded = null where service_id = $2 and workspace_id = $1)
             update sources
             set promote_at = now(), ca = null, certificate = null, sealed_secret = null, sealed_s3_access_key = null,
                 sealed_s3_secret_key = null
             where workspace_id = $1 and service_id = $2",
            who.workspace_id,
            row.id
        )
        .execute(&mut *transaction)
        .await?;
        let about = About::of(who.workspace_id, row.id);
        let kind = OperationKind::PromoteExternal;
        timeline::begin(&mut transaction, about, kind, row.steps(kind)?, row.environment_variables).await?;
        reconcile::wish(&mut transaction, who.workspace_id, row.id).await?;
        let entry =
            Entry { action: "service.promote_external", entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let row = entity::by_id(&mut transaction, who, row.id).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, None)?)
    }
}
