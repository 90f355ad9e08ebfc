//! Resources, plans and regions: what there is to place on, and what of it is used.

use std::collections::BTreeMap;

use contract::Caller;
use contract::error::Noun;
use contract::page::{Page, PageRequest};
use contract::permission::Permission;
use contract::resource::{Plan, Region, Resource};
use contract::values::MilliCores;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Control;
use crate::error::Error;
use crate::reach;
use crate::store::cursor::Window;

/// Most plans or regions that are answered, and most resources that a placement looks at: an installation has a few.
const MOST: i64 = 500;

impl Control {
    /// resources:view. Newest first. A resource that belongs to projects out of the caller's reach isn't there.
    ///
    /// # Errors
    /// 403, or 400 for a page that isn't one.
    pub async fn list_resources(&self, who: &Caller, page: PageRequest) -> Result<Page<Resource>, Error> {
        who.require(Permission::ResourcesView)?;
        let window = Window::of(&page)?;
        let mut connection = self.pool.acquire().await?;
        let filter = Filter { before: window.before, rows: window.rows, ..Filter::seen_by(who) };
        Ok(window.page(select(&mut connection, filter).await?, |r| r.uuid))
    }

    /// resources:view.
    ///
    /// # Errors
    /// 403, 404.
    pub async fn get_resource(&self, who: &Caller, resource: Uuid) -> Result<Resource, Error> {
        who.require(Permission::ResourcesView)?;
        let mut connection = self.pool.acquire().await?;
        seen(&mut connection, who, resource).await?.ok_or_else(|| Error::not_found(Noun::Resource))
    }

    /// Any member.
    ///
    /// # Errors
    /// None of the caller's making.
    pub async fn list_plans(&self, _who: &Caller) -> Result<Vec<Plan>, Error> {
        let plans = sqlx::query!(
            "select code_name, label, ram_mib, disk_mib, cpu_millis from plans order by code_name limit $1",
            MOST
        )
        .fetch_all(&self.pool)
        .await?;
        let plan = plans.into_iter().map(|p| Plan {
            code_name: p.code_name,
            label: p.label,
            ram_size: bytes(p.ram_mib),
            disk_size: bytes(p.disk_mib),
            cpu_size: cores(p.cpu_millis.into()),
        });
        Ok(plan.collect())
    }

    /// Any member.
    ///
    /// # Errors
    /// None of the caller's making.
    pub async fn list_regions(&self, _who: &Caller) -> Result<Vec<Region>, Error> {
        let regions = sqlx::query_as!(Region, "select code, label from regions order by code limit $1", MOST);
        Ok(regions.fetch_all(&self.pool).await?)
    }
}

/// The resources that a project may place on, newest first: those assigned to no project, and those assigned to it.
///
/// Reach is the caller's business; [`lock`] first where the free capacity decides something.
pub(crate) async fn usable(
    connection: &mut PgConnection,
    workspace: Uuid,
    project: Uuid,
) -> Result<Vec<Resource>, Error> {
    select(connection, Filter { project: Some(project), ..Filter::all(workspace) }).await
}

/// One resource of a workspace with what is used of it.
pub(crate) async fn one(connection: &mut PgConnection, workspace: Uuid, id: Uuid) -> Result<Option<Resource>, Error> {
    let found = select(connection, Filter { id: Some(id), ..Filter::all(workspace) }).await?;
    Ok(found.into_iter().next())
}

/// Holds a resource until the transaction ends, so that placements on it are decided one after the other.
///
/// That it is of the caller's workspace is settled before: by [`usable`], or by the service that stands on it.
///
/// # Errors
/// 404 `Resource not found`.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<(), Error> {
    sqlx::query_scalar!("select id from resources where id = $1 for no key update", id)
        .fetch_optional(connection)
        .await?
        .map(|_| ())
        .ok_or_else(|| Error::not_found(Noun::Resource))
}

