//! What a placement asks for inside its transaction.

use std::time::Duration;

use sqlx::PgPool;

use super::*;

async fn workspace(pool: &PgPool) -> (Uuid, [Uuid; 2], [Uuid; 3]) {
    let ids = [(); 6].map(|()| Uuid::now_v7());
    let [workspace, one, two, open, closed, both] = ids;
    sqlx::query("insert into workspaces (id, slug, name) values ($1, $1::text, 'W')")
        .bind(workspace)
        .execute(pool)
        .await
        .unwrap();
    for statement in ["insert into regions values ('r', 'R')", "insert into plans values ('p', 'P', 1, 1, 1)"] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    for project in [one, two] {
        let insert = sqlx::query("insert into projects (id, workspace_id, name) values ($1, $2, $1::text)");
        insert.bind(project).bind(workspace).execute(pool).await.unwrap();
    }
    for resource in [open, closed, both] {
        sqlx::query(
            "insert into resources (id, workspace_id, label, plan_code_name, region_code, ram_mib, disk_mib, cpu_millis)
             values ($1, $2, 'x', 'p', 'r', 1024, 1024, 1000)",
        )
        .bind(resource)
        .bind(workspace)
        .execute(pool)
        .await
        .unwrap();
    }
    for (resource, project) in [(closed, two), (both, one), (both, two)] {
        let insert = sqlx::query("insert into resource_projects values ($1, $2, $3)");
        insert.bind(workspace).bind(resource).bind(project).execute(pool).await.unwrap();
    }
    (workspace, [one, two], [open, closed, both])
}

#[sqlx::test]
async fn a_project_uses_what_is_open_and_what_is_its_own(pool: PgPool) {
    let (workspace, [one, two], [open, closed, both]) = workspace(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let mut ids = async |project| {
        let found = usable(&mut connection, workspace, project).await.unwrap();
        found.into_iter().map(|r| r.uuid).collect::<Vec<_>>()
    };
    assert_eq!(ids(one).await, [both, open]);
    assert_eq!(ids(two).await, [both, closed, open]);
    assert_eq!(ids(Uuid::now_v7()).await, [open]);
}

#[sqlx::test]
async fn nothing_of_another_workspace_is_usable(pool: PgPool) {
    let (_, [one, _], [open, ..]) = workspace(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(usable(&mut connection, Uuid::now_v7(), one).await.unwrap(), []);
    assert_eq!(super::one(&mut connection, Uuid::now_v7(), open).await.unwrap(), None);
}

#[sqlx::test]
async fn h33_placements_on_one_resource_wait_for_each_other(pool: PgPool) {
    let (workspace, [project, _], [open, ..]) = workspace(&pool).await;
    let mut first = pool.begin().await.unwrap();
    lock(&mut first, open).await.unwrap();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut second = pool.begin().await.unwrap();
            lock(&mut second, open).await.unwrap();
            super::one(&mut second, workspace, open).await.unwrap().unwrap().available_ram_size
        }
    });
    // an insert must not be held up by the other's wait for the lock
    sqlx::query(
        "insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, ram_mib, disk_mib,
                               cpu_millis) values ($1, $2, $3, $4, 'n', 'l', 'postgres', 1000, 1, 1)",
    )
    .bind(Uuid::now_v7())
    .bind(workspace)
    .bind(project)
    .bind(open)
    .execute(&mut *first)
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    first.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), 24 << 20, "it sees what the first one placed");
}

#[sqlx::test]
async fn what_is_used_is_what_the_services_take_however_they_change(pool: PgPool) {
    let (workspace, [project, _], [open, closed, _]) = workspace(&pool).await;
    let insert = sqlx::query(
        "insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, ram_mib, disk_mib,
                               cpu_millis, instances)
         select gen_random_uuid(), $1, $2, case when n % 3 = 0 then $4 else $3 end, 'n' || n, 'l', 'postgres', n, 2 * n, 3 * n,
                1 + 2 * (n % 2)
         from generate_series(1, 20) n",
    );
    insert.bind(workspace).bind(project).bind(open).bind(closed).execute(&pool).await.unwrap();
    for change in [
        "select 1",
        "update services set ram_mib = ram_mib + 5, instances = 5 where name in ('n3', 'n4', 'n5')",
        "update services set disk_mib = 1, cpu_millis = 0, label = 'other'",
        "delete from services where name like 'n1%'",
        "delete from services where name <> 'n2'",
    ] {
        sqlx::query(change).execute(&pool).await.unwrap();
        let differ: i64 = sqlx::query_scalar(
            "select count(*) from resources r, lateral (
                 select coalesce(sum(ram_mib * instances), 0) as ram, coalesce(sum(disk_mib * instances), 0) as disk,
                        coalesce(sum(cpu_millis * instances), 0) as cpu from services where resource_id = r.id) s
             where (r.used_ram_mib, r.used_disk_mib, r.used_cpu_millis) is distinct from (s.ram, s.disk, s.cpu)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(differ, 0, "{change}");
    }
    let moved = sqlx::query("update services set resource_id = $1").bind(closed).execute(&pool).await;
    assert!(moved.unwrap_err().to_string().contains("can't move to another resource"));
}

#[sqlx::test]
async fn a_resource_that_is_gone_cannot_be_locked(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let answer = lock(&mut connection, Uuid::now_v7()).await;
    assert!(matches!(answer, Err(Error::Api(contract::ApiError::NotFound(Noun::Resource)))), "{answer:?}");
}
