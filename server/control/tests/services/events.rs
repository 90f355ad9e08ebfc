use std::collections::HashMap;

use contract::console::Secrets;
use contract::event::{Event, EventKind};
use contract::permission::Role;
use contract::{Console, ServiceChange, State};
use futures::{Stream, StreamExt};
use sqlx::PgPool;
use uuid::Uuid;

use crate::world::{World, seen};

/// What came up to the mark, by what it is about.
async fn told(world: &World, stream: impl Stream<Item = Event>) -> HashMap<(EventKind, Uuid), usize> {
    let mut stream = std::pin::pin!(stream);
    let mark = world.project(&Uuid::now_v7().simple().to_string()).await;
    let mut told = HashMap::new();
    let mut version = 0;
    loop {
        let event = tokio::time::timeout(std::time::Duration::from_secs(10), stream.next())
            .await
            .expect("the mark")
            .expect("an event");
        assert!(event.version > version, "{event:?}");
        version = event.version;
        if event.id == mark {
            return told;
        }
        *told.entry((event.kind, event.id)).or_default() += 1;
    }
}

#[sqlx::test]
async fn the_life_of_a_service_is_told_to_whoever_can_reach_it(pool: PgPool) {
    let world = World::new(pool).await;
    world.listens().await;
    let before = world.hub.subscribe(&world.on.owner);
    let hidden = world.project("Hidden").await;
    world.on.restrict(hidden).await;
    // what is heard late isn't heard below
    told(&world, before).await;
    let member = world.on.colleague(Role::Member).await;
    let stranger = world.on.stranger().await;
    let (owners, members) = (world.hub.subscribe(&world.on.owner), world.hub.subscribe(&member));
    let strangers = world.hub.subscribe(&stranger);
    let small = || contract::NewService { ram_size: 64.0.into(), ..world.with_variables() };
    let open = world.healthy(small()).await;
    let secret = world.healthy(contract::NewService { project_id: hidden.to_string().into(), ..small() }).await;
    let owner_heard = told(&world, owners).await;
    for id in [open.uuid, secret.uuid] {
        // accepted, six steps, and the state on the way
        assert!(owner_heard[&(EventKind::Service, id)] >= 7, "{owner_heard:?}");
    }
    assert_eq!(owner_heard[&(EventKind::Resource, world.resource)], 2);
    assert_eq!((owner_heard[&(EventKind::Project, world.project)], owner_heard[&(EventKind::Project, hidden)]), (1, 1));
    assert_eq!(owner_heard.len(), 5);
    let member_heard = told(&world, members).await;
    assert!(member_heard.contains_key(&(EventKind::Service, open.uuid)));
    assert!(member_heard.keys().all(|(_, id)| ![secret.uuid, hidden].contains(id)), "{member_heard:?}");
    drop(strangers);
    assert_eq!(crate::world::refusal(seen(&world, &member, secret.uuid, Secrets::Hidden).await).0, 404);
}

#[sqlx::test]
async fn changes_and_the_end_of_a_service_are_told_with_what_they_touch(pool: PgPool) {
    let world = World::new(pool).await;
    world.listens().await;
    let service = world.healthy(world.with_variables()).await;
    let (id, control) = (service.uuid, &world.on.control);
    // it is seen before it is told
    told(&world, world.hub.subscribe(&world.on.owner)).await;
    let label = world.hub.subscribe(&world.on.owner);
    control
        .update_service(&world.on.owner, &service.name, ServiceChange { label: "x".into(), ..Default::default() })
        .await
        .unwrap();
    assert_eq!(told(&world, label).await, HashMap::from([((EventKind::Service, id), 1)]));
    let resize = world.hub.subscribe(&world.on.owner);
    world.update(id, ServiceChange { ram_size: 512.0.into(), ..Default::default() }).await;
    world.settled(id, State::Healthy).await;
    assert_eq!(told(&world, resize).await[&(EventKind::Resource, world.resource)], 1);
    let moves = world.hub.subscribe(&world.on.owner);
    let target = world.project("Target").await;
    world.update(id, ServiceChange { project_id: target.to_string().into(), ..Default::default() }).await;
    world.settled(id, State::Healthy).await;
    let heard = told(&world, moves).await;
    assert!(heard.contains_key(&(EventKind::Project, world.project)), "the variables went: {heard:?}");
    assert!(heard[&(EventKind::Project, target)] >= 2, "made, and the variables came: {heard:?}");
    let end = world.hub.subscribe(&world.on.owner);
    world.delete(id).await;
    world.gone(id).await;
    let heard = told(&world, end).await;
    assert!(heard[&(EventKind::Service, id)] >= 2, "{heard:?}");
    assert_eq!((heard[&(EventKind::Resource, world.resource)], heard[&(EventKind::Project, target)]), (1, 1));
}

#[sqlx::test]
async fn a_stream_ends_where_events_may_have_been_lost(pool: PgPool) {
    let world = World::new(pool).await;
    world.listens().await;
    let stream = world.hub.subscribe(&world.on.owner);
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname = current_database() and query ilike 'listen%'";
    assert!(world.on.count(cut).await > 0);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), stream.collect::<Vec<_>>()).await;
    ended.expect("its end");
    world.listens().await;
    let stream = world.hub.subscribe(&world.on.owner);
    let service = world.healthy(world.wanted()).await;
    assert!(told(&world, stream).await.contains_key(&(EventKind::Service, service.uuid)));
}
