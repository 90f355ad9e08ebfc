//! Volumes, and the apps that have them.

use std::time::Duration;

use contract::mount::{AppMount, AppUnmount, MountState};
use contract::operation::{OperationKind, OperationState};
use contract::state::{Action, Verdict};
use contract::{ApiError, Console, NewService, Service, ServiceChange, State};
use control::reconcile::Step;
use control::reconcile::fail_points::{Break, FailPoints, Point};
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use crate::doomed::{Doomed, LEASE_ENDS};
use crate::world::{World, name, refusal};

const WEB: &str = "deployment/web";
const QUEUE: &str = "statefulset/queue";

/// A volume of one app, or of many.
fn wanted(world: &World, access: &str) -> NewService {
    NewService {
        service_type: "shared_storage".into(),
        project_id: world.project.to_string().into(),
        label: "Uploads".into(),
        mount_point: "/data".into(),
        storage_access: access.into(),
        ..Default::default()
    }
}

/// A project with two apps, and a volume that is there.
async fn bound(world: &World, access: &str) -> Service {
    for app in [WEB, QUEUE] {
        world.runtime.has_app(world.project, app);
    }
    let service = world.create(wanted(world, access)).await;
    world.settled(service.uuid, State::Bound).await
}

async fn mount(world: &World, id: Uuid, app: &str, at: &str) -> Result<Service, ApiError> {
    let mount = AppMount { app_id: app.into(), mount_point: at.into(), ..Default::default() };
    world.on.control.mount_app(&world.on.owner, &id.to_string(), mount).await
}

async fn unmount(world: &World, id: Uuid, app: &str) -> Result<Service, ApiError> {
    let unmount = AppUnmount { app_id: app.into(), ..Default::default() };
    world.on.control.unmount_app(&world.on.owner, &id.to_string(), unmount).await
}

fn at(places: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    places.iter().map(|(app, at)| ((*app).to_owned(), (*at).to_owned())).collect()
}

#[sqlx::test]
async fn a_volume_is_bound_given_to_two_apps_and_taken_away(pool: PgPool) {
    let world = World::new(pool).await;
    let volume = bound(&world, "RWX").await;
    let (id, name) = (volume.uuid, name(&volume));
    assert!(volume.name.starts_with("storage-"), "{}", volume.name);
    assert_eq!((volume.ram_size, volume.cpu_size, volume.role), (None, None, None));
    assert!(volume.connection_details.is_none() && volume.mounts.is_empty());
    let titles = async |id: Uuid| {
        let operation = world.operation(&world.get(id).await).await;
        assert_eq!(operation.summary.state, OperationState::Succeeded);
        operation.steps.into_iter().map(|s| s.title).collect::<Vec<_>>()
    };
    assert_eq!(titles(id).await, ["Placed it", "Made the volume"]);
    let asked = mount(&world, id, WEB, "").await.unwrap();
    assert_eq!((asked.mounts[0].state, asked.mounts[0].mount_point.as_str()), (MountState::Pending, "/data"));
    let seen = world.settled(id, State::Bound).await;
    assert_eq!(titles(id).await, ["Gave it to the app"]);
    assert_eq!((seen.mounts[0].state, &seen.mounts[0].reason), (MountState::Mounted, &None));
    mount(&world, id, QUEUE, "/spool").await.unwrap();
    world.settled(id, State::Bound).await;
    assert_eq!(world.runtime.mounts(&name), at(&[(WEB, "/data"), (QUEUE, "/spool")]));
    // asked again, it goes elsewhere
    mount(&world, id, WEB, "/other").await.unwrap();
    world.settled(id, State::Bound).await;
    assert_eq!(world.runtime.mounts(&name), at(&[(WEB, "/other"), (QUEUE, "/spool")]));
    let asked = unmount(&world, id, QUEUE).await.unwrap();
    assert_eq!(asked.mounts.last().unwrap().state, MountState::Unmounting);
    assert_eq!(world.settled(id, State::Bound).await.mounts.len(), 1);
    assert_eq!(titles(id).await, ["Took it from the app"]);
    assert_eq!(world.runtime.mounts(&name), at(&[(WEB, "/other")]));
    let again = refusal(unmount(&world, id, QUEUE).await);
    assert_eq!(again, (422, "App id is no app that mounts it: statefulset/queue".to_owned()));
    world.delete(id).await;
    world.gone(id).await;
    assert_eq!(world.runtime.effects(&name), [Effect::Made, Effect::Removed]);
    assert_eq!((world.rows("mounts").await, world.runtime.names().len()), (0, 0));
    let trail = ["create", "mount_app", "mount_app", "mount_app", "unmount_app", "delete"];
    assert_eq!(world.on.audited().await[1..], trail.map(|action| format!("service.{action} {name}")));
}

