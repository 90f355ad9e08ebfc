use contract::operation::OperationState;
use contract::{Console, ServiceChange, State};
use control::port::PortError;
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use tokio::time::{Duration, timeout};

use crate::world::{World, name};

#[sqlx::test]
async fn a_refusal_is_failed_with_its_reason_until_somebody_retries(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.on(Method::Ensure, 2, Fault::rejected("no room for it"));
    let service = world.create(world.wanted()).await;
    let failed = world.settled(service.uuid, State::Failed).await;
    assert_eq!(failed.state_reason.as_deref(), Some("no room for it"));
    let operation = world.operation(&failed).await;
    assert_eq!(
        (operation.summary.state, operation.summary.error.as_deref()),
        (OperationState::Failed, Some("no room for it"))
    );
    let step = operation.steps.iter().find(|s| s.state == OperationState::Failed).unwrap();
    assert_eq!((&*step.key, step.detail.as_deref()), ("prepare", Some("no room for it")));
    let task = world.task(service.uuid).await.unwrap();
    assert!(task.run_at > time::OffsetDateTime::now_utc() + time::Duration::HOUR, "nothing is tried");
    world.on.control.retry_service(&world.on.owner, &service.name).await.unwrap();
    let healthy = world.settled(service.uuid, State::Healthy).await;
    assert_eq!((healthy.state_reason, healthy.operation.unwrap().state), (None, OperationState::Succeeded));
    assert_eq!(world.runtime.effects(&name(&service)), [Effect::Made, Effect::Started, Effect::Configured]);
}

