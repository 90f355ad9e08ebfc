//! The servers behind a service.

use contract::members::{Members, PrimaryChange};
use contract::permission::Permission;
use contract::spec::ServiceType;
use contract::{ApiError, Caller};
use time::OffsetDateTime;

use super::entity;
use crate::Control;
use crate::error::Error;

struct Change {
    at: OffsetDateTime,
    from_name: String,
    to_name: String,
    ms: Option<i64>,
}

impl Control {
    pub(crate) async fn service_members(&self, who: &Caller, id: &str) -> Result<Members, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        if row.service_type()? != ServiceType::Postgres {
            return Ok(Members::default());
        }
        let changes = sqlx::query_as!(
            Change,
            "select at, from_name, to_name, ms from primary_changes
             where workspace_id = $1 and service_id = $2 order by id desc limit $3",
            who.workspace_id,
            row.id,
            i64::from(Members::CHANGES)
        );
        let changes = changes.fetch_all(&mut *connection).await?;
        drop(connection);
        let members = self.runtime.members(&row.service(who)?).await;
        let members =
            members.map_err(|error| ApiError::Unavailable(format!("Its servers can't be asked for: {error}")))?;
        let change = |change: Change| PrimaryChange {
            at: change.at,
            from: change.from_name,
            to: change.to_name,
            ms: change.ms.and_then(|ms| u64::try_from(ms).ok()),
        };
        Ok(Members { members, changes: changes.into_iter().map(change).collect() })
    }
}
