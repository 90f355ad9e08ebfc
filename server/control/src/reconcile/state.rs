//! Keeps the derived state in its column. The only code that writes it.

use contract::event::EventKind;
use sqlx::PgConnection;
use uuid::Uuid;

use super::derive::derive;
use super::row::Row;
use crate::error::Error;
use crate::store::events::{self, Change};

/// Derives the state from the rows as they are, writes it where it changed, and tells everybody.
pub async fn refresh(connection: &mut PgConnection, service: Uuid) -> Result<(), Error> {
    let Some(row) = Row::load(&mut *connection, service).await? else { return Ok(()) };
    let (state, reason) = derive(&row.facts());
    if state.as_str() == row.state && reason == row.state_reason {
        return Ok(());
    }
    sqlx::query!(
        "update services set state = $3, state_reason = $4 where id = $1 and workspace_id = $2",
        row.id,
        row.workspace,
        state.as_str(),
        reason
    )
    .execute(&mut *connection)
    .await?;
    changed(connection, &row).await
}

/// Tells everybody that there is something new to see of a service, and of that which shows it as its replica.
pub async fn changed(connection: &mut PgConnection, row: &Row) -> Result<(), Error> {
    let ids = [Some(row.id), row.primary().map(|(id, _)| id)].into_iter().flatten();
    let (workspace, kind, project) = (row.workspace, EventKind::Service, Some(row.project));
    let changes: Vec<_> = ids.map(|id| Change { workspace, kind, id, project }).collect();
    events::emit(connection, &changes).await
}
