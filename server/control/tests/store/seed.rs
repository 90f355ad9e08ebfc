use contract::page::PageRequest;
use control::identity::{Capacity, Site, seed_site, seed_workspace};
use sqlx::PgPool;
use uuid::Uuid;

use crate::setting::Setting;

const MACHINE: Capacity = Capacity { ram_mib: 4096, disk_mib: 102_400, cpu_millis: 2000 };

async fn names(pool: &PgPool, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn the_first_start_makes_one_workspace_with_one_project(pool: PgPool) {
    let (first, second) = tokio::join!(seed_workspace(&pool), seed_workspace(&pool));
    let first = first.unwrap();
    assert_eq!(first, second.unwrap());
    assert_eq!(names(&pool, "select slug || ' ' || name from workspaces").await, ["main Main"]);
    assert_eq!(names(&pool, "select name from projects").await, ["default"]);
    // what somebody deleted or renamed stays so
    sqlx::query("delete from projects").execute(&pool).await.unwrap();
    sqlx::query("update workspaces set slug = 'ours'").execute(&pool).await.unwrap();
    assert_eq!(seed_workspace(&pool).await.unwrap(), first);
    assert_eq!(names(&pool, "select name from projects").await, [""; 0]);
}

#[sqlx::test]
async fn the_local_resource_is_this_machine_and_follows_it(pool: PgPool) {
    let on = Setting::new(pool).await;
    let id = seed_site(&on.pool, Site::Machine, MACHINE).await.unwrap();
    let shown = on.control.get_resource(&on.owner, id).await.unwrap();
    assert_eq!(
        (shown.label.as_str(), shown.plan_code_name.as_str(), shown.region_code.as_str()),
        ("local-1", "local", "local")
    );
    assert_eq!((shown.total_ram_size, shown.total_disk_size, shown.total_cpu_size), (4096 << 20, 102_400 << 20, 2.0));
    on.run("update resources set label = 'mine' where id = $1", id).await;
    assert_eq!(seed_site(&on.pool, Site::Machine, MACHINE).await.unwrap(), id);
    let events = "select count(*) from events where kind = 'resource'";
    assert_eq!(on.count(events).await, 1);
    assert_eq!(seed_site(&on.pool, Site::Machine, Capacity { ram_mib: 8192, ..MACHINE }).await.unwrap(), id);
    let grown = on.control.get_resource(&on.owner, id).await.unwrap();
    assert_eq!((grown.label.as_str(), grown.total_ram_size), ("mine", 8192 << 20));
    assert_eq!(on.count(events).await, 2);
    assert_eq!(on.control.list_plans(&on.owner).await.unwrap()[0].ram_size, 8192 << 20);
    assert_eq!(on.control.list_regions(&on.owner).await.unwrap()[0].label, "This machine");
    assert_eq!(on.control.list_resources(&on.owner, PageRequest::default()).await.unwrap().items.len(), 1);
    assert_ne!(id, Uuid::nil());
    let cluster = seed_site(&on.pool, Site::Cluster, MACHINE).await.unwrap();
    assert_eq!(seed_site(&on.pool, Site::Cluster, MACHINE).await.unwrap(), cluster);
    assert_eq!(on.control.get_resource(&on.owner, cluster).await.unwrap().label, "cluster-1");
}
