use contract::State;
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use uuid::Uuid;

use crate::doomed::{Doomed, LEASE_ENDS};
use crate::world::{World, name};

/// Somebody else holds the lease, and does nothing.
const TAKEN_OVER: &str =
    "update tasks set fence = fence + 1, lease_until = now() + interval '1 hour' where service_id = $1";

async fn seen(world: &World, service: Uuid) -> (String, i64) {
    let rows = "select o.phase, (select count(*) from operation_steps where finished_at is not null)
                from observations o where service_id = $1";
    sqlx::query_as(rows).bind(service).fetch_one(&world.on.pool).await.unwrap()
}

#[sqlx::test]
async fn a_worker_that_dies_anywhere_is_followed_by_another(pool: PgPool) {
    let world = World::idle(pool).await;
    let points = (1..=5).map(|nth| (Method::Ensure, nth)).chain([(Method::SignIn, 1)]);
    for (method, nth) in points {
        for fault in [Fault::PauseBefore, Fault::PauseAfter] {
            let what = format!("{fault:?} {method:?} {nth}");
            world.runtime.on(method, world.runtime.count(method) + nth, fault);
            let service = world.create(world.with_variables()).await;
            let first = Doomed::new(&world);
            world.runtime.paused(1).await;
            first.die();
            world.runtime.paused(0).await;
            let held = world.task(service.uuid).await.unwrap();
            assert!(held.lease_until.unwrap() > time::OffsetDateTime::now_utc(), "{what}");
            world.on.run(LEASE_ENDS, service.uuid).await;
            let second = Doomed::new(&world);
            world.settled(service.uuid, State::Healthy).await;
            let effects = [Effect::Made, Effect::Started, Effect::Configured];
            assert_eq!(world.runtime.effects(&name(&service)), effects, "{what}");
            assert!(world.task(service.uuid).await.unwrap().fence > held.fence, "{what}");
            world.delete(service.uuid).await;
            second.waker.wake();
            world.gone(service.uuid).await;
            second.die();
        }
    }
}

#[sqlx::test]
async fn nobody_takes_what_another_holds(pool: PgPool) {
    let world = World::idle(pool).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    let held = world.create(contract::NewService { ram_size: 64.0.into(), ..world.wanted() }).await;
    let first = Doomed::new(&world);
    world.runtime.paused(1).await;
    world.work();
    // the second works, and leaves the held one alone
    world.healthy(contract::NewService { ram_size: 64.0.into(), ..world.wanted() }).await;
    assert_eq!(world.runtime.effects(&name(&held)), []);
    assert_eq!(world.task(held.uuid).await.unwrap().fence, 1);
    world.runtime.release();
    world.settled(held.uuid, State::Healthy).await;
    first.die();
}

#[sqlx::test]
async fn what_an_older_holder_saw_is_not_written(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    for fault in [Fault::PauseAfter, Fault::PauseBefore] {
        world.runtime.next(Method::Ensure, fault);
        let worker = world.work();
        world.runtime.paused(1).await;
        world.on.run(TAKEN_OVER, service.uuid).await;
        let before = seen(&world, service.uuid).await;
        world.runtime.release();
        world.end(worker).await;
        assert_eq!(seen(&world, service.uuid).await, before);
        world.on.run(LEASE_ENDS, service.uuid).await;
    }
}

#[sqlx::test]
async fn a_refusal_that_comes_late_does_not_fail_what_was_wished_since(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.on(Method::Ensure, 1, Fault::PauseRejected("too small".into()));
    let service = world.create(world.wanted()).await;
    world.runtime.paused(1).await;
    let larger = contract::ServiceChange { ram_size: 512.0.into(), ..Default::default() };
    world.update(service.uuid, larger).await;
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.on.count("select count(*) from operations where state = 'failed'").await, 0);
}

#[sqlx::test]
async fn a_wish_and_a_worker_do_not_block_one_another(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.on(Method::Ensure, 2, Fault::PauseAfter);
    let service = world.create(world.wanted()).await;
    world.runtime.paused(1).await;
    // as a use case does it: first the service, then its task
    let mut wish = world.on.pool.begin().await.unwrap();
    sqlx::query("select 1 from services where id = $1 for update")
        .bind(service.uuid)
        .execute(&mut *wish)
        .await
        .unwrap();
    sqlx::query("update services set state = 'pending' where id = $1")
        .bind(service.uuid)
        .execute(&mut *wish)
        .await
        .unwrap();
    world.runtime.release();
    let waits = "select count(*) from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()";
    world.wait("a worker in the queue", async || (world.on.count(waits).await > 0).then_some(())).await;
    let task = sqlx::query("update tasks set generation = generation + 1 where service_id = $1").bind(service.uuid);
    task.execute(&mut *wish).await.unwrap();
    wish.commit().await.unwrap();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.task(service.uuid).await.unwrap().fence, 1, "nobody was thrown out of a deadlock");
}

#[sqlx::test]
async fn a_lost_notification_is_made_good_by_the_timer(pool: PgPool) {
    let world = World::idle(pool).await;
    let small = || contract::NewService { ram_size: 64.0.into(), ..world.wanted() };
    let first = world.create(small()).await;
    // hears no notification at all
    let deaf = Doomed::new(&world);
    world.settled(first.uuid, State::Healthy).await;
    let second = world.create(small()).await;
    world.settled(second.uuid, State::Healthy).await;
    deaf.die();
}

#[sqlx::test]
async fn a_listener_that_is_cut_off_listens_again(pool: PgPool) {
    let world = World::new(pool).await;
    let small = || contract::NewService { ram_size: 64.0.into(), ..world.wanted() };
    let listens = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
    for _ in 0..2 {
        world.wait("a listener", async || (world.on.count(listens).await > 0).then_some(())).await;
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and query ilike 'listen%'";
        assert!(world.on.count(cut).await > 0);
        world.healthy(small()).await;
    }
}

#[sqlx::test]
async fn a_worker_that_is_told_to_stop_gives_its_lease_back(pool: PgPool) {
    let world = World::idle(pool).await;
    world.runtime.next(Method::Ensure, Fault::PauseAfter);
    let service = world.create(world.wanted()).await;
    let worker = world.work();
    world.runtime.paused(1).await;
    let end = world.end(worker);
    world.runtime.release();
    end.await;
    let task = world.task(service.uuid).await.unwrap();
    assert_eq!(task.lease_until, None);
    assert!(task.run_at <= time::OffsetDateTime::now_utc());
    assert_eq!(seen(&world, service.uuid).await.0, "preparing");
}
