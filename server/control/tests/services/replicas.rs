//! Services that follow another one.

use contract::operation::{OperationKind, OperationState};
use contract::permission::Role;
use contract::replica::{MOST, NewReplica};
use contract::service::MemberRole;
use contract::{Console, NewService, Service, ServiceChange, State};
use control::testing::{Fault, Method};
use sqlx::PgPool;

use crate::world::{World, name, refusal};

async fn replica_of(world: &World, primary: &Service) -> Service {
    let made = world.on.control.create_replica(&world.on.owner, &primary.name, NewReplica::default()).await;
    world.settled(made.unwrap_or_else(|error| panic!("{error}")).uuid, State::Healthy).await
}

#[sqlx::test]
async fn a_replica_has_the_database_and_the_credentials_of_its_primary(pool: PgPool) {
    let world = World::new(pool).await;
    let new = NewService { public_access: "1".into(), disk_size: 2.0.into(), ..world.with_variables() };
    let primary = world.healthy(new).await;
    let asked = NewReplica { ram_size: 512.0.into(), cpu_size: 0.5.into(), ..NewReplica::default() };
    let made = world.on.control.create_replica(&world.on.owner, &primary.name, asked).await.unwrap();
    assert_eq!((made.label.as_str(), made.state), ("Orders replica", State::Pending));
    assert_eq!((made.role, made.primary_addon_uuid), (Some(MemberRole::Replica), Some(primary.uuid)));
    assert_eq!((made.ram_size, made.cpu_size, made.disk_size), (Some(512.0), Some(0.5), 2.0));
    assert_eq!((made.public_access.as_str(), made.environment_variables), ("1", false));
    let replica = world.settled(made.uuid, State::Healthy).await;
    let titles: Vec<_> = world.operation(&replica).await.steps.into_iter().map(|step| step.title).collect();
    assert_eq!(titles, ["Placed it", "Copied its primary", "Started the server", "Signed in"]);
    let (theirs, own) = (world.url(primary.uuid).await, world.url(replica.uuid).await);
    let until_port = |url: &str| url.rsplit_once(':').map(|(before, _)| before.to_owned());
    assert_eq!(until_port(&own), until_port(&theirs), "user, password and host");
    assert!(own.ends_with(&format!("/{}", primary.name.replace('-', "_"))), "{own}");

    let seen = world.get(primary.uuid).await;
    let listed: Vec<_> = seen.replicas.iter().map(|it| (it.uuid, it.label.as_str(), it.state)).collect();
    assert_eq!(listed, [(replica.uuid, "Orders replica", State::Healthy)]);
    assert_eq!((seen.role, seen.primary_addon_uuid), (Some(MemberRole::Primary), None));
    let found = world.on.control.service_replication(&world.on.owner, &replica.name).await.unwrap().unwrap();
    assert!(found.is_level() && found.source_error.is_none(), "{found:?}");
    assert!(world.on.control.service_replication(&world.on.owner, &primary.name).await.unwrap().is_none());
    assert!(world.on.audited().await.contains(&format!("service.create_replica {}", replica.name)));

    // it is one of its project's databases like any other
    world.update(replica.uuid, ServiceChange { environment_variables: true.into(), ..Default::default() }).await;
    world.settled(replica.uuid, State::Healthy).await;
    assert_eq!(world.vars(world.project).await.iter().filter(|(.., of)| *of == Some(replica.uuid)).count(), 1);
}

#[sqlx::test]
async fn only_a_standalone_primary_that_serves_is_given_replicas(pool: PgPool) {
    let world = World::new(pool).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let primary = world.healthy(world.wanted()).await;
    let ask = async |who: &contract::Caller, of: &Service, new: NewReplica| {
        refusal(control.create_replica(who, &of.name, new).await)
    };
    let plain = NewReplica::default;
    assert_eq!(ask(&world.on.colleague(Role::Viewer).await, &primary, plain()).await.0, 403);
    assert_eq!(ask(&world.on.stranger().await, &primary, plain()).await.0, 404);
    let tiny = NewReplica { ram_size: 1.0.into(), ..plain() };
    assert_eq!(ask(owner, &primary, tiny).await.0, 422);
    let huge = ask(owner, &primary, NewReplica { ram_size: 1e6.into(), ..plain() }).await;
    assert!(huge.1.contains("doesn't fit"), "{huge:?}");
    let replica = replica_of(&world, &primary).await;
    let chained = ask(owner, &replica, plain()).await;
    assert_eq!(chained, (422, "Role is replica: only a primary can be given replicas".to_owned()));
    let many = world.healthy(NewService { instances: 3.0.into(), ram_size: 64.0.into(), ..world.wanted() }).await;
    let many = ask(owner, &many, plain()).await;
    assert_eq!(many, (422, "Instances must be 1: only a standalone primary can be given replicas".to_owned()));
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    world.update(primary.uuid, ServiceChange { ram_size: 128.0.into(), ..Default::default() }).await;
    world.runtime.paused(1).await;
    assert!(ask(owner, &primary, plain()).await.1.contains("State doesn't allow it"));
    world.runtime.release();
    world.settled(primary.uuid, State::Healthy).await;
    world.ask(primary.uuid, "stop").await.unwrap();
    world.settled(primary.uuid, State::Stopped).await;
    assert!(ask(owner, &primary, plain()).await.1.contains("start it first"));
}

