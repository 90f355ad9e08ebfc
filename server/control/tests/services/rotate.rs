//! Another password in the place of the one that is known.

use contract::operation::{OperationKind, OperationState};
use contract::permission::Role;
use contract::{Console, NewService, State};
use control::testing::{Fault, Method};
use sqlx::PgPool;

use crate::world::{World, refusal};

#[sqlx::test]
async fn a_new_password_takes_the_place_of_the_old_one_everywhere(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(NewService { environment_variables: true.into(), ..world.wanted() }).await;
    let before = world.url(service.uuid).await;
    let (owner, id) = (&world.on.owner, service.name.as_str());
    // between the two, it isn't known to be open
    world.runtime.next(Method::SignIn, Fault::PauseBefore);
    let answer = world.on.control.rotate_password(owner, id).await.unwrap();
    let after = answer.internal.connection_url.unwrap().expose().to_owned();
    assert_ne!(after, before);
    world.runtime.paused(1).await;
    assert_eq!(world.get(service.uuid).await.state, State::Processing);
    assert_eq!(refusal(world.on.control.rotate_password(owner, id).await).0, 422, "one at a time");
    world.runtime.release();
    let healthy = world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.url(service.uuid).await, after);
    let vars = world.vars(service.project_id).await;
    assert!(vars.iter().all(|(_, value, _)| *value == after) && vars.len() == 2, "{vars:?}");
    let operation = healthy.operation.unwrap();
    assert_eq!((operation.kind, operation.state), (OperationKind::RotatePassword, OperationState::Succeeded));
    assert!(world.on.audited().await.iter().any(|line| line.contains("service.rotate_password")));
}

#[sqlx::test]
async fn only_who_operates_a_service_that_runs_rotates_its_password(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let viewer = world.on.colleague(Role::Viewer).await;
    assert_eq!(refusal(world.on.control.rotate_password(&viewer, &service.name).await).0, 403);
    let stranger = world.on.stranger().await;
    assert_eq!(refusal(world.on.control.rotate_password(&stranger, &service.name).await).0, 404);
    world.ask(service.uuid, "stop").await.unwrap();
    world.settled(service.uuid, State::Stopped).await;
    let stopped = refusal(world.on.control.rotate_password(&world.on.owner, &service.name).await);
    assert_eq!((stopped.0, stopped.1.contains("start it first")), (422, true), "{stopped:?}");
}
