use contract::console::Secrets;
use contract::{NewService, State};
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;

use crate::world::{World, name, refusal, seen};

/// Rows of every table that is about services, and what the runtime has.
async fn left(world: &World) -> (i64, usize) {
    let rows = "select (select count(*) from services) + (select count(*) from observations)
                + (select count(*) from tasks) + (select count(*) from signals) + (select count(*) from operations)
                + (select count(*) from operation_steps) + (select count(*) from vars)";
    (world.on.count(rows).await, world.runtime.names().len())
}

#[sqlx::test]
async fn h36_a_delete_at_every_point_of_a_create_leaves_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let points = (1..=5).map(|nth| (Method::Ensure, nth)).chain([(Method::SignIn, 1)]);
    for (method, nth) in points {
        for fault in [Fault::PauseBefore, Fault::PauseAfter] {
            world.runtime.on(method, world.runtime.count(method) + nth, fault.clone());
            let service = world.create(world.with_variables()).await;
            world.runtime.paused(1).await;
            world.delete(service.uuid).await;
            let deleting = world.get(service.uuid).await;
            assert_eq!(deleting.state, State::Deleting, "{method:?} {nth}");
            world.delete(service.uuid).await;
            world.runtime.release();
            world.gone(service.uuid).await;
            assert_eq!(left(&world).await, (0, 0), "{fault:?} {method:?} {nth}");
            let not_there = seen(&world, &world.on.owner, service.uuid, Secrets::Hidden).await;
            assert_eq!(refusal(not_there), (404, "Service not found".into()));
        }
    }
    let resource = world.on.control.get_resource(&world.on.owner, world.resource).await.unwrap();
    assert_eq!(resource.total_used_ram_size, 0);
}

#[sqlx::test]
async fn a_delete_before_anybody_began_leaves_nothing(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.with_variables()).await;
    world.delete(service.uuid).await;
    world.work();
    world.gone(service.uuid).await;
    assert_eq!(left(&world).await, (0, 0));
    assert_eq!(world.runtime.effects(&name(&service)), []);
}

#[sqlx::test]
async fn a_delete_goes_on_until_all_is_gone(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.remove_slowly();
    let service = world.healthy(world.with_variables()).await;
    for (nth, fault) in [(1, Fault::retry("busy")), (2, Fault::rejected("never")), (3, Fault::lost_answer())] {
        world.runtime.on(Method::Delete, nth, fault);
    }
    world.delete(service.uuid).await;
    world.impatient();
    world.wait("a refusal", async || (world.runtime.count(Method::Delete) >= 2).then_some(())).await;
    world.gone(service.uuid).await;
    assert_eq!(left(&world).await, (0, 0));
    assert_eq!(world.runtime.effects(&name(&service)).last(), Some(&Effect::Removed));
}

#[sqlx::test]
async fn a_service_in_any_trouble_can_be_deleted(pool: PgPool) {
    let world = World::new(pool).await;
    let small = || NewService { ram_size: 64.0.into(), ..world.wanted() };
    world.runtime.next(Method::Ensure, Fault::rejected("no room for it"));
    let failed = world.create(small()).await;
    world.until(failed.uuid, State::Failed).await;
    let lost = world.healthy(small()).await;
    world.runtime.lose(&name(&lost));
    world.until(lost.uuid, State::Lost).await;
    let stopped = world.healthy(small()).await;
    world.ask(stopped.uuid, "stop").await.unwrap();
    world.settled(stopped.uuid, State::Stopped).await;
    for service in [failed, lost, stopped] {
        world.delete(service.uuid).await;
        world.gone(service.uuid).await;
    }
    assert_eq!(left(&world).await, (0, 0));
}
