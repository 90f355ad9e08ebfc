//! The variables that a service writes into its project: never overwriting, and gone with it.

use contract::connection::Address;
use contract::event::EventKind;
use contract::values::Secret;
use sqlx::PgConnection;
use uuid::Uuid;

use super::row::Row;
use crate::error::Error;
use crate::projects::vars::{var_place, var_row};
use crate::seal::Sealer;
use crate::store::events::{self, Change};

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub written: usize,
    /// Names that somebody else has.
    pub kept: usize,
}

impl Written {
    /// "one written, one left alone".
    pub fn words(self) -> String {
        let count = |n: usize| match n {
            0 => "none".to_owned(),
            1 => "one".to_owned(),
            2 => "two".to_owned(),
            n => n.to_string(),
        };
        match self.kept {
            0 => format!("{} written", count(self.written)),
            kept => format!("{} written, {} left alone", count(self.written), count(kept)),
        }
    }
}

/// The names that a service would write: its own, and the one that everybody reads.
pub fn keys(name: &str) -> [String; 2] {
    [format!("{}_URL", name.to_uppercase().replace('-', "_")), "DATABASE_URL".to_owned()]
}

/// Makes the project's variables what the service wants: writes its own, refreshes those that nobody edited, and
/// takes away what it wrote elsewhere or no longer wants.
pub async fn reconcile(
    connection: &mut PgConnection,
    sealer: &Sealer,
    row: &Row,
    address: &Address,
    password: &Secret,
) -> Result<Written, Error> {
    // what nobody owns yet has no address to give
    let wanted: &[String] = if row.environment_variables && !row.is_unowned() { &keys(row.name.as_str()) } else { &[] };
    let mut touched = sqlx::query_scalar!(
        "delete from vars where workspace_id = $1 and service_id = $2 and (project_id <> $3 or not key = any($4))
         returning project_id",
        row.workspace,
        row.id,
        row.project,
        wanted
    )
    .fetch_all(&mut *connection)
    .await?;
    let url = address.url(password);
    let mut result = Written::default();
    for key in wanted {
        if write(connection, sealer, row, key, &url).await? {
            result.written += 1;
        } else {
            result.kept += 1;
        }
    }
    if result.written > 0 {
        touched.push(row.project);
    }
    touched.sort_unstable();
    touched.dedup();
    let change = |id| Change { workspace: row.workspace, kind: EventKind::Project, id, project: Some(id) };
    let changes: Vec<_> = touched.into_iter().map(change).collect();
    events::emit(connection, &changes).await?;
    Ok(result)
}

/// False where somebody else has the name. What holds the value already stays as it is: apps begin anew for a change.
async fn write(
    connection: &mut PgConnection,
    sealer: &Sealer,
    row: &Row,
    key: &str,
    url: &Secret,
) -> Result<bool, Error> {
    let place = var_row(row.project, key);
    let own = sqlx::query_scalar!(
        "select sealed_value from vars
         where workspace_id = $1 and project_id = $2 and lower(key) = lower($3) and service_id = $4",
        row.workspace,
        row.project,
        key,
        row.id
    );
    if let Some(own) = own.fetch_optional(&mut *connection).await?
        && sealer.open(var_place(row.workspace, &place), &own)?.expose() == url.expose()
    {
        return Ok(true);
    }
    let sealed = sealer.seal(var_place(row.workspace, &place), url)?;
    let written = sqlx::query!(
        "insert into vars (id, workspace_id, project_id, key, sealed_value, service_id) values ($1, $2, $3, $4, $5, $6)
         on conflict (project_id, lower(key))
         do update set sealed_value = excluded.sealed_value, updated_at = now() where vars.service_id = $6",
        Uuid::now_v7(),
        row.workspace,
        row.project,
        key,
        sealed,
        row.id
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}
