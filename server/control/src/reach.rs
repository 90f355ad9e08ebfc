//! Which projects a caller can reach. Every query about a project, or about what belongs to one, asks here.
//!
//! A restricted project is reached by owners and admins only. Out of reach is answered as not there.

use contract::Caller;
use contract::error::Noun;
use contract::permission::Role;
use contract::project::Project;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// A project that the caller can reach.
#[derive(Clone, Debug)]
pub(crate) struct ProjectRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) restricted: bool,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            uuid: row.id,
            name: row.name,
            restricted: row.restricted,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The `$sees` of the condition `(not projects.restricted or $sees)`, which stands in every query beside the
/// workspace.
pub(crate) fn sees_restricted(who: &Caller) -> bool {
    matches!(who.role, Role::Owner | Role::Admin)
}

/// The project, where the caller can reach it.
///
/// # Errors
/// 404 `Project not found`.
pub(crate) async fn project(connection: &mut PgConnection, who: &Caller, id: Uuid) -> Result<ProjectRow, Error> {
    sqlx::query_as!(
        ProjectRow,
        "select id, name, restricted, created_at, updated_at from projects
         where workspace_id = $1 and id = $2 and (not restricted or $3)",
        who.workspace_id,
        id,
        sees_restricted(who)
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::not_found(Noun::Project))
}

/// The same, and until the transaction ends nobody deletes it: for what is put into a project.
///
/// # Errors
/// 404 `Project not found`.
pub(crate) async fn hold_project(connection: &mut PgConnection, who: &Caller, id: Uuid) -> Result<ProjectRow, Error> {
    sqlx::query_as!(
        ProjectRow,
        "select id, name, restricted, created_at, updated_at from projects
         where workspace_id = $1 and id = $2 and (not restricted or $3) for key share",
        who.workspace_id,
        id,
        sees_restricted(who)
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::not_found(Noun::Project))
}
