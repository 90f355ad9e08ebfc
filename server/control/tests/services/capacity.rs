use contract::capacity::{self, Free, Need};
use contract::permission::Role;
use contract::values::Mib;
use contract::{Console, NewService, ServiceChange};
use sqlx::PgPool;
use uuid::Uuid;

use crate::world::{World, refusal};

async fn create(world: &World, new: NewService) -> Result<contract::Service, contract::ApiError> {
    world.on.control.create_service(&world.on.owner, new, None).await
}

#[sqlx::test]
async fn h33_of_a_hundred_creates_for_the_last_capacity_one_wins(pool: PgPool) {
    let world = World::idle(pool).await;
    let large = NewService { ram_size: 1024.0.into(), ..world.wanted() };
    let many = (0..100).map(|_| create(&world, large.clone()));
    let answers = futures::future::join_all(many.collect::<Vec<_>>()).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 99));
    // the words of the form's preview
    let left = Free::of(&world.on.control.get_resource(&world.on.owner, world.resource).await.unwrap());
    let need = Need { ram: Mib::new(1024), disk: Mib::new(1024), instances: 1 };
    let words: Vec<_> = capacity::problems(need, &left).into_iter().map(|problem| problem.words).collect();
    assert!(words[0].contains("0 MiB are free on r1"), "{words:?}");
    let words = words.join(", ");
    assert!(refused.into_iter().all(|answer| refusal(answer) == (422, words.clone())));
    assert_eq!(world.on.count("select count(*) from services").await, 1);
    assert_eq!(world.on.count("select count(*) from audit where action = 'service.create'").await, 1);
}

#[sqlx::test]
async fn the_largest_that_fits_is_named_and_fits(pool: PgPool) {
    let world = World::idle(pool).await;
    create(&world, NewService { ram_size: 600.0.into(), disk_size: 8.0.into(), ..world.wanted() }).await.unwrap();
    let large = NewService { ram_size: 425.0.into(), disk_size: 2.5.into(), ..world.wanted() };
    let words = "Ram size doesn't fit: 424 MiB are free on r1; the largest that fits is 424, \
                 Disk size doesn't fit: 2 GiB are free on r1; the largest that fits is 2";
    assert_eq!(refusal(create(&world, large).await), (422, words.into()));
    create(&world, NewService { ram_size: 424.0.into(), disk_size: 2.0.into(), ..world.wanted() }).await.unwrap();
}

#[sqlx::test]
async fn an_update_counts_what_the_service_holds_as_free(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = create(&world, NewService { ram_size: 600.0.into(), ..world.wanted() }).await.unwrap();
    world.update(service.uuid, ServiceChange { ram_size: 1024.0.into(), ..Default::default() }).await;
    let more = ServiceChange { ram_size: 1025.0.into(), disk_size: 11.0.into(), ..Default::default() };
    let refused = world.on.control.update_service(&world.on.owner, &service.name, more).await;
    let words = "Ram size doesn't fit: 1024 MiB are free on r1; the largest that fits is 1024, \
                 Disk size doesn't fit: 10 GiB are free on r1; the largest that fits is 10";
    assert_eq!(refusal(refused), (422, words.into()));
}

#[sqlx::test]
async fn h33_an_update_counts_what_the_service_holds_by_then(pool: PgPool) {
    let world = World::idle(pool.clone()).await;
    let service = create(&world, NewService { ram_size: 600.0.into(), ..world.wanted() }).await.unwrap();
    // another console shrinks it and gives the room away, and has not committed yet
    let mut other = pool.begin().await.unwrap();
    let shrink = sqlx::query("update services set ram_mib = 64 where id = $1").bind(service.uuid);
    shrink.execute(&mut *other).await.unwrap();
    let same = ServiceChange { ram_size: 600.0.into(), ..Default::default() };
    let waiting = tokio::spawn({
        let (control, owner) = (world.on.control.clone(), world.on.owner.clone());
        async move { control.update_service(&owner, &service.name, same).await }
    });
    let waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    world.wait("a wait for the lock", async || (world.on.count(waits).await > 0).then_some(())).await;
    let taken = sqlx::query("update resources set ram_mib = 500 where id = $1").bind(world.resource);
    taken.execute(&mut *other).await.unwrap();
    other.commit().await.unwrap();
    let words = "Ram size doesn't fit: 500 MiB are free on r1; the largest that fits is 500";
    assert_eq!(refusal(waiting.await.unwrap()), (422, words.into()));
}