#[sqlx::test]
async fn a_primary_has_no_more_replicas_than_it_has_senders_for(pool: PgPool) {
    let world = World::new(pool).await;
    let primary = world.healthy(NewService { ram_size: 64.0.into(), ..world.wanted() }).await;
    for _ in 0..MOST {
        replica_of(&world, &primary).await;
    }
    let (status, words) =
        refusal(world.on.control.create_replica(&world.on.owner, &primary.name, NewReplica::default()).await);
    assert_eq!((status, words.contains("5 already")), (422, true), "{words}");
}

#[sqlx::test]
async fn a_promoted_replica_is_on_its_own_with_the_same_credentials(pool: PgPool) {
    let world = World::new(pool).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let primary = world.healthy(world.wanted()).await;
    assert_eq!(refusal(control.promote_replica(owner, &primary.name).await).0, 422, "it follows nobody");
    let replica = replica_of(&world, &primary).await;
    let before = world.url(replica.uuid).await;
    world.runtime.next(Method::Ensure, Fault::PauseBefore);
    let promoted = control.promote_replica(owner, &replica.name).await.unwrap();
    assert_eq!((promoted.role, promoted.primary_addon_uuid), (Some(MemberRole::Primary), None));
    assert_eq!(refusal(control.promote_replica(owner, &replica.name).await).0, 409);
    world.runtime.paused(1).await;
    world.runtime.release();
    let own = world.settled(replica.uuid, State::Healthy).await;
    let operation = own.operation.clone().unwrap();
    assert_eq!((operation.kind, operation.state), (OperationKind::PromoteReplica, OperationState::Succeeded));
    assert_eq!(refusal(control.promote_replica(owner, &replica.name).await).0, 422, "once");
    assert_eq!(world.url(replica.uuid).await, before);
    assert!(world.get(primary.uuid).await.replicas.is_empty());

    // its own password from now on, and its own replicas of the same database
    control.rotate_password(owner, &replica.name).await.unwrap();
    let own = world.settled(replica.uuid, State::Healthy).await;
    assert_ne!(world.url(replica.uuid).await, before);
    let grandchild = replica_of(&world, &own).await;
    assert!(world.url(grandchild.uuid).await.ends_with(&format!("/{}", primary.name.replace('-', "_"))));
    world.delete(primary.uuid).await;
    world.gone(primary.uuid).await;
    assert_eq!(world.get(grandchild.uuid).await.state, State::Healthy);
}

#[sqlx::test]
async fn a_primary_takes_its_replicas_along(pool: PgPool) {
    let world = World::new(pool).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let primary = world.healthy(world.wanted()).await;
    let replicas = [replica_of(&world, &primary).await, replica_of(&world, &primary).await];

    control.rotate_password(owner, &primary.name).await.unwrap();
    let all = [primary.uuid, replicas[0].uuid, replicas[1].uuid];
    for id in all {
        world.settled(id, State::Healthy).await;
    }
    let password = |url: String| url.split('@').next().unwrap().rsplit(':').next().unwrap().to_owned();
    let new = password(world.url(primary.uuid).await);
    assert_eq!(password(world.url(replicas[1].uuid).await), new);
    let alone = refusal(control.rotate_password(owner, &replicas[0].name).await);
    assert!(alone.1.contains("that of its primary"), "{alone:?}");

    let other = world.project("Other").await;
    let moved = ServiceChange { project_id: other.to_string().into(), ..Default::default() };
    let refused = refusal(control.update_service(owner, &replicas[0].name, moved.clone()).await);
    assert!(refused.1.contains("stays with its primary"), "{refused:?}");
    let three = ServiceChange { instances: 3.0.into(), ..Default::default() };
    for one in [&primary, &replicas[0]] {
        assert_eq!(refusal(control.update_service(owner, &one.name, three.clone()).await).0, 422);
    }
    world.update(primary.uuid, ServiceChange { disk_size: 3.0.into(), ..moved }).await;
    for id in all {
        let seen = world.settled(id, State::Healthy).await;
        assert_eq!((seen.project_id, seen.disk_size), (other, 3.0));
    }
    let floor = "select min(floor_mib)::int8 from replicas";
    for (ram, floors) in [(512.0, 512), (128.0, 512)] {
        world.update(primary.uuid, ServiceChange { ram_size: ram.into(), ..Default::default() }).await;
        for id in all {
            world.settled(id, State::Healthy).await;
        }
        assert_eq!(world.on.count(floor).await, floors, "settings don't fall below what may still arrive");
    }
    let free = control.get_resource(owner, primary.resource_id).await.unwrap().available_disk_size >> 30;
    let grown = ServiceChange { disk_size: (3.0 + free as f64 / 2.0).into(), ..Default::default() };
    let refused = refusal(control.update_service(owner, &primary.name, grown).await);
    assert!(refused.1.contains("for each of 3 instances"), "{refused:?}");

    world.runtime.remove_slowly();
    world.delete(primary.uuid).await;
    for id in all {
        assert_eq!(world.get(id).await.state, State::Deleting);
    }
    for id in all {
        world.gone(id).await;
    }
    assert!(world.runtime.names().is_empty());
}

#[sqlx::test]
async fn a_replica_that_hears_nothing_is_degraded_and_says_so(pool: PgPool) {
    let world = World::new(pool).await;
    let primary = world.healthy(world.wanted()).await;
    let replica = replica_of(&world, &primary).await;
    world.runtime.hears(&name(&replica), false);
    let seen = world.until(replica.uuid, State::Degraded).await;
    let said = seen.state_reason.unwrap();
    assert!(said.starts_with("It receives nothing from its primary, which answers"), "{said}");
    world.runtime.hears(&name(&replica), true);
    world.until(replica.uuid, State::Healthy).await;
}
