use contract::{Console, State};
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use uuid::Uuid;

use crate::world::{World, name};

/// Exactly one of everything.
async fn once(world: &World, service: Uuid, what: &str) {
    let seen = world.settled(service, State::Healthy).await;
    assert_eq!(world.runtime.effects(&name(&seen)), [Effect::Made, Effect::Started, Effect::Configured], "{what}");
    assert_eq!(world.runtime.names().len(), 1, "{what}");
    assert_eq!(world.vars(world.project).await.len(), 2, "{what}");
    let operations = world.on.control.list_operations(&world.on.owner, &seen.name, Default::default()).await.unwrap();
    assert_eq!(operations.items.len(), 1, "{what}");
    assert_eq!(operations.items[0].steps.len(), 6, "{what}");
    let steps = "select count(*) from operation_steps where state = 'succeeded'";
    assert_eq!(world.on.count(steps).await, 6, "{what}");
    assert_eq!(seen.state_reason, None, "{what}");
    world.delete(service).await;
    world.gone(service).await;
}

#[sqlx::test]
async fn every_step_may_run_twice(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    for step in ["ensure", "sign_in", "variables", "watch", "ensure"] {
        let fence = world.task(service.uuid).await.unwrap().fence;
        let again = "update tasks set step = $2, run_at = now() where service_id = $1";
        sqlx::query(again).bind(service.uuid).bind(step).execute(&world.on.pool).await.unwrap();
        world.waker.wake();
        world
            .wait(step, async || world.task(service.uuid).await.filter(|t| t.fence > fence && t.step == "watch"))
            .await;
        let seen = world.settled(service.uuid, State::Healthy).await;
        assert_eq!(seen.operation, service.operation, "{step}");
    }
    once(&world, service.uuid, "all of it twice").await;
}

#[sqlx::test]
async fn every_step_may_fail_before_and_after_its_effect(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    for (method, calls) in [(Method::Ensure, 5), (Method::SignIn, 1)] {
        for nth in 1..=calls {
            for fault in [Fault::retry("not now"), Fault::lost_answer()] {
                let what = format!("{fault:?} {method:?} {nth}");
                world.runtime.on(method, world.runtime.count(method) + nth, fault);
                let service = world.create(world.with_variables()).await;
                once(&world, service.uuid, &what).await;
            }
        }
    }
}

#[sqlx::test]
async fn a_removal_may_run_twice(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    let service = world.healthy(world.with_variables()).await;
    world.runtime.next(Method::Delete, Fault::lost_answer());
    world.delete(service.uuid).await;
    world.gone(service.uuid).await;
    assert_eq!(world.runtime.count(Method::Delete), 2);
    assert_eq!(world.runtime.names(), []);
}

#[sqlx::test]
async fn an_attempt_waits_longer_after_each_failure_and_not_after_progress(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    world.runtime.always(Method::Ensure, Fault::retry("not now"));
    let service = world.create(world.wanted()).await;
    let failures = world.wait("failures", async || world.task(service.uuid).await.filter(|t| t.attempt >= 4)).await;
    assert_eq!(failures.last_error.as_deref(), Some("not now"));
    world.runtime.heal();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.task(service.uuid).await.unwrap().attempt, 0);
}
