//! Every step of every kind of work is repeated, failed and cut off at each of its points, and at random moments. Then
//! there is exactly one of everything, or none. What there is to break comes from running the work once and counting.

#![expect(clippy::print_stdout, reason = "the cases are counted, and the seed is named")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use contract::operation::OperationKind;
use contract::{Service, State};
use control::reconcile::Step;
use control::reconcile::fail_points::{Break, FailPoints, Point};
use control::testing::{Effect, Fault, Method, Work};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::doomed::{Doomed, LEASE_ENDS};
use crate::world::{World, name};

/// An attempt that would wait for its time doesn't. What ended meanwhile isn't looked at once more.
const HURRY: &str = "update tasks set run_at = now()
                     where service_id = $1 and lease_until is null and last_error is not null";
/// From the kill on, but for the lease.
const CONVERGES: Duration = Duration::from_secs(10);
const RANDOM_KILLS: usize = 200;

/// How a console is disturbed.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    None,
    At(Step, Point, usize, Break),
    KillAfter(Duration),
}

/// Where a piece of work begins; `None` for what doesn't exist yet.
async fn prepare(work: Work, world: &World) -> Option<Service> {
    match work {
        Work::Operation(OperationKind::Create | OperationKind::MountApp | OperationKind::UnmountApp) => None,
        Work::Operation(OperationKind::Start) => {
            let service = world.healthy(world.with_variables()).await;
            world.ask(service.uuid, "stop").await.unwrap();
            Some(world.settled(service.uuid, State::Stopped).await)
        }
        Work::Operation(OperationKind::Retry) => {
            world.runtime.next(Method::Ensure, Fault::rejected("no room"));
            let service = world.create(world.with_variables()).await;
            Some(world.settled(service.uuid, State::Failed).await)
        }
        Work::Look
        | Work::Mend
        | Work::Operation(
            OperationKind::Update
            | OperationKind::Stop
            | OperationKind::Restart
            | OperationKind::RotatePassword
            | OperationKind::PromoteExternal
            | OperationKind::PromoteReplica
            | OperationKind::Delete,
        ) => Some(world.healthy(world.with_variables()).await),
    }
}

/// What is done to the service meanwhile, each thing once.
fn effects(work: Work) -> &'static [Effect] {
    use Effect::{Configured, Made, Removed, Started, Stopped};
    match work {
        Work::Look
        | Work::Operation(
            OperationKind::PromoteExternal
            | OperationKind::PromoteReplica
            | OperationKind::MountApp
            | OperationKind::UnmountApp,
        ) => &[],
        Work::Mend | Work::Operation(OperationKind::Start) => &[Started],
        Work::Operation(OperationKind::Create | OperationKind::Retry) => &[Made, Started, Configured],
        Work::Operation(OperationKind::Update | OperationKind::Restart) => &[Stopped, Started],
        Work::Operation(OperationKind::Stop) => &[Stopped],
        Work::Operation(OperationKind::RotatePassword) => &[Configured],
        Work::Operation(OperationKind::Delete) => &[Removed],
    }
}

/// A console at work on one thing after another.
struct Bench {
    world: World,
    other: Uuid,
    points: FailPoints,
    console: Option<Doomed>,
}

impl Bench {
    async fn new(pool: PgPool) -> Self {
        let world = World::idle(pool).await;
        world.listens().await;
        let other = world.project("Other").await;
        let mut bench = Self { world, other, points: FailPoints::default(), console: None };
        bench.start();
        bench
    }

    fn start(&mut self) {
        self.console = Some(Doomed::with(&self.world, self.world.waker.clone(), self.points.clone()));
    }

    async fn kill_and_start(&mut self, id: Uuid) {
        self.console.take().expect("a console").die();
        self.world.on.run(LEASE_ENDS, id).await;
        self.start();
        self.world.waker.wake();
    }

    /// Does a piece of work with a disturbance in it; answers what was passed.
    async fn does(&mut self, work: Work, disturbance: Disturbance) -> BTreeMap<(Step, Point), usize> {
        let there = prepare(work, &self.world).await;
        let before = there.as_ref().map_or(0, |s| self.world.runtime.effects(&name(s)).len());
        match disturbance {
            Disturbance::At(step, point, nth, what) => self.points.arm(step, point, nth, what),
            Disturbance::None | Disturbance::KillAfter(_) => self.points.disarm(),
        }
        let id = match (work, &there) {
            (Work::Look, Some(service)) => {
                self.world.hurry(service.uuid).await;
                service.uuid
            }
            (Work::Mend, Some(service)) => {
                // its hint wakes the console
                self.world.runtime.die(&name(service));
                service.uuid
            }
            _ => {
                let (on, projects) = (&self.world.on, (self.world.project, self.other));
                work.ask(&on.control, &on.owner, there.as_ref(), projects).await
            }
        };
        let service = match there {
            Some(service) => service,
            None => self.world.get(id).await,
        };
        match disturbance {
            Disturbance::None => {}
            Disturbance::At(.., what) => {
                let hit = timeout(CONVERGES, self.points.hit()).await;
                hit.unwrap_or_else(|_| panic!("{work:?} {disturbance:?}: never came there"));
                if what == Break::Hang {
                    self.kill_and_start(id).await;
                }
            }
            Disturbance::KillAfter(wait) => {
                sleep(wait).await;
                self.kill_and_start(id).await;
            }
        }
        let began = Instant::now();
        while !self.is_done(work, &service, before).await {
            assert!(began.elapsed() < CONVERGES, "{work:?} {disturbance:?}: {:?}", self.world.task(id).await);
            self.world.on.run(HURRY, id).await;
            self.world.waker.wake();
            sleep(Duration::from_millis(5)).await;
        }
        // a delete is done with the commit in its last step, and that step then ends
        let ended = || self.points.passed().contains_key(&(Step::Remove, Point::After));
        while matches!((work, disturbance), (Work::Operation(OperationKind::Delete), Disturbance::None)) && !ended() {
            assert!(began.elapsed() < CONVERGES, "{work:?}: its last step never ends");
            sleep(Duration::from_millis(1)).await;
        }
        let passed = self.points.passed();
        self.check(work, &service, before, &format!("{work:?} {disturbance:?}")).await;
        if work != Work::Operation(OperationKind::Delete) {
            self.world.delete(id).await;
            self.world.gone(id).await;
        }
        passed
    }

