//! Operations and their steps.

use std::collections::HashMap;

use contract::Caller;
use contract::error::Noun;
use contract::operation::{Operation, OperationKind, OperationState, OperationStep, OperationSummary};
use contract::page::{Page, PageRequest};
use contract::permission::Permission;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::entity;
use crate::error::Error;
use crate::store::cursor::Window;
use crate::{Control, reach};

impl Control {
    pub(crate) async fn list_operations(
        &self,
        who: &Caller,
        id: &str,
        page: PageRequest,
    ) -> Result<Page<Operation>, Error> {
        who.require(Permission::ServicesView)?;
        let window = Window::of(&page)?;
        let mut connection = self.pool.acquire().await?;
        let service = entity::reachable(&mut connection, who, id).await?.id;
        let ids = sqlx::query_scalar!(
            "select id from operations where workspace_id = $1 and service_id = $2 and id < $3
             order by id desc limit $4",
            who.workspace_id,
            service,
            window.before,
            window.rows
        )
        .fetch_all(&mut *connection)
        .await?;
        let operations = operations(&mut connection, who, &ids).await?;
        Ok(window.page(operations, |o| o.summary.uuid))
    }

    pub(crate) async fn get_operation(&self, who: &Caller, operation: Uuid) -> Result<Operation, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let found = operations(&mut connection, who, &[operation]).await?.pop();
        found.ok_or_else(|| Error::not_found(Noun::Operation))
    }

    pub(crate) async fn usual_time(&self, who: &Caller, kind: OperationKind) -> Result<Option<u64>, Error> {
        who.require(Permission::ServicesView)?;
        let usual = sqlx::query_scalar!(
            "select percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at) * 1000)::bigint
             from (select o.created_at, o.finished_at from operations o join services s on s.id = o.service_id
                   where o.workspace_id = $1 and o.kind = $2 and o.state = 'succeeded' and s.service_type = 'postgres'
                   order by o.finished_at desc limit 20) l",
            who.workspace_id,
            kind.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(usual.and_then(|ms| u64::try_from(ms).ok()))
    }
}

struct OperationRow {
    id: Uuid,
    service_id: Uuid,
    kind: String,
    state: String,
    error: Option<String>,
    created_at: OffsetDateTime,
    finished_at: Option<OffsetDateTime>,
    usual_ms: Option<i64>,
    idle_ms: Option<i64>,
}

/// Operations by id, newest first, of services that the caller can reach.
async fn operations(connection: &mut PgConnection, who: &Caller, ids: &[Uuid]) -> Result<Vec<Operation>, Error> {
    let rows = sqlx::query_as!(
        OperationRow,
        r#"select o.id, o.service_id, o.kind, o.state, o.error, o.created_at, o.finished_at,
                  (select percentile_cont(0.5) within group (order by extract(epoch from l.finished_at - l.created_at) * 1000)::bigint
                   from (select l.created_at, l.finished_at from operations l join services of on of.id = l.service_id
                         where l.workspace_id = o.workspace_id and l.kind = o.kind and l.state = 'succeeded' and l.id <> o.id
                           and of.service_type = s.service_type
                         order by l.finished_at desc limit 20) l) as usual_ms,
                  case when o.finished_at is null then
                    (select extract(epoch from now() - greatest(o.created_at, max(t.started_at), max(t.finished_at))) * 1000
                     from operation_steps t where t.operation_id = o.id)::bigint
                  end as idle_ms
           from operations o
           join services s on s.id = o.service_id and s.workspace_id = o.workspace_id
           join projects p on p.id = s.project_id
           where o.workspace_id = $1 and o.id = any($2) and (not p.restricted or $3)
           order by o.id desc"#,
        who.workspace_id,
        ids,
        reach::sees_restricted(who)
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut steps = steps(connection, who, ids).await?;
    rows.into_iter().map(|row| operation(row, &mut steps)).collect()
}

fn operation(row: OperationRow, steps: &mut HashMap<Uuid, Vec<OperationStep>>) -> Result<Operation, Error> {
    let steps = steps.remove(&row.id).unwrap_or_default();
    let done = steps.iter().filter(|s| s.state == OperationState::Succeeded).count();
    let step = steps.iter().find(|s| s.state == OperationState::Running).map(|s| s.title.clone());
    let summary = OperationSummary {
        uuid: row.id,
        kind: row.kind.parse().map_err(|_| Error::Unexpected("operations.kind"))?,
        state: row.state.parse().map_err(|_| Error::Unexpected("operations.state"))?,
        step,
        progress: entity::progress(done as i64, steps.len() as i64),
        error: row.error,
    };
    Ok(Operation {
        summary,
        service_id: row.service_id,
        created_at: row.created_at,
        finished_at: row.finished_at,
        took_ms: row.finished_at.map(|end| millis(row.created_at, end)),
        usual_ms: row.usual_ms.and_then(|ms| u64::try_from(ms).ok()),
        idle_ms: row.idle_ms.and_then(|ms| u64::try_from(ms).ok()),
        steps,
    })
}

async fn steps(
    connection: &mut PgConnection,
    who: &Caller,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<OperationStep>>, Error> {
    let rows = sqlx::query!(
        "select operation_id, key, title, state, detail, started_at, finished_at from operation_steps
         where workspace_id = $1 and operation_id = any($2) order by operation_id, position",
        who.workspace_id,
        ids
    )
    .fetch_all(connection)
    .await?;
    let mut steps: HashMap<Uuid, Vec<OperationStep>> = HashMap::new();
    for row in rows {
        steps.entry(row.operation_id).or_default().push(OperationStep {
            key: row.key,
            title: row.title,
            state: row.state.parse().map_err(|_| Error::Unexpected("operation_steps.state"))?,
            detail: row.detail,
            took_ms: row.started_at.zip(row.finished_at).map(|(start, end)| millis(start, end)),
        });
    }
    Ok(steps)
}

fn millis(start: OffsetDateTime, end: OffsetDateTime) -> u64 {
    u64::try_from((end - start).whole_milliseconds()).unwrap_or_default()
}