/// A resource that the caller may know of.
pub(crate) async fn seen(connection: &mut PgConnection, who: &Caller, id: Uuid) -> Result<Option<Resource>, Error> {
    let found = select(connection, Filter { id: Some(id), ..Filter::seen_by(who) }).await?;
    Ok(found.into_iter().next())
}

#[derive(Clone, Copy)]
struct Filter {
    workspace: Uuid,
    sees_restricted: bool,
    id: Option<Uuid>,
    project: Option<Uuid>,
    before: Uuid,
    rows: i64,
}

impl Filter {
    fn all(workspace: Uuid) -> Self {
        Self { workspace, sees_restricted: true, id: None, project: None, before: Uuid::max(), rows: MOST }
    }

    fn seen_by(who: &Caller) -> Self {
        Self { sees_restricted: reach::sees_restricted(who), ..Self::all(who.workspace_id) }
    }
}

struct Row {
    id: Uuid,
    label: String,
    plan_code_name: String,
    region_code: String,
    labels: Json<BTreeMap<String, String>>,
    ram_mib: i64,
    disk_mib: i64,
    cpu_millis: i32,
    used_ram_mib: i64,
    used_disk_mib: i64,
    used_cpu_millis: i64,
    project_ids: Vec<Uuid>,
    created_at: OffsetDateTime,
}

async fn select(connection: &mut PgConnection, filter: Filter) -> Result<Vec<Resource>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.label, r.plan_code_name, r.region_code,
                  r.labels as "labels: Json<BTreeMap<String, String>>",
                  r.ram_mib, r.disk_mib, r.cpu_millis, r.created_at,
                  r.used_ram_mib, r.used_disk_mib, r.used_cpu_millis,
                  assigned.seen as "project_ids!"
           from resources r
           cross join lateral (
               select coalesce(array_agg(p.id order by p.id) filter (where not p.restricted or $2), '{}') as seen,
                      count(*) as many,
                      bool_or(p.id = $4) as named
               from resource_projects a
               join projects p on p.id = a.project_id and p.workspace_id = a.workspace_id
               where a.resource_id = r.id and a.workspace_id = r.workspace_id
           ) assigned
           where r.workspace_id = $1
             and ($3::uuid is null or r.id = $3)
             and (assigned.many = 0 or cardinality(assigned.seen) > 0)
             and ($4::uuid is null or assigned.many = 0 or assigned.named)
             and r.id < $5
           order by r.id desc limit $6"#,
        filter.workspace,
        filter.sees_restricted,
        filter.id,
        filter.project,
        filter.before,
        filter.rows
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Resource::from).collect())
}

impl From<Row> for Resource {
    fn from(row: Row) -> Self {
        let cpu = i64::from(row.cpu_millis);
        Self {
            uuid: row.id,
            label: row.label,
            plan_code_name: row.plan_code_name,
            region_code: row.region_code,
            labels: row.labels.0,
            total_ram_size: bytes(row.ram_mib),
            total_used_ram_size: bytes(row.used_ram_mib),
            available_ram_size: bytes(row.ram_mib.saturating_sub(row.used_ram_mib)),
            total_disk_size: bytes(row.disk_mib),
            total_used_disk_size: bytes(row.used_disk_mib),
            available_disk_size: bytes(row.disk_mib.saturating_sub(row.used_disk_mib)),
            total_cpu_size: cores(cpu),
            total_used_cpu_size: cores(row.used_cpu_millis),
            available_cpu_size: cores(cpu.saturating_sub(row.used_cpu_millis)),
            project_ids: row.project_ids,
            created_at: row.created_at,
        }
    }
}

/// MiB of the store as bytes; what is below nothing is nothing.
fn bytes(mib: i64) -> u64 {
    u64::try_from(mib).unwrap_or(0).saturating_mul(1 << 20)
}

fn cores(millis: i64) -> f64 {
    MilliCores::new(u32::try_from(millis.max(0)).unwrap_or(u32::MAX)).cores()
}

#[cfg(test)]
mod tests;
