//! A project's variables, as its apps are given them.

use contract::NewService;
use control::projects::publish::publish_next;
use control::testing::{Fault, Method};
use sqlx::PgPool;

use crate::world::World;

/// Publishes whatever is behind.
async fn publish(world: &World) {
    while publish_next(&world.on.control).await.unwrap() {}
}

#[sqlx::test]
async fn what_a_service_or_somebody_writes_is_published_once(pool: PgPool) {
    let world = World::new(pool).await;
    let wanted = world.wanted();
    let service = world.healthy(NewService { environment_variables: true.into(), ..wanted }).await;
    publish(&world).await;
    let url = world.url(service.uuid).await;
    let seen = world.runtime.published(service.project_id).unwrap();
    let vars = seen.vars.unwrap();
    assert!(vars.len() == 2 && vars.values().all(|value| value.expose() == url), "{:?}", vars.keys());
    let calls = world.runtime.count(Method::Publish);
    publish(&world).await;
    assert_eq!(world.runtime.count(Method::Publish), calls, "nothing has changed");
    world.ask(service.uuid, "restart").await.unwrap();
    world.settled(service.uuid, contract::State::Healthy).await;
    publish(&world).await;
    assert_eq!(world.runtime.count(Method::Publish), calls, "the same values are no change");
    world.set_var(service.project_id, "EXTRA", "more").await;
    publish(&world).await;
    let later = world.runtime.published(service.project_id).unwrap();
    assert!(later.version > seen.version);
    assert_eq!(later.vars.unwrap()["EXTRA"].expose(), "more");
}

#[sqlx::test]
async fn what_could_not_be_published_is_tried_again_later(pool: PgPool) {
    let world = World::new(pool).await;
    let project = world.project("Published").await;
    world.set_var(project, "A", "b").await;
    world.runtime.next(Method::Publish, Fault::retry("away"));
    publish(&world).await;
    assert!(world.runtime.published(project).is_none());
    world.on.run("update publications set retry_at = now() where project_id = $1", project).await;
    publish(&world).await;
    assert!(world.runtime.published(project).is_some());
}

#[sqlx::test]
async fn what_was_published_goes_with_its_project(pool: PgPool) {
    let world = World::new(pool).await;
    let project = world.project("Published").await;
    world.set_var(project, "A", "b").await;
    publish(&world).await;
    world.on.control.delete_project(&world.on.owner, project).await.unwrap();
    publish(&world).await;
    assert!(world.runtime.published(project).unwrap().vars.is_none());
    assert_eq!(world.rows("publications").await, 0);
}