#[sqlx::test]
async fn a_volume_of_one_app_is_given_to_one(pool: PgPool) {
    let world = World::new(pool).await;
    let id = bound(&world, "RWO").await.uuid;
    mount(&world, id, WEB, "").await.unwrap();
    let second = refusal(mount(&world, id, QUEUE, "").await);
    assert_eq!(second, (422, "App id can't mount it: RWO allows one app, and deployment/web has it".to_owned()));
    // the one that has it may have it elsewhere
    mount(&world, id, WEB, "/other").await.unwrap();
    world.settled(id, State::Bound).await;
    unmount(&world, id, WEB).await.unwrap();
    assert!(world.settled(id, State::Bound).await.mounts.is_empty());
    mount(&world, id, QUEUE, "").await.unwrap();
    world.settled(id, State::Bound).await;
}

#[sqlx::test]
async fn one_directory_of_an_app_shows_one_volume(pool: PgPool) {
    let world = World::new(pool).await;
    let (first, second) = (bound(&world, "RWX").await, bound(&world, "RWX").await);
    mount(&world, first.uuid, WEB, "/data").await.unwrap();
    let taken = refusal(mount(&world, second.uuid, WEB, "/data").await);
    assert_eq!(taken, (422, "Mount point is taken: deployment/web has another volume at /data".to_owned()));
    mount(&world, second.uuid, WEB, "/data2").await.unwrap();
    world.settled(second.uuid, State::Bound).await;
}

#[sqlx::test]
async fn an_app_that_is_not_there_is_said_and_gets_it_once_it_is(pool: PgPool) {
    let world = World::new(pool).await;
    let id = bound(&world, "RWX").await.uuid;
    let apps = world.on.control.list_apps(&world.on.owner, &id.to_string()).await.unwrap();
    assert_eq!(apps.iter().map(|app| app.app_id.as_str()).collect::<Vec<_>>(), [WEB, QUEUE]);
    mount(&world, id, "deployment/late", "").await.unwrap();
    let seen = world.settled(id, State::Bound).await;
    assert_eq!(seen.mounts[0].state, MountState::Failed);
    assert_eq!(seen.mounts[0].reason.as_deref(), Some("There is no deployment/late in its project"));
    let operation = world.operation(&seen).await;
    let (state, error) = (operation.summary.state, operation.summary.error);
    assert_eq!((state, error), (OperationState::Failed, seen.mounts[0].reason.clone()));
    // what becomes of another app is another matter
    mount(&world, id, WEB, "").await.unwrap();
    let seen = world.settled(id, State::Bound).await;
    assert_eq!(world.operation(&seen).await.summary.state, OperationState::Succeeded);
    world.runtime.has_app(world.project, "deployment/late");
    let mounted = async || {
        world.hurry(id).await;
        Some(world.get(id).await).filter(|s| s.mounts[0].state == MountState::Mounted)
    };
    let seen = world.wait("a mount", mounted).await;
    assert_eq!((seen.state, &seen.mounts[0].reason), (State::Bound, &None));
}

#[sqlx::test]
async fn a_volume_moves_only_while_no_app_has_it_and_grows(pool: PgPool) {
    let world = World::new(pool).await;
    let volume = bound(&world, "RWX").await;
    let (id, other) = (volume.uuid, world.project("Other").await);
    mount(&world, id, WEB, "").await.unwrap();
    world.settled(id, State::Bound).await;
    let change = || ServiceChange { project_id: other.to_string().into(), ..Default::default() };
    let moved = world.on.control.update_service(&world.on.owner, &id.to_string(), change()).await;
    let words = "Project id can't be changed while apps of its project mount it; unmount it first";
    assert_eq!(refusal(moved), (422, words.to_owned()));
    unmount(&world, id, WEB).await.unwrap();
    world.settled(id, State::Bound).await;
    world.update(id, change()).await;
    assert_eq!(world.settled(id, State::Bound).await.project_id, other);
    world.update(id, ServiceChange { disk_size: 2.0.into(), ..Default::default() }).await;
    assert_eq!(world.settled(id, State::Bound).await.disk_size, 2.0);
    assert_eq!(world.runtime.disk(&name(&volume)), Some(2048));
    let shrunk = ServiceChange { disk_size: 1.0.into(), ..Default::default() };
    let shrunk = world.on.control.update_service(&world.on.owner, &id.to_string(), shrunk).await;
    assert_eq!(refusal(shrunk), (422, "Disk size can't shrink (it is 2 GiB now)".to_owned()));
}