    async fn is_done(&self, work: Work, service: &Service, before: usize) -> bool {
        let task = self.world.task(service.uuid).await;
        if work == Work::Operation(OperationKind::Delete) {
            return task.is_none();
        }
        let Some(task) = task else { return false };
        let at_rest = task.step == "watch" && task.lease_until.is_none() && task.last_error.is_none();
        // what is looked at was at rest before, and is done once it is watched again
        let watched = at_rest && task.deadline_at.is_none() && task.run_at > time::OffsetDateTime::now_utc();
        watched && self.world.runtime.effects(&name(service)).len() >= before + effects(work).len()
    }

    /// Exactly one of everything, or none.
    async fn check(&self, work: Work, service: &Service, before: usize, what: &str) {
        let world = &self.world;
        assert_eq!(world.runtime.effects(&name(service))[before..], *effects(work), "{what}");
        let open = world.on.count("select count(*) from operations where finished_at is null").await;
        let running = world.on.count("select count(*) from operation_steps where state = 'running'").await;
        assert_eq!((open, running), (0, 0), "{what}");
        assert_eq!(world.rows("signals").await, 0, "{what}");
        let there = i64::from(work != Work::Operation(OperationKind::Delete));
        for table in ["services", "observations", "tasks"] {
            assert_eq!(world.rows(table).await, there, "{table}, {what}");
        }
        assert_eq!(world.runtime.names().len() as i64, there, "{what}");
        let home = if work == Work::Operation(OperationKind::Update) { self.other } else { world.project };
        assert_eq!(world.rows("vars").await, there * 2, "{what}");
        if there == 0 {
            return;
        }
        let owner = Some(service.uuid);
        assert!(world.vars(home).await.iter().all(|(_, _, of)| *of == owner), "{what}");
        let seen = world.get(service.uuid).await;
        let stopped = work == Work::Operation(OperationKind::Stop);
        assert_eq!(seen.state, if stopped { State::Stopped } else { State::Healthy }, "{what}");
        assert_eq!(seen.state_reason, None, "{what}");
        if let Work::Operation(kind) = work {
            let done = "select count(*) from operations where state = 'succeeded' and kind = $1";
            let done: i64 = sqlx::query_scalar(done).bind(kind.as_str()).fetch_one(&world.on.pool).await.unwrap();
            assert_eq!(done, 1, "{what}");
        }
    }
}

#[sqlx::test]
async fn every_step_of_every_work_may_be_repeated_failed_and_cut_off_at_every_point(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let (mut cases, mut seen) = (0, BTreeSet::new());
    for work in Work::all() {
        let passed = bench.does(work, Disturbance::None).await;
        seen.extend(passed.keys().copied());
        for ((step, point), times) in passed {
            for (nth, what) in (1..=times).flat_map(|nth| Break::ALL.map(|what| (nth, what))) {
                bench.does(work, Disturbance::At(step, point, nth, what)).await;
                cases += 1;
            }
        }
    }
    let all: BTreeSet<_> = Step::ALL.into_iter().flat_map(|step| Point::ALL.map(|point| (step, point))).collect();
    assert_eq!(seen, all, "a step or a point of it is in no work");
    println!("{cases} cases: {} kinds of work, {} points of {} steps", Work::all().count(), all.len(), Step::ALL.len());
}

#[sqlx::test]
async fn two_hundred_kills_at_random_moments_leave_one_of_everything_or_none(pool: PgPool) {
    let seed: u64 = std::env::var("BERTH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("BERTH_SEED={seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut bench = Bench::new(pool).await;
    let works: Vec<_> = Work::all().collect();
    for _ in 0..RANDOM_KILLS {
        let work = works[random.random_range(0..works.len())];
        let wait = Duration::from_micros(random.random_range(0..40_000));
        bench.does(work, Disturbance::KillAfter(wait)).await;
    }
}
