//! The audit log: who did what, in the transaction of the change, and before a secret leaves (a transaction of its own will
//! do there: nothing else is written).

use contract::Caller;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// One line of the log.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `noun.verb`: `service.create`, `service.reveal`, `token.revoke`, …
    pub action: &'static str,
    pub entity_id: Option<Uuid>,
    /// What people call the thing.
    pub entity: &'a str,
    pub reason: Option<&'a str>,
}

pub async fn write(connection: &mut PgConnection, who: &Caller, entry: Entry<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into audit (id, workspace_id, user_id, email, action, entity_id, entity, reason, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        Uuid::now_v7(),
        who.workspace_id,
        who.user_id,
        who.email,
        entry.action,
        entry.entity_id,
        entry.entity,
        entry.reason,
        who.request_id
    )
    .execute(connection)
    .await?;
    Ok(())
}