#[sqlx::test]
async fn what_has_no_server_can_not_be_asked_for_one(pool: PgPool) {
    let world = World::new(pool).await;
    let id = bound(&world, "RWX").await.uuid;
    let words = "Service type is shared_storage, which this can't be done with";
    for what in ["start", "stop", "restart"] {
        assert_eq!(refusal(world.ask(id, what).await), (422, words.to_owned()));
    }
    let (control, who, id) = (&world.on.control, &world.on.owner, id.to_string());
    assert_eq!(refusal(control.test_connection(who, &id).await).1, words);
    for answer in [control.rotate_password(who, &id).await, control.reveal(who, &id, Default::default()).await] {
        assert_eq!(refusal(answer), (422, "Service type shared_storage has no credentials".to_owned()));
    }
    let database = world.create(world.wanted()).await.uuid;
    let words = "Service type is postgres, which this can't be done with";
    assert_eq!(refusal(mount(&world, database, WEB, "").await), (422, words.to_owned()));
    assert_eq!(refusal(unmount(&world, database, WEB).await), (422, words.to_owned()));
    assert_eq!(refusal(control.list_apps(who, &database.to_string()).await), (422, words.to_owned()));
}

#[sqlx::test]
async fn the_api_keeps_the_table_of_states_for_apps(pool: PgPool) {
    let world = World::idle(pool).await;
    let id = world.create(wanted(&world, "RWX")).await.uuid;
    mount(&world, id, WEB, "").await.unwrap();
    for state in State::ALL {
        for action in [Action::MountApp, Action::UnmountApp] {
            let set = "update services set state = $2, deleting = $2 = 'deleting' where id = $1";
            sqlx::query(set).bind(id).bind(state.as_str()).execute(&world.on.pool).await.unwrap();
            let answer = match action {
                Action::MountApp => mount(&world, id, WEB, "").await,
                _ => unmount(&world, id, WEB).await,
            };
            match state.allows(action) {
                Verdict::Refused(why) => {
                    assert_eq!(refusal(answer), (422, format!("State doesn't allow it: {why}")), "{state} {action:?}");
                }
                Verdict::Allowed | Verdict::Already(_) => drop(answer.unwrap()),
            }
        }
    }
}

#[sqlx::test]
async fn a_volume_that_is_gone_is_lost_and_none_is_made_anew(pool: PgPool) {
    let world = World::new(pool).await;
    let volume = bound(&world, "RWX").await;
    world.runtime.lose(&name(&volume));
    let lost = world.until(volume.uuid, State::Lost).await;
    assert_eq!(lost.state_reason.as_deref(), Some("Its storage is gone"));
    assert_eq!(world.runtime.effects(&name(&volume)), [Effect::Made]);
    world.delete(volume.uuid).await;
    world.gone(volume.uuid).await;
}

#[sqlx::test]
async fn a_refusal_of_the_runtime_is_failed_until_somebody_retries(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.next(Method::Ensure, Fault::rejected("no such class"));
    let id = world.create(wanted(&world, "RWX")).await.uuid;
    let failed = world.settled(id, State::Failed).await;
    assert_eq!(failed.state_reason.as_deref(), Some("no such class"));
    world.on.control.retry_service(&world.on.owner, &id.to_string()).await.unwrap();
    world.settled(id, State::Bound).await;
}

