//! What a server logs, and what is measured of it.

use contract::log::LogFilter;
use contract::metrics::Span;
use contract::permission::Role;
use contract::{Console, Service, ServiceChange};
use control::samples;
use control::testing::{Fault, Method};
use sqlx::PgPool;

use crate::world::{World, name, refusal};

#[sqlx::test]
async fn a_log_is_searched_and_never_holds_the_password(pool: PgPool) {
    let world = World::new(pool).await;
    let made = world.create(world.wanted()).await;
    let password = made.connection_details.clone().unwrap().internal.password.unwrap();
    world.settled(made.uuid, contract::State::Healthy).await;
    world.runtime.says(&name(&made), &format!("ERROR:  what is {}?", password.expose()));
    let support = world.on.colleague(Role::Support).await;
    let id = made.uuid.to_string();
    let log =
        async |q: &str, lines| world.on.control.service_log(&support, &id, LogFilter { q: q.into(), lines }).await;
    let all = log("", 10).await.unwrap();
    assert_eq!(all.lines, ["LOG:  made", "ERROR:  what is ••••••••?"]);
    assert_eq!(log("error", 10).await.unwrap().lines.len(), 1);
    assert!(log("", 1).await.unwrap().more);
    // or one would find a secret letter by letter
    assert!(log(&password.expose()[..4], 10).await.unwrap().lines.is_empty());
    let viewer = world.on.colleague(Role::Viewer).await;
    assert_eq!(refusal(world.on.control.service_log(&viewer, &id, LogFilter::newest(5)).await).0, 403);
    assert_eq!(refusal(log(&"x".repeat(LogFilter::Q_MAX + 1), 10).await).0, 422);
    for lines in [0, LogFilter::MOST + 1] {
        assert_eq!(refusal(log("", lines).await).0, 400);
    }
    let stranger = world.on.stranger().await;
    assert_eq!(refusal(world.on.control.service_log(&stranger, &id, LogFilter::newest(5)).await).0, 404);
    world.runtime.next(Method::Log, Fault::retry("away"));
    assert_eq!(refusal(log("", 10).await), (503, "The log can't be read: away".into()));
}

/// Moves what was measured last into the past.
async fn a_while_later(world: &World, service: &Service, seconds: i32) {
    sqlx::query("update samples set at = at - make_interval(secs => $2), slot = slot - make_interval(secs => $2) where service_id = $1")
        .bind(service.uuid)
        .bind(f64::from(seconds))
        .execute(&world.on.pool)
        .await
        .unwrap();
}

#[sqlx::test]
async fn rates_are_made_of_counters_and_a_gap_or_a_reset_makes_none(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let id = service.uuid.to_string();
    let read = async || world.on.control.service_metrics(&world.on.owner, &id, Span::Hour).await.unwrap().points;
    assert!(read().await.is_empty());
    // the two that follow are of one slot, which is half a minute
    let early = "select (extract(epoch from now())::bigint % 30 < 20)::int::bigint";
    world.wait("a slot that goes on for a while", async || (world.on.count(early).await == 1).then_some(())).await;
    samples::measure_all(&world.on.control).await.unwrap();
    // a slot of time is written once, whoever comes
    samples::measure_all(&world.on.control).await.unwrap();
    let one = read().await;
    assert_eq!((one.len(), one[0].connections, one[0].transactions), (1, 2.0, None));
    a_while_later(&world, &service, 60).await;
    samples::measure_all(&world.on.control).await.unwrap();
    let two = read().await;
    let last = two.last().unwrap();
    // the fake counts a transaction and a second of CPU a look; the second look's was not kept
    let near = |value: Option<f64>, wanted: f64| value.is_some_and(|value| (value / wanted - 1.0).abs() < 0.05);
    assert!(near(last.transactions, 2.0 / 60.0) && near(last.cpu, 2.0 / 60.0), "{last:?}");
    assert_eq!(last.cache_hits, Some(0.9));
    a_while_later(&world, &service, 120).await;
    samples::measure_all(&world.on.control).await.unwrap();
    assert_eq!(read().await.last().unwrap().transactions, None, "too far apart");
    a_while_later(&world, &service, 60).await;
    let reset = "update samples set transactions = 1000 where service_id = $1";
    world.on.run(reset, service.uuid).await;
    samples::measure_all(&world.on.control).await.unwrap();
    assert_eq!(read().await.last().unwrap().cpu, None, "a counter began anew");
}

#[sqlx::test]
async fn only_what_serves_is_measured_and_a_failure_stops_nobody(pool: PgPool) {
    let world = World::new(pool).await;
    let (one, two) = (world.healthy(world.wanted()).await, world.healthy(world.wanted()).await);
    world.ask(one.uuid, "stop").await.unwrap();
    world.settled(one.uuid, contract::State::Stopped).await;
    world.runtime.next(Method::Measure, Fault::retry("busy"));
    samples::measure_all(&world.on.control).await.unwrap();
    assert_eq!(world.on.count("select count(*) from samples").await, 0);
    samples::measure_all(&world.on.control).await.unwrap();
    let measured: Vec<uuid::Uuid> =
        sqlx::query_scalar("select service_id from samples").fetch_all(&world.on.pool).await.unwrap();
    assert_eq!(measured, [two.uuid]);
    let change = ServiceChange { label: "Other".into(), ..Default::default() };
    world.update(two.uuid, change).await;
    world.on.run("update samples set slot = now() - interval '26 hours' where service_id = $1", two.uuid).await;
    control::identity::sweep(&world.on.pool).await.unwrap();
    assert_eq!(world.on.count("select count(*) from samples").await, 0);
}

#[sqlx::test]
async fn an_operation_that_stands_still_says_how_long(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.always(Method::SignIn, Fault::retry("no answer"));
    let service = world.create(world.wanted()).await;
    world.wait("a first attempt", async || (world.runtime.count(Method::SignIn) > 0).then_some(())).await;
    for back in [
        "update operations set created_at = created_at - interval '10 minutes' where service_id = $1",
        "update operation_steps set started_at = started_at - interval '10 minutes',
                finished_at = finished_at - interval '10 minutes'
         where operation_id in (select id from operations where service_id = $1)",
    ] {
        world.on.run(back, service.uuid).await;
    }
    let idle = world.operation(&world.get(service.uuid).await).await.idle_ms.unwrap();
    assert!((595_000..660_000).contains(&idle), "{idle}");
    world.runtime.heal();
    world.hurry(service.uuid).await;
    let done = world.settled(service.uuid, contract::State::Healthy).await;
    assert_eq!(world.operation(&done).await.idle_ms, None);
}