#[sqlx::test]
async fn cpu_never_refuses_a_placement(pool: PgPool) {
    let world = World::idle(pool).await;
    for _ in 0..3 {
        create(&world, NewService { cpu_size: 2.0.into(), ..world.wanted() }).await.unwrap();
    }
}

#[sqlx::test]
async fn without_a_resource_the_only_usable_one_is_taken(pool: PgPool) {
    let world = World::idle(pool).await;
    assert_eq!(create(&world, world.wanted()).await.unwrap().resource_id, world.resource);
    let second = world.on.resource(&world.on.owner, "r2").await;
    let words = "Resource id has to be chosen: r2 and r1 are open to this project";
    assert_eq!(refusal(create(&world, world.wanted()).await), (422, words.into()));
    let chosen = NewService { resource_id: second.to_string().into(), ..world.wanted() };
    assert_eq!(create(&world, chosen).await.unwrap().resource_id, second);
    let other = world.project("Other").await;
    world.on.assign(&world.on.owner, second, other).await;
    assert_eq!(create(&world, world.wanted()).await.unwrap().resource_id, world.resource);
    world.on.assign(&world.on.owner, world.resource, other).await;
    let words = "Resource id can't be chosen: no resource is open to this project";
    assert_eq!(refusal(create(&world, world.wanted()).await), (422, words.into()));
}

#[sqlx::test]
async fn a_resource_that_is_closed_or_foreign_is_refused(pool: PgPool) {
    let world = World::idle(pool).await;
    let other = world.project("Other").await;
    let closed = world.on.resource(&world.on.owner, "closed").await;
    world.on.assign(&world.on.owner, closed, other).await;
    let stranger = world.on.stranger().await;
    let foreign = world.on.resource(&stranger, "foreign").await;
    let on = |id: Uuid| NewService { resource_id: id.to_string().into(), ..world.wanted() };
    assert_eq!(refusal(create(&world, on(closed)).await), (422, "Resource id is closed to this project".into()));
    for id in [foreign, Uuid::now_v7()] {
        assert_eq!(refusal(create(&world, on(id)).await), (404, "Resource not found".into()));
    }
    // whose only project is out of reach, is out of reach
    world.on.restrict(other).await;
    let member = world.on.colleague(Role::Member).await;
    let refused = world.on.control.create_service(&member, on(closed), None).await;
    assert_eq!(refusal(refused), (404, "Resource not found".into()));
}

#[sqlx::test]
async fn a_project_that_is_foreign_or_not_there_is_not_found(pool: PgPool) {
    let world = World::idle(pool).await;
    let stranger = world.on.stranger().await;
    let fields = contract::project::ProjectFields { name: "Theirs".into(), ..Default::default() };
    let theirs = world.on.control.create_project(&stranger, fields).await.unwrap().uuid;
    for id in [theirs, Uuid::now_v7()] {
        let new = NewService { project_id: id.to_string().into(), ..world.wanted() };
        assert_eq!(refusal(create(&world, new).await), (404, "Project not found".into()));
    }
    assert_eq!(world.on.count("select count(*) from services").await, 0);
}

#[sqlx::test]
async fn services_get_ports_of_their_own(pool: PgPool) {
    let world = World::idle(pool).await;
    let small = || NewService { ram_size: 64.0.into(), disk_size: 0.5.into(), ..world.wanted() };
    let many = (0..8).map(|_| create(&world, small()));
    let answers = futures::future::join_all(many.collect::<Vec<_>>()).await;
    let port = |s: &contract::Service| s.connection_details.as_ref().unwrap().internal.port;
    let mut ports: Vec<_> = answers.iter().map(|a| port(a.as_ref().unwrap())).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
}
