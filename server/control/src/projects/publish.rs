//! Brings a project's variables to where the runtime gives them to its apps.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::vars::{var_place, var_row};
use crate::Control;
use crate::error::Error;
use crate::port::Publication;

/// Between two looks.
const PACE: Duration = Duration::from_secs(1);
/// How long one console has for a publication before another tries, and how long a failed one waits.
const RETRY: Duration = Duration::from_secs(10);

/// Publishes what has changed, until it is told to stop. Several consoles on one store share the work.
pub async fn run(control: Control, stop: CancellationToken) {
    if !control.runtime.publishes() {
        return;
    }
    while !stop.is_cancelled() {
        match publish_next(&control).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "variables could not be published");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PACE) => {}
        }
    }
}

/// Publishes the variables of one project that are behind; false where there is none. Whoever finds at the end that another took it
/// meanwhile doesn't know whose values came last: it is published again.
///
/// # Errors
/// The store is away.
pub async fn publish_next(control: &Control) -> Result<bool, Error> {
    let due = sqlx::query!(
        "update publications set retry_at = now() + make_interval(secs => $1)
         where project_id = (select project_id from publications where version <> published and retry_at <= now()
                             order by retry_at limit 1 for update skip locked)
         returning project_id, workspace_id, version, retry_at",
        RETRY.as_secs_f64()
    );
    let Some(due) = due.fetch_optional(&control.pool).await? else { return Ok(false) };
    let (workspace, project) = (due.workspace_id, due.project_id);
    let exists = sqlx::query_scalar!(
        r#"select exists (select 1 from projects where workspace_id = $1 and id = $2) as "exists!""#,
        workspace,
        project
    );
    let exists = exists.fetch_one(&control.pool).await?;
    let rows = sqlx::query!(
        "select key, sealed_value from vars where workspace_id = $1 and project_id = $2",
        workspace,
        project
    );
    let mut vars = BTreeMap::new();
    for row in rows.fetch_all(&control.pool).await? {
        let value = control.sealer.open(var_place(workspace, &var_row(project, &row.key)), &row.sealed_value)?;
        vars.insert(row.key, value);
    }
    let publication = Publication { workspace, project, version: due.version, vars: exists.then_some(vars) };
    if let Err(error) = control.runtime.publish(&publication).await {
        tracing::warn!(%project, %error, "variables could not be published");
        return Ok(true);
    }
    sqlx::query!(
        "update publications set published = case when retry_at = $4 then $3::bigint else 0 end,
                                 retry_at = case when retry_at = $4 then retry_at else now() end
         where workspace_id = $1 and project_id = $2",
        workspace,
        project,
        due.version,
        due.retry_at
    )
    .execute(&control.pool)
    .await?;
    if !exists {
        sqlx::query!(
            "delete from publications where workspace_id = $1 and project_id = $2 and version = published",
            workspace,
            project
        )
        .execute(&control.pool)
        .await?;
    }
    Ok(true)
}
