//! `POST /services/{id}/rotate_password`: another password in the place of the one that is known.

use contract::Caller;
use contract::connection::ConnectionDetails;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::spec::ServiceType;
use contract::state::Action;
use contract::values::Secret;
use sqlx::PgConnection;

use super::create::new_password;
use super::entity::{self, ServiceRow};
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
        let (row, replicas) = entity::locked_with_replicas(&mut transaction, who, id).await?;
        if row.service_type()? != ServiceType::Postgres {
            return Err(Problem::breaks("service_type", "no_credentials", "shared_storage has no credentials").into());
        }
        if row.follows {
            let rest = "has no credentials of ours before it is promoted";
            return Err(Problem::breaks("creation_mode", "no_credentials", rest).into());
        }
        if row.primary_id.is_some() {
            let rest = "is replica: its password is that of its primary, and follows it";
            return Err(Problem::breaks("role", "replica", rest).into());
        }
        row.may(Action::RotatePassword)?;
        let password = new_password();
        // its replicas hear of it from its WAL
        for one in [&row].into_iter().chain(&replicas) {
            self.set_password(&mut transaction, who, one, &password).await?;
            let entry =
                Entry { action: "service.rotate_password", entity_id: Some(one.id), entity: &one.name, reason: None };
            audit::write(&mut transaction, who, entry).await?;
        }
        let details = row.connection(self, who, Some(&password))?;
        transaction.commit().await?;
        details.ok_or(Error::Unexpected("a database without an address"))
    }

    async fn set_password(
        &self,
        connection: &mut PgConnection,
        who: &Caller,
        row: &ServiceRow,
        password: &Secret,
    ) -> Result<(), Error> {
        sqlx::query!(
            "with unproved as (
               update observations set signed_in = false where service_id = $2 and workspace_id = $1)
             update services set sealed_password = $3, updated_at = now() where workspace_id = $1 and id = $2",
            who.workspace_id,
            row.id,
            self.sealer.seal(password_place(who.workspace_id, &row.name()?), password)?
        )
        .execute(&mut *connection)
        .await?;
        let about = About::of(who.workspace_id, row.id);
        let kind = OperationKind::RotatePassword;
        timeline::begin(&mut *connection, about, kind, row.steps(kind)?, row.environment_variables).await?;
        reconcile::wish(connection, who.workspace_id, row.id).await
    }
}
