//! Events: written in the transaction of a change, told to every console when it commits.

use contract::event::EventKind;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// The channel of `NOTIFY` for events; the payload is `workspace kind id version`.
pub const CHANNEL: &str = "berth_events";
/// The channel of `NOTIFY` for tasks that are due; the payload is the service's uuid.
pub const TASKS: &str = "berth_tasks";

/// What happened to what.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub workspace: Uuid,
    pub kind: EventKind,
    pub id: Uuid,
    /// The project that somebody must reach to hear of it.
    pub project: Option<Uuid>,
}

/// Writes an event; whoever listens hears of it at commit.
pub async fn emit(connection: &mut PgConnection, change: Change) -> Result<(), Error> {
    let version = sqlx::query_scalar!(
        "insert into events (workspace_id, kind, entity_id, project_id) values ($1, $2, $3, $4) returning version",
        change.workspace,
        change.kind.as_str(),
        change.id,
        change.project
    )
    .fetch_one(&mut *connection)
    .await?;
    let payload = format!("{} {} {} {version}", change.workspace, change.kind, change.id);
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload).execute(connection).await?;
    Ok(())
}