#[sqlx::test]
async fn a_volume_that_is_made_with_its_first_app_is_late_for_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    world.runtime.makes_volumes_late();
    world.runtime.has_app(world.project, WEB);
    let id = world.create(wanted(&world, "RWX")).await.uuid;
    let reason = "It is made once an app mounts it";
    let waits = async || Some(world.get(id).await).filter(|s| s.state_reason.as_deref() == Some(reason));
    assert_eq!(world.wait("its reason", waits).await.state, State::Creating);
    let late = async || world.task(id).await.filter(|task| task.deadline_at.is_none() && task.step == "watch");
    world.wait("no deadline", late).await;
    // a wish about it ends, the create doesn't
    world.update(id, ServiceChange { disk_size: 2.0.into(), ..Default::default() }).await;
    let open = "select count(*) from operations where finished_at is null";
    let one = async || (world.on.count(open).await == 1).then_some(());
    world.wait("the create alone", one).await;
    mount(&world, id, WEB, "").await.unwrap();
    let seen = world.settled(id, State::Bound).await;
    assert_eq!((seen.mounts[0].state, world.on.count(open).await), (MountState::Mounted, 0));
}

#[sqlx::test]
async fn an_app_that_keeps_it_says_so_and_the_volume_serves_on(pool: PgPool) {
    let world = World::new(pool).await;
    let id = bound(&world, "RWX").await.uuid;
    mount(&world, id, WEB, "").await.unwrap();
    world.settled(id, State::Bound).await;
    world.runtime.next(Method::Unmount, Fault::rejected("somebody else has given it to it, too"));
    unmount(&world, id, WEB).await.unwrap();
    let seen = world.settled(id, State::Bound).await;
    assert_eq!(seen.mounts[0].state, MountState::Unmounting);
    assert_eq!(seen.mounts[0].reason.as_deref(), Some("somebody else has given it to it, too"));
    assert_eq!(world.operation(&seen).await.summary.state, OperationState::Failed);
    // it is asked again
    world.hurry(id).await;
    let gone = async || world.get(id).await.mounts.is_empty().then_some(());
    world
        .wait("no mount", async || {
            world.hurry(id).await;
            gone().await
        })
        .await;
}

#[sqlx::test]
async fn one_app_in_trouble_keeps_no_other_waiting_and_asking_twice_is_harmless(pool: PgPool) {
    let world = World::new(pool).await;
    let volume = bound(&world, "RWX").await;
    let (id, name) = (volume.uuid, name(&volume));
    mount(&world, id, WEB, "").await.unwrap();
    world.settled(id, State::Bound).await;
    let audited = world.on.audited().await.len();
    let again = mount(&world, id, WEB, "/data").await.unwrap();
    assert_eq!((again.mounts[0].state, world.on.audited().await.len()), (MountState::Mounted, audited));
    // the first of the two calls goes wrong, the second is for the other app
    world.runtime.next(Method::Mount, Fault::retry("another's change"));
    mount(&world, id, QUEUE, "").await.unwrap();
    let both = async || (world.runtime.mounts(&name).len() == 2).then_some(());
    world.wait("the other app", both).await;
    world.settled(id, State::Bound).await;
}

#[sqlx::test]
async fn an_app_of_another_project_has_the_same_name_and_another_volume(pool: PgPool) {
    let world = World::new(pool).await;
    let first = bound(&world, "RWX").await;
    let other = world.project("Other").await;
    let elsewhere = NewService { project_id: other.to_string().into(), ..wanted(&world, "RWX") };
    let second = world.create(elsewhere).await;
    world.settled(second.uuid, State::Bound).await;
    // there is no such app in the other project: that takes no place in this one
    mount(&world, second.uuid, WEB, "").await.unwrap();
    mount(&world, first.uuid, WEB, "").await.unwrap();
    let seen = world.settled(first.uuid, State::Bound).await;
    assert_eq!(seen.mounts[0].state, MountState::Mounted);
    assert_eq!(world.settled(second.uuid, State::Bound).await.mounts[0].state, MountState::Failed);
}

/// The kinds of work on a volume that are not another attempt.
const WORKS: [OperationKind; 5] = [
    OperationKind::Create,
    OperationKind::MountApp,
    OperationKind::Update,
    OperationKind::UnmountApp,
    OperationKind::Delete,
];

/// One console at work, which is broken into and killed.
struct Bench {
    world: World,
    points: FailPoints,
    console: Option<Doomed>,
}

impl Bench {
    fn start(&mut self) {
        self.console = Some(Doomed::with(&self.world, self.world.waker.clone(), self.points.clone()));
    }

    /// The volume that a kind of work begins with.
    async fn prepare(&self, kind: OperationKind) -> Option<Service> {
        let world = &self.world;
        if kind == OperationKind::Create {
            return None;
        }
        let service = world.create(wanted(world, "RWX")).await;
        let service = world.settled(service.uuid, State::Bound).await;
        if kind == OperationKind::UnmountApp || kind == OperationKind::Delete {
            mount(world, service.uuid, WEB, "").await.unwrap();
            world.settled(service.uuid, State::Bound).await;
        }
        Some(service)
    }

