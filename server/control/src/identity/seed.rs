//! What is there from the first start on: a workspace with a project, and a resource of all that the runtime has.

use contract::event::EventKind;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::error::Error;
use crate::store::events::{self, Change};

const WORKSPACE_SLUG: &str = "main";
const WORKSPACE_NAME: &str = "Main";
const PROJECT: &str = "default";

/// Where the services of a runtime are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Machine,
    Cluster,
}

impl Site {
    /// The code of its region and of its plan.
    fn code(self) -> &'static str {
        match self {
            Self::Machine => "local",
            Self::Cluster => "cluster",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Machine => "This machine",
            Self::Cluster => "This cluster",
        }
    }

    fn resource(self) -> &'static str {
        match self {
            Self::Machine => "local-1",
            Self::Cluster => "cluster-1",
        }
    }
}

/// What a site has to place services on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub ram_mib: u64,
    pub disk_mib: u64,
    pub cpu_millis: u32,
}

/// Makes the workspace `main` with the project `default` where there is no workspace. Answers the oldest one.
///
/// # Errors
/// The store is away.
pub async fn seed_workspace(pool: &PgPool) -> Result<Uuid, Error> {
    let mut transaction = pool.begin().await?;
    let id = workspace(&mut transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Makes the region, the plan and the first resource of a site; later its totals follow what is there.
///
/// # Errors
/// The store is away.
pub async fn seed_site(pool: &PgPool, site: Site, capacity: Capacity) -> Result<Uuid, Error> {
    let ram = i64::try_from(capacity.ram_mib).unwrap_or(i64::MAX);
    let disk = i64::try_from(capacity.disk_mib).unwrap_or(i64::MAX);
    let cpu = i32::try_from(capacity.cpu_millis).unwrap_or(i32::MAX);
    let mut transaction = pool.begin().await?;
    let workspace = workspace(&mut transaction).await?;
    sqlx::query!("insert into regions (code, label) values ($1, $2) on conflict do nothing", site.code(), site.label())
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "insert into plans (code_name, label, ram_mib, disk_mib, cpu_millis) values ($1, $2, $3, $4, $5)
         on conflict (code_name) do update set ram_mib = $3, disk_mib = $4, cpu_millis = $5",
        site.code(),
        site.label(),
        ram,
        disk,
        cpu
    )
    .execute(&mut *transaction)
    .await?;
    let id = resource(&mut transaction, site, workspace, (ram, disk, cpu)).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The oldest workspace, made where there is none. One start at a time.
pub(super) async fn workspace(connection: &mut PgConnection) -> Result<Uuid, Error> {
    sqlx::query!("lock table workspaces in share row exclusive mode").execute(&mut *connection).await?;
    let oldest = sqlx::query_scalar!("select id from workspaces order by created_at, id limit 1")
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = oldest {
        return Ok(id);
    }
    let id = Uuid::now_v7();
    sqlx::query!("insert into workspaces (id, slug, name) values ($1, $2, $3)", id, WORKSPACE_SLUG, WORKSPACE_NAME)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("insert into projects (id, workspace_id, name) values ($1, $2, $3)", Uuid::now_v7(), id, PROJECT)
        .execute(connection)
        .await?;
    Ok(id)
}

/// The resource that is this site, whatever it is called by now, with these totals.
async fn resource(
    connection: &mut PgConnection,
    site: Site,
    workspace: Uuid,
    (ram, disk, cpu): (i64, i64, i32),
) -> Result<Uuid, Error> {
    let there = sqlx::query!(
        r#"select id, workspace_id, (ram_mib, disk_mib, cpu_millis) = ($2, $3, $4) as "same!" from resources
           where plan_code_name = $1 and region_code = $1 order by id limit 1 for no key update"#,
        site.code(),
        ram,
        disk,
        cpu
    )
    .fetch_optional(&mut *connection)
    .await?;
    let (id, workspace) = match there {
        Some(there) if there.same => return Ok(there.id),
        Some(there) => {
            sqlx::query!(
                "update resources set ram_mib = $2, disk_mib = $3, cpu_millis = $4 where id = $1",
                there.id,
                ram,
                disk,
                cpu
            )
            .execute(&mut *connection)
            .await?;
            (there.id, there.workspace_id)
        }
        None => {
            let id = Uuid::now_v7();
            sqlx::query!(
                "insert into resources
                 (id, workspace_id, label, plan_code_name, region_code, ram_mib, disk_mib, cpu_millis)
                 values ($1, $2, $3, $4, $4, $5, $6, $7)",
                id,
                workspace,
                site.resource(),
                site.code(),
                ram,
                disk,
                cpu
            )
            .execute(&mut *connection)
            .await?;
            (id, workspace)
        }
    };
    events::emit(connection, &[Change { workspace, kind: EventKind::Resource, id, project: None }]).await?;
    Ok(id)
}
