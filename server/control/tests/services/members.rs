//! The servers behind a service: who takes writes, and where they are reached from outside.

use contract::{Console, NewService, Service, ServiceChange, State};
use sqlx::PgPool;

use crate::world::{World, name, refusal};

#[sqlx::test]
async fn another_server_that_takes_over_is_written_down_with_how_long_it_took(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let members = async || world.on.control.service_members(&world.on.owner, &service.name).await.unwrap();
    assert_eq!(members().await.changes, []);
    assert_eq!(members().await.members.len(), 1);
    world.runtime.fail_over(&name(&service), "another");
    let changes = world.wait("the change", async || Some(members().await.changes).filter(|c| !c.is_empty())).await;
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((&change.from, change.to.as_str()), (&service.name, "another"));
    assert!(change.ms.is_some_and(|ms| ms < 60_000), "{change:?}");
    world.settled(service.uuid, State::Healthy).await;
    world.hurry(service.uuid).await;
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(members().await.changes.len(), 1, "once");
    let stranger = world.on.stranger().await;
    assert_eq!(refusal(world.on.control.service_members(&stranger, &service.name).await).0, 404);
    world.runtime.leave();
    let away = refusal(world.on.control.service_members(&world.on.owner, &service.name).await);
    assert_eq!((away.0, away.1.contains("the runtime is away")), (503, true), "{away:?}");
}

#[sqlx::test]
async fn public_access_shows_where_once_that_works(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.create(NewService { public_access: "1".into(), ..world.wanted() }).await;
    let at = |service: &Service| service.connection_details.clone().unwrap().external;
    assert_eq!(at(&service), None);
    let healthy = world.settled(service.uuid, State::Healthy).await;
    let external = at(&healthy).unwrap();
    assert_eq!((external.hostname.as_str(), external.port), ("db.example", 5432));
    world.update(service.uuid, ServiceChange { public_access: "0".into(), ..Default::default() }).await;
    assert_eq!(at(&world.get(service.uuid).await), None);
    let closed = world.settled(service.uuid, State::Healthy).await;
    assert_eq!((closed.public_access.as_str(), at(&closed)), ("0", None));
}