    async fn ask(&self, kind: OperationKind, there: Option<&Service>) -> Service {
        let world = &self.world;
        let Some(service) = there else { return world.create(wanted(world, "RWX")).await };
        let id = service.uuid;
        match kind {
            OperationKind::MountApp => drop(mount(world, id, WEB, "").await.unwrap()),
            OperationKind::UnmountApp => drop(unmount(world, id, WEB).await.unwrap()),
            OperationKind::Update => {
                drop(world.update(id, ServiceChange { disk_size: 2.0.into(), ..Default::default() }).await);
            }
            OperationKind::Delete => world.delete(id).await,
            other => panic!("{other} is no work on a volume"),
        }
        service.clone()
    }

    /// Does a piece of work with a break in it; answers what was passed.
    async fn does(
        &mut self,
        kind: OperationKind,
        at: Option<(Step, Point, usize, Break)>,
    ) -> Vec<((Step, Point), usize)> {
        let there = self.prepare(kind).await;
        match at {
            Some((step, point, nth, what)) => self.points.arm(step, point, nth, what),
            None => self.points.disarm(),
        }
        let service = self.ask(kind, there.as_ref()).await;
        let (id, name) = (service.uuid, name(&service));
        if let Some((.., what)) = at {
            let hit = timeout(Duration::from_secs(10), self.points.hit()).await;
            hit.unwrap_or_else(|_| panic!("{kind} {at:?}: never came there"));
            if what == Break::Hang {
                self.console.take().expect("a console").die();
                self.world.on.run(LEASE_ENDS, id).await;
                self.start();
                self.world.waker.wake();
            }
        }
        let world = &self.world;
        if kind == OperationKind::Delete {
            world.wait("the end", async || world.task(id).await.is_none().then_some(())).await;
            // it is done with the commit in its last step, and that step then ends
            let ended = async || self.points.passed().contains_key(&(Step::Remove, Point::After)).then_some(());
            if at.is_none() {
                world.wait("the end of the last step", ended).await;
            }
        } else {
            world
                .wait("rest", async || {
                    let task = world.task(id).await?;
                    (task.step == "watch" && task.lease_until.is_none() && task.last_error.is_none()).then_some(())
                })
                .await;
        }
        let passed = self.points.passed().into_iter().collect();
        let there = kind != OperationKind::Delete;
        let open = world.on.count("select count(*) from operations where finished_at is null").await;
        assert_eq!((open, world.rows("services").await), (0, i64::from(there)), "{kind} {at:?}");
        let effects: &[Effect] = if there { &[Effect::Made] } else { &[Effect::Made, Effect::Removed] };
        assert_eq!(world.runtime.effects(&name), effects, "{kind} {at:?}");
        let mounted = kind == OperationKind::MountApp;
        assert_eq!(world.runtime.mounts(&name).len(), usize::from(mounted), "{kind} {at:?}");
        assert_eq!(world.rows("mounts").await, i64::from(mounted), "{kind} {at:?}");
        if there {
            let seen = world.get(id).await;
            assert_eq!((seen.state, seen.state_reason), (State::Bound, None), "{kind} {at:?}");
            let disk = if kind == OperationKind::Update { 2048 } else { 1024 };
            assert_eq!(world.runtime.disk(&name), Some(disk), "{kind} {at:?}");
            world.delete(id).await;
            world.gone(id).await;
        }
        passed
    }
}

#[sqlx::test]
async fn every_work_on_a_volume_may_be_repeated_failed_and_cut_off_at_every_point(pool: PgPool) {
    let world = World::idle(pool).await;
    world.listens().await;
    world.impatient();
    world.runtime.has_app(world.project, WEB);
    let mut bench = Bench { world, points: FailPoints::default(), console: None };
    bench.start();
    let mut cases = 0;
    for kind in WORKS {
        for ((step, point), times) in bench.does(kind, None).await {
            for (nth, what) in (1..=times).flat_map(|nth| Break::ALL.map(|what| (nth, what))) {
                bench.does(kind, Some((step, point, nth, what))).await;
                cases += 1;
            }
        }
    }
    assert!(cases > 60, "{cases}");
}