#[sqlx::test]
async fn a_change_tries_again_what_was_refused(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.next(Method::Ensure, Fault::rejected("too small"));
    let service = world.create(world.wanted()).await;
    world.settled(service.uuid, State::Failed).await;
    world.update(service.uuid, ServiceChange { ram_size: 512.0.into(), ..Default::default() }).await;
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn what_fails_for_now_is_tried_until_it_works(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.always(Method::Ensure, Fault::retry("port 15432 is taken"));
    let service = world.create(world.wanted()).await;
    let said = world.wait("the reason", async || world.get(service.uuid).await.state_reason).await;
    assert_eq!(said, "port 15432 is taken");
    let seen = world.get(service.uuid).await;
    assert_eq!(seen.state, State::Processing);
    let step = world.operation(&seen).await.steps.into_iter().find(|s| s.state == OperationState::Running).unwrap();
    assert_eq!(step.detail.as_deref(), Some("port 15432 is taken"));
    world.runtime.heal();
    assert_eq!(world.settled(service.uuid, State::Healthy).await.state_reason, None);
}

#[sqlx::test]
async fn a_service_whose_sign_in_is_refused_is_not_healthy(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    let why = "password authentication failed for user \"x\"";
    world.runtime.always(Method::SignIn, Fault::retry(why));
    let service = world.create(world.with_variables()).await;
    world
        .wait("attempts", async || {
            let seen = world.get(service.uuid).await;
            assert_ne!(seen.state, State::Healthy);
            (world.runtime.count(Method::SignIn) > 3).then_some(())
        })
        .await;
    assert_eq!(world.get(service.uuid).await.state_reason.as_deref(), Some(why));
    assert_eq!(world.vars(world.project).await, [], "an address that doesn't work is written nowhere");
    world.runtime.heal();
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn a_healthy_service_that_lets_nobody_in_any_more_is_failing(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.always(Method::SignIn, Fault::retry("too many connections"));
    world.runtime.hint(&name(&service));
    world.until(service.uuid, State::Failing).await;
    world.runtime.heal();
    world.impatient();
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn a_server_that_dies_is_failing_and_comes_back(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    world.runtime.die(&name(&service));
    let failing = world.until(service.uuid, State::Failing).await;
    assert_eq!(failing.state_reason.as_deref(), Some("It stopped without being asked to, and is being started again"));
    world.runtime.paused(1).await;
    world.runtime.release();
    let healthy = world.settled(service.uuid, State::Healthy).await;
    assert_eq!(healthy.state_reason, None);
    let effects = [Effect::Made, Effect::Started, Effect::Configured, Effect::Started];
    assert_eq!(world.runtime.effects(&name(&service)), effects);
}

#[sqlx::test]
async fn a_server_that_dies_behind_the_back_of_a_look_is_looked_at_again_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.next(Method::SignIn, Fault::PauseAfter);
    world.runtime.hint(&name(&service));
    world.runtime.paused(1).await;
    world.runtime.die(&name(&service));
    let heard = "select count(*) from tasks where hinted and lease_until is not null";
    // the hint that began the look was taken with it
    world.wait("a hint", async || (world.on.count(heard).await == 1).then_some(())).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    world.runtime.release();
    let looked = Duration::from_secs(15);
    timeout(looked, world.until(service.uuid, State::Failing)).await.expect("a look before its time");
    world.runtime.paused(1).await;
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn what_somebody_took_away_is_made_again_while_it_serves(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let before = world.runtime.count(Method::Ensure);
    world.runtime.misses(&name(&service), "its key is gone");
    world.wait("its mending", async || (world.runtime.count(Method::Ensure) > before).then_some(())).await;
    let looks = world.runtime.count(Method::Observe);
    world.runtime.hint(&name(&service));
    world.wait("a look", async || (world.runtime.count(Method::Observe) > looks).then_some(())).await;
    world.rests(service.uuid).await;
    assert_eq!(world.runtime.count(Method::Ensure), before + 1, "once");
    assert_eq!(world.get(service.uuid).await.state, State::Healthy);
}

#[sqlx::test]
async fn what_was_begun_goes_on_soon_after_the_runtime_is_back(pool: PgPool) {
    let world = World::new(pool).await;
    let away = "the cluster can't be reached";
    world.runtime.always(Method::Ensure, Fault::Before(PortError::Away(away.into())));
    let service = world.create(world.wanted()).await;
    world.wait("attempts", async || (world.runtime.count(Method::Ensure) > 3).then_some(())).await;
    assert_eq!(world.get(service.uuid).await.state_reason.as_deref(), Some(away));
    // whatever else is repeated would wait for half a minute by now
    world.on.run("update tasks set attempt = 10 where service_id = $1", service.uuid).await;
    let tried = async || world.task(service.uuid).await.filter(|task| task.attempt > 10 && task.lease_until.is_none());
    let wait = world.wait("another attempt", tried).await.run_at - time::OffsetDateTime::now_utc();
    assert!(wait <= Duration::from_secs(3), "{wait}");
    world.runtime.heal();
    world.settled(service.uuid, State::Healthy).await;
}

/// Refuses every transaction that ends with a lie.
const HONEST: &str = "
    create function honest() returns trigger language plpgsql as $$ begin
        if exists (select from services s join observations b on b.service_id = s.id
                   where s.id = new.service_id and s.state = 'healthy' and not b.signed_in) then
            raise exception 'healthy, and nobody is let in';
        end if;
        return null;
    end $$;
    create constraint trigger honest after update on observations deferrable initially deferred
        for each row execute function honest()";

#[sqlx::test]
async fn no_moment_shows_a_service_healthy_that_lets_nobody_in(pool: PgPool) {
    sqlx::raw_sql(HONEST).execute(&pool).await.unwrap();
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    world.runtime.die(&name(&service));
    let failing = world.until(service.uuid, State::Failing).await;
    assert_eq!(failing.state_reason.as_deref(), Some("It stopped without being asked to, and is being started again"));
    world.runtime.paused(1).await;
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
    world.runtime.always(Method::SignIn, Fault::retry("too many connections"));
    world.runtime.hint(&name(&service));
    world.until(service.uuid, State::Failing).await;
    world.runtime.heal();
    world.impatient();
    world.settled(service.uuid, State::Healthy).await;
    for wish in ["restart", "stop"] {
        world.ask(service.uuid, wish).await.unwrap();
    }
    world.settled(service.uuid, State::Stopped).await;
}

#[sqlx::test]
async fn a_server_that_dies_again_and_again_is_given_a_pause(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let name = name(&service);
    for _ in 0..2 {
        let starts = world.runtime.effects(&name).len();
        world.runtime.die(&name);
        world.wait("a start", async || (world.runtime.effects(&name).len() > starts).then_some(())).await;
        world.settled(service.uuid, State::Healthy).await;
    }
    world.runtime.die(&name);
    world.until(service.uuid, State::Crashloopbackoff).await;
    world.rests(service.uuid).await;
    let task = world.task(service.uuid).await.unwrap();
    assert!(task.run_at > time::OffsetDateTime::now_utc() + time::Duration::seconds(5), "{task:?}");
    assert_eq!(world.get(service.uuid).await.state, State::Crashloopbackoff);
    // whoever has mended the cause doesn't wait
    world.on.control.retry_service(&world.on.owner, &service.name).await.unwrap();
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn past_its_deadline_work_shows_as_failing_and_goes_on(pool: PgPool) {
    let world = World::new(pool).await;
    world.impatient();
    world.runtime.always(Method::Ensure, Fault::retry("Downloading PostgreSQL 17"));
    let service = world.create(world.wanted()).await;
    world.until(service.uuid, State::Processing).await;
    world.on.run("update tasks set deadline_at = now() where service_id = $1", service.uuid).await;
    let failing = world.until(service.uuid, State::Failing).await;
    assert_eq!(failing.state_reason.as_deref(), Some("Downloading PostgreSQL 17"));
    world.runtime.heal();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.task(service.uuid).await.unwrap().deadline_at, None);
}

#[sqlx::test]
async fn a_call_that_never_ends_shows_as_failing_too(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    let service = world.create(world.wanted()).await;
    world.runtime.paused(1).await;
    world.on.run("update tasks set deadline_at = now() where service_id = $1", service.uuid).await;
    world.until(service.uuid, State::Failing).await;
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn lost_storage_is_lost_and_nothing_is_made_anew(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    world.runtime.lose(&name(&service));
    let lost = world.until(service.uuid, State::Lost).await;
    assert_eq!(lost.state_reason.as_deref(), Some("Its storage is gone"));
    world.rests(service.uuid).await;
    for _ in 0..2 {
        let fence = world.task(service.uuid).await.unwrap().fence;
        world.hurry(service.uuid).await;
        world.wait("a look", async || world.task(service.uuid).await.filter(|t| t.fence > fence)).await;
        world.rests(service.uuid).await;
    }
    world.on.control.retry_service(&world.on.owner, &service.name).await.unwrap();
    let still = world.settled(service.uuid, State::Lost).await;
    assert_eq!(still.operation.unwrap().error.as_deref(), Some("Its storage is gone"));
    assert_eq!(world.runtime.names(), []);
    assert_eq!(world.runtime.effects(&name(&service)).len(), 3);
}

#[sqlx::test]
async fn while_the_runtime_is_away_the_last_known_state_stays_with_its_age(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.leave();
    world.hurry(service.uuid).await;
    let said = world.wait("the reason", async || world.get(service.uuid).await.state_reason).await;
    assert_eq!(said, "the runtime is away");
    let seen = world.get(service.uuid).await;
    assert_eq!((seen.state, seen.observed_at), (State::Healthy, service.observed_at));
    world.runtime.heal();
    world.impatient();
    world.wait("silence", async || world.get(service.uuid).await.state_reason.is_none().then_some(())).await;
    assert!(world.get(service.uuid).await.observed_at > service.observed_at);
    assert_eq!(world.runtime.effects(&name(&service)).len(), 3);
}
