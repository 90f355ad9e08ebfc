//! `POST /services/{id}/rotate_password`: another password in the place of the one that is known.

use contract::Caller;
use contract::connection::ConnectionDetails;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::spec::ServiceType;
use contract::state::Action;

use super::create::new_password;
use super::entity;
use crate::Control;
use crate::error::Error;
use crate::reconcile;
use crate::reconcile::row::password_place;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};

impl Control {
    /// It isn't healthy again before the new password opens it. A second rotation that comes meanwhile is refused: somebody has
    /// just been told the password of the first.
    pub(crate) async fn rotate_password(&self, who: &Caller, id: &str) -> Result<ConnectionDetails, Error> {
        who.require(Permission::ServicesOperate)?;
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        if row.service_type()? != ServiceType::Postgres {
            return Err(Problem::breaks("service_type", "no_credentials", "shared_storage has no credentials").into());
        }
        if row.follows {
            let rest = "has no credentials of ours before it is promoted";
            return Err(Problem::breaks("creation_mode", "no_credentials", rest).into());
        }
        row.may(Action::RotatePassword)?;
        let password = new_password();
        let sealed = self.sealer.seal(password_place(who.workspace_id, &row.name()?), &password)?;
        sqlx::query!(
            "with unproved as (
               update observations set signed_in = false where service_id = $2 and workspace_id = $1)
             update services set sealed_password = $3, updated_at = now() where workspace_id = $1 and id = $2",
            who.workspace_id,
            row.id,
            sealed
        )
        .execute(&mut *transaction)
        .await?;
        let about = About::of(who.workspace_id, row.id);
        let kind = OperationKind::RotatePassword;
        timeline::begin(&mut transaction, about, kind, row.steps(kind)?, row.environment_variables).await?;
        reconcile::wish(&mut transaction, who.workspace_id, row.id).await?;
        let entry =
            Entry { action: "service.rotate_password", entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let details = row.connection(self, who, Some(&password))?;
        transaction.commit().await?;
        details.ok_or(Error::Unexpected("a database without an address"))
    }
}
