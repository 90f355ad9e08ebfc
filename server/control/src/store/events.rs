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

/// Writes events; whoever listens hears of them at commit.
pub async fn emit(connection: &mut PgConnection, changes: &[Change]) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let workspaces: Vec<Uuid> = changes.iter().map(|c| c.workspace).collect();
    let kinds: Vec<String> = changes.iter().map(|c| c.kind.as_str().to_owned()).collect();
    let ids: Vec<Uuid> = changes.iter().map(|c| c.id).collect();
    let projects: Vec<Option<Uuid>> = changes.iter().map(|c| c.project).collect();
    sqlx::query!(
        "with event as (
           insert into events (workspace_id, kind, entity_id, project_id)
           select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[])
           returning version, workspace_id, kind, entity_id, project_id)
         select pg_notify($5, concat_ws(' ', e.workspace_id, e.kind, e.entity_id, e.version,
                  coalesce((select restricted from projects p
                            where p.workspace_id = e.workspace_id and p.id = e.project_id), false)))
         from event e",
        &workspaces,
        &kinds,
        &ids,
        &projects as &[Option<Uuid>],
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
