use contract::operation::{OperationKind, OperationState};
use contract::permission::Role;
use contract::{Console, NewService, ServiceChange, State};
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use uuid::Uuid;

use crate::world::{World, name, refusal};

fn ram(mib: f64) -> ServiceChange {
    ServiceChange { ram_size: mib.into(), ..Default::default() }
}

#[sqlx::test]
async fn a_new_label_is_shown_at_once_and_is_no_work(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let calls = world.runtime.count(Method::Ensure);
    let changed = world.update(service.uuid, ServiceChange { label: " Others ".into(), ..Default::default() }).await;
    assert_eq!((&*changed.label, changed.state, &changed.operation), ("Others", State::Healthy, &service.operation));
    assert!(changed.updated_at > service.updated_at);
    assert_eq!(world.runtime.count(Method::Ensure), calls);
    assert_eq!(world.on.audited().await.last().unwrap(), &format!("service.update {}", service.name));
}

#[sqlx::test]
async fn a_new_size_reaches_the_server_and_the_pool(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let change = ServiceChange { disk_size: 2.0.into(), cpu_size: 0.5.into(), ..ram(512.0) };
    let asked = world.update(service.uuid, change).await;
    assert_eq!((asked.ram_size, asked.disk_size, asked.cpu_size), (Some(512.0), 2.0, Some(0.5)));
    let done = world.settled(service.uuid, State::Healthy).await;
    let operation = world.operation(&done).await;
    assert_eq!((operation.summary.kind, operation.summary.state), (OperationKind::Update, OperationState::Succeeded));
    let titles: Vec<_> = operation.steps.iter().map(|s| &*s.title).collect();
    assert_eq!(titles, ["Applied the settings", "Signed in"]);
    let size = world.runtime.size(&name(&service)).unwrap();
    assert_eq!((size.ram.mib(), size.disk.mib(), size.cpu.millis()), (512, 2048, 500));
    let resource = world.on.control.get_resource(&world.on.owner, world.resource).await.unwrap();
    assert_eq!(resource.total_used_ram_size, 512 << 20);
}

#[sqlx::test]
async fn the_same_sizes_again_are_no_work(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let same = ServiceChange { disk_size: "1".into(), cpu_size: 0.25.into(), public_access: "0".into(), ..ram(256.0) };
    assert_eq!(world.update(service.uuid, same).await.operation, service.operation);
}

#[sqlx::test]
async fn h17_an_update_keeps_every_rule_of_a_create(pool: PgPool) {
    let world = World::idle(pool).await;
    let new = NewService { disk_size: 2.0.into(), ..world.wanted() };
    let service = world.create(new).await;
    let update = async |change| refusal(world.on.control.update_service(&world.on.owner, &service.name, change).await);
    let disk = ServiceChange { disk_size: 1.5.into(), ..Default::default() };
    assert_eq!(update(disk).await, (422, "Disk size can't shrink (it is 2 GiB now)".into()));
    assert_eq!(update(ram(63.0)).await, (422, "Ram size is too small (minimum is 64 MiB)".into()));
    let large = "Ram size doesn't fit: 1024 MiB are free on r1; the largest that fits is 1024";
    assert_eq!(update(ram(1025.0)).await, (422, large.into()));
    let label = ServiceChange { label: "x".repeat(41).into(), ..Default::default() };
    assert_eq!(update(label).await, (422, "Label is too long (maximum is 40 characters)".into()));
    let project = ServiceChange { project_id: Uuid::now_v7().to_string().into(), ..Default::default() };
    assert_eq!(update(project).await, (404, "Project not found".into()));
    assert_eq!(world.on.count("select count(*) from audit where action = 'service.update'").await, 0);
}

#[sqlx::test]
async fn a_stopped_service_keeps_its_new_size_for_the_next_start(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    world.ask(service.uuid, "stop").await.unwrap();
    world.settled(service.uuid, State::Stopped).await;
    world.update(service.uuid, ram(512.0)).await;
    let stopped = world.settled(service.uuid, State::Stopped).await;
    let operation = world.operation(&stopped).await;
    // nobody has signed in, and nobody says so
    let titles: Vec<_> = operation.steps.iter().map(|s| &*s.title).collect();
    assert_eq!(titles, ["Applied the settings", "Wrote the variables"]);
    world.ask(service.uuid, "start").await.unwrap();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.runtime.size(&name(&service)).unwrap().ram.mib(), 512);
}

#[sqlx::test]
async fn a_change_during_a_create_is_taken_along(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.next(Method::Ensure, Fault::PauseAfter);
    let service = world.create(world.wanted()).await;
    world.runtime.paused(1).await;
    world.update(service.uuid, ram(512.0)).await;
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.runtime.size(&name(&service)).unwrap().ram.mib(), 512);
    let effects = world.runtime.effects(&name(&service));
    assert_eq!(effects, [Effect::Made, Effect::Started, Effect::Configured]);
    assert_eq!(world.on.count("select count(*) from operations where state <> 'succeeded'").await, 0);
}

#[sqlx::test]
async fn a_move_takes_the_variables_along_and_overwrites_none(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    let target = world.project("Target").await;
    world.set_var(target, "Database_Url", "mine").await;
    let before = world.vars(world.project).await;
    assert_eq!(before.len(), 2);
    let url = before[1].clone();
    let change = ServiceChange { project_id: target.to_string().into(), ..Default::default() };
    assert_eq!(world.update(service.uuid, change).await.project_id, target);
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.vars(world.project).await, []);
    assert_eq!(world.vars(target).await, [("Database_Url".into(), "mine".into(), None), url]);
    assert_eq!(world.runtime.effects(&name(&service)).len(), 3, "the server knows no project");
}

#[sqlx::test]
async fn h13_a_move_needs_a_project_in_reach_that_may_use_the_resource(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    let hidden = world.project("Hidden").await;
    world.on.restrict(hidden).await;
    let open = world.project("Open").await;
    world.on.assign(&world.on.owner, world.resource, world.project).await;
    let to = |project: Uuid| ServiceChange { project_id: project.to_string().into(), ..Default::default() };
    let member = world.on.colleague(Role::Member).await;
    let control = &world.on.control;
    let refused = control.update_service(&member, &service.name, to(hidden)).await;
    assert_eq!(refusal(refused), (404, "Project not found".into()));
    let closed = "Project id can't be changed: its resource is closed to that project".to_owned();
    assert_eq!(refusal(control.update_service(&member, &service.name, to(open)).await), (422, closed));
    assert_eq!(world.get(service.uuid).await.project_id, world.project);
}
