//! The object behind a service, and putting it back.

use contract::operation::{OperationKind, OperationState};
use contract::permission::Role;
use contract::{Console, State};
use control::testing::{Fault, Method};
use sqlx::PgPool;

use crate::world::{World, refusal};

#[sqlx::test]
async fn what_is_put_back_is_applied_anew_by_an_operation_and_leaves_a_line_of_who_asked(pool: PgPool) {
    let world = World::new(pool).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let service = world.healthy(world.wanted()).await;
    let viewer = world.on.colleague(Role::Viewer).await;
    let live = control.service_live(&viewer, &service.name).await.unwrap().expect("an object");
    assert_eq!((live.yaml.as_str(), live.refused), ("phase: running", None));
    assert_eq!(refusal(control.put_back(&viewer, &service.name).await).0, 403);
    let before = world.runtime.count(Method::Ensure);
    let asked = control.put_back(owner, &service.name).await.unwrap();
    assert_ne!(asked.operation.unwrap().uuid, service.operation.unwrap().uuid);
    let after = world.settled(service.uuid, State::Healthy).await;
    let operation = world.operation(&after).await.summary;
    assert_eq!((operation.kind, operation.state), (OperationKind::Update, OperationState::Succeeded));
    assert!(world.runtime.count(Method::Ensure) > before);
    assert!(world.on.audited().await.contains(&format!("service.put_back {}", service.name)));

    world.runtime.next(Method::Delete, Fault::PauseBefore);
    world.delete(service.uuid).await;
    assert_eq!(refusal(control.put_back(owner, &service.name).await).0, 422);
}
