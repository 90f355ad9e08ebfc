//! What is there from the first start on: a workspace with a project, and on the local runtime this machine.

use contract::event::EventKind;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::error::Error;
use crate::store::events::{self, Change};

const WORKSPACE_SLUG: &str = "main";
const WORKSPACE_NAME: &str = "Main";
const PROJECT: &str = "default";

/// The code of the local region and of its plan.
const LOCAL: &str = "local";
const LOCAL_LABEL: &str = "This machine";
const RESOURCE_LABEL: &str = "local-1";

/// What this machine has to place services on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
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

/// Makes the region, the plan and the one resource of the local runtime; later its totals follow the machine.
///
/// # Errors
/// The store is away.
pub async fn seed_local(pool: &PgPool, machine: Machine) -> Result<Uuid, Error> {
    let ram = i64::try_from(machine.ram_mib).unwrap_or(i64::MAX);
    let disk = i64::try_from(machine.disk_mib).unwrap_or(i64::MAX);
    let cpu = i32::try_from(machine.cpu_millis).unwrap_or(i32::MAX);
    let mut transaction = pool.begin().await?;
    let workspace = workspace(&mut transaction).await?;
    sqlx::query!("insert into regions (code, label) values ($1, $2) on conflict do nothing", LOCAL, LOCAL_LABEL)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "insert into plans (code_name, label, ram_mib, disk_mib, cpu_millis) values ($1, $2, $3, $4, $5)
         on conflict (code_name) do update set ram_mib = $3, disk_mib = $4, cpu_millis = $5",
        LOCAL,
        LOCAL_LABEL,
        ram,
        disk,
        cpu
    )
    .execute(&mut *transaction)
    .await?;
    let id = resource(&mut transaction, workspace, ram, disk, cpu).await?;
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

/// The resource that is this machine, whatever it is called by now, with these totals.
async fn resource(
    connection: &mut PgConnection,
    workspace: Uuid,
    ram: i64,
    disk: i64,
    cpu: i32,
) -> Result<Uuid, Error> {
    let there = sqlx::query!(
        r#"select id, workspace_id, (ram_mib, disk_mib, cpu_millis) = ($2, $3, $4) as "same!" from resources
           where plan_code_name = $1 and region_code = $1 order by id limit 1 for no key update"#,
        LOCAL,
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
                RESOURCE_LABEL,
                LOCAL,
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
