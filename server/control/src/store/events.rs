//! Events: written in the transaction of a change, told to every console when it commits.

use contract::event::EventKind;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// The channel of `NOTIFY` for events; the payload is `workspace kind id version restricted`.
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
    sqlx::query!(
        r#"with event as (
             insert into events (workspace_id, kind, entity_id, project_id) values ($1, $2, $3, $4) returning version
           )
           select pg_notify($5, concat_ws(' ', $1::uuid, $2::text, $3::uuid, version,
             coalesce((select restricted from projects where workspace_id = $1 and id = $4), false))) from event"#,
        change.workspace,
        change.kind.as_str(),
        change.id,
        change.project,
        CHANNEL
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells the workers of every console, at commit, that a task is due.
pub async fn wake(connection: &mut PgConnection, service: Uuid) -> Result<(), Error> {
    sqlx::query!("select pg_notify($1, $2)", TASKS, service.to_string()).execute(connection).await?;
    Ok(())
}
