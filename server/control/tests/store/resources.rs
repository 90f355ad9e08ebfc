use contract::page::PageRequest;
use contract::permission::Role;
use sqlx::PgPool;
use uuid::Uuid;

use crate::projects::named;
use crate::setting::{Setting, refusal};

const MIB: u64 = 1 << 20;

#[sqlx::test]
async fn what_services_hold_is_summed_over_their_instances(pool: PgPool) {
    let on = Setting::new(pool).await;
    let resource = on.resource(&on.owner, "r1").await;
    let empty = on.control.get_resource(&on.owner, resource).await.unwrap();
    assert_eq!(
        (empty.total_ram_size, empty.total_used_ram_size, empty.available_ram_size),
        (1024 * MIB, 0, 1024 * MIB)
    );
    let project = on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid;
    on.service(&on.owner, project, resource, 1).await;
    on.service(&on.owner, project, resource, 3).await;
    let full = on.control.get_resource(&on.owner, resource).await.unwrap();
    assert_eq!((full.total_used_ram_size, full.available_ram_size), (1024 * MIB, 0));
    assert_eq!((full.total_used_disk_size, full.available_disk_size), (4096 * MIB, 6144 * MIB));
    assert_eq!((full.total_cpu_size, full.total_used_cpu_size, full.available_cpu_size), (2.0, 1.0, 1.0));
}

#[sqlx::test]
async fn a_resource_that_shrank_has_nothing_left_and_no_less(pool: PgPool) {
    let on = Setting::new(pool).await;
    let resource = on.resource(&on.owner, "r1").await;
    let project = on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid;
    on.service(&on.owner, project, resource, 1).await;
    on.run("update resources set ram_mib = 1, disk_mib = 1, cpu_millis = 1 where id = $1", resource).await;
    let shown = on.control.get_resource(&on.owner, resource).await.unwrap();
    assert_eq!((shown.available_ram_size, shown.available_disk_size, shown.available_cpu_size), (0, 0, 0.0));
}

#[sqlx::test]
async fn resources_are_listed_newest_first_to_their_own_workspace(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (one, two) = (on.resource(&on.owner, "r1").await, on.resource(&on.owner, "r2").await);
    let listed = on.control.list_resources(&on.colleague(Role::Viewer).await, PageRequest::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(|r| r.uuid).collect::<Vec<_>>(), [two, one]);
    let page = PageRequest { limit: Some("1".into()), cursor: None };
    let first = on.control.list_resources(&on.owner, page).await.unwrap();
    let page = PageRequest { limit: Some("1".into()), cursor: first.next };
    let second = on.control.list_resources(&on.owner, page).await.unwrap();
    assert_eq!((first.items[0].uuid, second.items[0].uuid, second.next), (two, one, None));
    let stranger = on.stranger().await;
    assert_eq!(on.control.list_resources(&stranger, PageRequest::default()).await.unwrap().items, []);
    for id in [one, Uuid::now_v7()] {
        assert_eq!(refusal(on.control.get_resource(&stranger, id).await), (404, "Resource not found".into()));
    }
}

#[sqlx::test]
async fn h13_assignments_name_only_projects_that_the_caller_can_reach(pool: PgPool) {
    let on = Setting::new(pool).await;
    let resource = on.resource(&on.owner, "r1").await;
    let open = on.control.create_project(&on.owner, named("Open")).await.unwrap().uuid;
    let hidden = on.control.create_project(&on.owner, named("Hidden")).await.unwrap().uuid;
    on.restrict(hidden).await;
    let member = on.colleague(Role::Member).await;
    on.assign(&on.owner, resource, hidden).await;
    assert_eq!(on.control.get_resource(&on.owner, resource).await.unwrap().project_ids, [hidden]);
    // shown without its only project, it would look open to all
    assert_eq!(refusal(on.control.get_resource(&member, resource).await), (404, "Resource not found".into()));
    assert_eq!(on.control.list_resources(&member, PageRequest::default()).await.unwrap().items, []);
    on.assign(&on.owner, resource, open).await;
    assert_eq!(on.control.get_resource(&on.owner, resource).await.unwrap().project_ids, [open, hidden]);
    assert_eq!(on.control.get_resource(&member, resource).await.unwrap().project_ids, [open]);
}

#[sqlx::test]
async fn plans_and_regions_are_there_for_any_member(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.resource(&on.owner, "r1").await;
    let viewer = on.colleague(Role::Viewer).await;
    let plans = on.control.list_plans(&viewer).await.unwrap();
    assert_eq!((plans[0].code_name.as_str(), plans[0].ram_size, plans[0].cpu_size), ("p", 1024 * MIB, 2.0));
    assert_eq!(on.control.list_regions(&viewer).await.unwrap()[0].label, "R");
}
