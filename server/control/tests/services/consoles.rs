//! Several consoles on one database: paused, killed, cut off from it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contract::{NewService, State};
use control::reconcile::lease::LEASE;
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use crate::doomed::Doomed;
use crate::world::{World, name};

/// One way from nothing to nothing.
const ROUND: [Effect; 4] = [Effect::Made, Effect::Started, Effect::Configured, Effect::Removed];
/// How much longer than its lease a console is paused.
const PAST: Duration = Duration::from_secs(60);
/// After the lease of a console that died somebody else goes on within this time.
const SOON: Duration = Duration::from_secs(5);

/// Somebody else had it meanwhile, and has given it back.
const LEASE_LOST: &str = "update tasks set fence = fence + 1, lease_until = null, run_at = now() where service_id = $1";

fn small(world: &World) -> NewService {
    NewService { ram_size: 64.0.into(), disk_size: 0.5.into(), ..world.wanted() }
}

/// So many services come and go, several at once.
async fn come_and_go(world: &World, rounds: usize, clients: usize) {
    let client = async || {
        for _ in 0..rounds / clients {
            let service = world.healthy(small(world)).await;
            world.delete(service.uuid).await;
            world.gone(service.uuid).await;
            assert_eq!(world.runtime.effects(&name(&service)), ROUND);
        }
    };
    futures::future::join_all((0..clients).map(|_| client())).await;
}

#[sqlx::test]
async fn what_a_console_makes_that_goes_on_too_late_is_taken_away_again(pool: PgPool) {
    let world = World::idle(pool).await;
    // one that misses its lease before it goes on makes nothing, and proves nothing
    for _ in 0..10 {
        world.runtime.next(Method::Ensure, Fault::PauseBefore);
        let service = world.create(small(&world)).await;
        let late = Doomed::new(&world);
        world.runtime.paused(1).await;
        world.on.run(LEASE_LOST, service.uuid).await;
        world.delete(service.uuid).await;
        let other = world.work();
        world.gone(service.uuid).await;
        world.runtime.release();
        let taken_away = async {
            while world.runtime.effects(&name(&service)) != [Effect::Made, Effect::Removed] {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let proved = timeout(LEASE, taken_away).await.is_ok();
        assert_eq!(world.runtime.names(), []);
        world.end(other).await;
        late.die();
        if proved {
            return;
        }
    }
    panic!("no console ever went on");
}

#[sqlx::test]
async fn a_console_paused_far_beyond_its_lease_does_nothing_twice(pool: PgPool) {
    let world = World::idle(pool).await;
    world.listens().await;
    // it is in the middle of a step when it is stopped
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    let held = world.create(small(&world)).await;
    let paused = Doomed::new(&world);
    world.runtime.paused(1).await;
    let frozen = paused.freeze();
    world.runtime.release();
    let (other, since) = (world.work(), Instant::now());
    come_and_go(&world, 200, 8).await;
    while since.elapsed() < LEASE + PAST {
        come_and_go(&world, 1, 1).await;
    }
    world.settled(held.uuid, State::Healthy).await;
    drop(frozen);
    paused.waker.wake();
    come_and_go(&world, 16, 8).await;
    assert_eq!(world.runtime.effects(&name(&held)), ROUND[..3]);
    assert_eq!(world.runtime.names(), [name(&held)]);
    assert_eq!(world.rows("services").await, 1);
    world.end(other).await;
    paused.die();
}

#[sqlx::test]
async fn when_one_is_killed_the_other_goes_on_soon_after_the_lease(pool: PgPool) {
    let world = World::idle(pool).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    let service = world.create(small(&world)).await;
    let first = Doomed::new(&world);
    world.runtime.paused(1).await;
    world.work();
    first.die();
    let killed = Instant::now();
    world.settled(service.uuid, State::Healthy).await;
    assert!(killed.elapsed() < LEASE + SOON, "{:?}", killed.elapsed());
    assert_eq!(world.runtime.effects(&name(&service)), ROUND[..3]);
}

#[sqlx::test]
async fn connections_that_are_cut_at_any_moment_lose_nothing_that_was_acknowledged(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    let over = AtomicBool::new(false);
    let cut = async {
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
        for _ in 0..100 {
            let _: Result<i64, _> = sqlx::query_scalar(cut).fetch_one(&world.on.pool).await;
            sleep(Duration::from_millis(30)).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let create = async {
        let mut acknowledged = Vec::new();
        while !over.load(Ordering::Relaxed) && acknowledged.len() < 12 {
            let created = contract::Console::create_service(&world.on.control, &world.on.owner, small(&world), None);
            acknowledged.extend(created.await.ok());
        }
        acknowledged
    };
    let ((), acknowledged) = tokio::join!(cut, create);
    assert!(!acknowledged.is_empty());
    for service in &acknowledged {
        world.settled(service.uuid, State::Healthy).await;
        assert_eq!(world.runtime.effects(&name(service)), ROUND[..3]);
    }
    let whole = "select count(*) from services s join tasks t on t.service_id = s.id
                 join observations o on o.service_id = s.id join operations p on p.service_id = s.id";
    assert_eq!(world.on.count(whole).await, world.rows("services").await);
}
