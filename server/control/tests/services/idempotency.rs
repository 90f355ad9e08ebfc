use contract::permission::Role;
use contract::{Caller, Console, NewService};
use sqlx::PgPool;

use crate::world::{World, control, refusal};

async fn create(
    world: &World,
    who: &Caller,
    new: NewService,
    key: &str,
) -> Result<contract::Service, contract::ApiError> {
    world.on.control.create_service(who, new, Some(key.into())).await
}

#[sqlx::test]
async fn the_same_key_and_body_get_the_same_service(pool: PgPool) {
    let world = World::idle(pool).await;
    let owner = &world.on.owner;
    let first = create(&world, owner, world.wanted(), "k1").await.unwrap();
    // written differently, and the same once it is read
    let same = NewService { ram_size: "256".into(), label: " Orders ".into(), ..world.wanted() };
    let again = create(&world, owner, same, "k1").await.unwrap();
    assert_eq!((again.uuid, &again.connection_details), (first.uuid, &first.connection_details));
    assert_eq!(world.on.count("select count(*) from services").await, 1);
    let trail = [format!("service.create {}", first.name), format!("service.create_repeated {}", first.name)];
    assert_eq!(world.on.audited().await[1..], trail);
}

#[sqlx::test]
async fn the_same_key_with_another_body_is_refused(pool: PgPool) {
    let world = World::idle(pool).await;
    create(&world, &world.on.owner, world.wanted(), "k1").await.unwrap();
    let other = NewService { label: "Others".into(), ..world.wanted() };
    let (status, words) = refusal(create(&world, &world.on.owner, other, "k1").await);
    assert_eq!((status, &*words), (422, "Idempotency key was used for another request; take a new one"));
    for bad in ["", "ü", "\n", &"k".repeat(129)] {
        assert_eq!(refusal(create(&world, &world.on.owner, world.wanted(), bad).await).0, 422, "{bad:?}");
    }
    assert_eq!(world.on.count("select count(*) from services").await, 1);
}

#[sqlx::test]
async fn a_key_belongs_to_one_caller_and_lasts_a_day(pool: PgPool) {
    let world = World::idle(pool).await;
    let first = create(&world, &world.on.owner, world.wanted(), "k1").await.unwrap();
    let colleague = world.on.colleague(Role::Member).await;
    let theirs = create(&world, &colleague, world.wanted(), "k1").await.unwrap();
    assert_ne!(first.uuid, theirs.uuid);
    sqlx::query("update idempotency_keys set created_at = now() - interval '25 hours'")
        .execute(&world.on.pool)
        .await
        .unwrap();
    let later = create(&world, &world.on.owner, world.wanted(), "k1").await.unwrap();
    assert_ne!(first.uuid, later.uuid);
    assert_eq!(create(&world, &world.on.owner, world.wanted(), "k1").await.unwrap().uuid, later.uuid);
}

#[sqlx::test]
async fn a_refused_request_leaves_its_key_free(pool: PgPool) {
    let world = World::idle(pool).await;
    let large = NewService { ram_size: 4096.0.into(), ..world.wanted() };
    assert_eq!(refusal(create(&world, &world.on.owner, large, "k1").await).0, 422);
    create(&world, &world.on.owner, world.wanted(), "k1").await.unwrap();
}

#[sqlx::test]
async fn h34_of_fifty_at_once_one_makes_a_service_and_all_get_it_also_after_a_kill(pool: PgPool) {
    let world = World::idle(pool).await;
    // they are thrown away with the console that they asked, in the middle of it or behind it
    let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for _ in 0..50 {
        let (options, runtime) = (world.on.pool.connect_options(), world.runtime.clone());
        let (owner, new) = (world.on.owner.clone(), world.wanted());
        executor.spawn(async move {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with((*options).clone()).await;
            control(pool.unwrap(), &runtime).create_service(&owner, new, Some("k1".into())).await
        });
    }
    world.wait("the first", async || (world.on.count("select count(*) from services").await > 0).then_some(())).await;
    executor.shutdown_background();

    let many = (0..50).map(|_| create(&world, &world.on.owner, world.wanted(), "k1"));
    let answers = futures::future::join_all(many.collect::<Vec<_>>()).await;
    let mut seen: Vec<_> = answers.into_iter().map(|a| a.unwrap()).map(|s| (s.uuid, s.connection_details)).collect();
    seen.dedup();
    assert_eq!(seen.len(), 1);
    for (table, rows) in [("services", 1), ("tasks", 1), ("operations", 1), ("idempotency_keys", 1)] {
        assert_eq!(world.rows(table).await, rows, "{table}");
    }
    let other = NewService { label: "Others".into(), ..world.wanted() };
    assert_eq!(refusal(create(&world, &world.on.owner, other, "k1").await).0, 422);
}
