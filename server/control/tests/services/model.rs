//! Random wishes and events on a service, beside a small reference model of it.
//!
//! In most cases nobody works but when a step says so; then every answer, state, effect and operation is the model's to
//! predict. In the others a worker is at work all the time, wishes and events come when they come, and the model says
//! what there is in the end. `PROPTEST_CASES` makes it more of them, `PROPTEST_RNG_SEED` others.

mod compare;
mod reference;

use std::cell::RefCell;
use std::time::Duration;

use contract::console::Secrets;
use contract::scalar::Raw;
use contract::{ApiError, Console as _, NewService, Service, ServiceChange, State};
use control::reconcile::fail_points::FailPoints;
use control::testing::{FakeRuntime, Fault, Method};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use self::reference::{DISK, Model, RAM, Trouble, Wish};
use crate::doomed::Doomed;
use crate::world::{World, control, name, refusal};

const CASES: u32 = 32;
/// Where nothing else is said, so that a run can be repeated.
const SEED: u64 = 20_261_124;
const STEPS: usize = 12;
/// How long it may take to come to rest, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);
const PACE: Duration = Duration::from_millis(10);
const LABELS: [&str; 3] = ["Orders", "Invoices", "Заказы"];

#[derive(Clone, Debug)]
enum Step {
    /// Another service, where the last one is gone; else one that is too large.
    Create(bool),
    Wish(Wish),
    /// The next call of a method goes wrong.
    Goes(Method, Trouble),
    /// Nothing goes wrong any more.
    Heal,
    Dies,
    Loses,
    /// Somebody works, and dies before or after the effect of a call.
    Kill(Method, bool),
    /// Whoever holds the lease has it no longer.
    LeaseEnds,
    /// Somebody works until there is nothing to do.
    Work,
}

#[derive(Clone, Debug)]
struct Case {
    /// Somebody is at work all the time.
    live: bool,
    steps: Vec<Step>,
}

fn wishes() -> impl Strategy<Value = Wish> {
    prop_oneof![
        1 => select(vec![64, 128, 256, RAM, RAM + 1]).prop_map(Wish::Ram),
        1 => select(vec![512, 1024, 2048, DISK, DISK + 1]).prop_map(Wish::Disk),
        1 => select(vec![100, 250, 1000]).prop_map(Wish::Cpu),
        1 => (0..LABELS.len()).prop_map(Wish::Label),
        1 => any::<bool>().prop_map(Wish::Variables),
        1 => (0..2usize).prop_map(Wish::Move),
        2 => Just(Wish::Start),
        3 => Just(Wish::Stop),
        2 => Just(Wish::Restart),
        2 => Just(Wish::Retry),
        1 => Just(Wish::Delete),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let called = || select(vec![Method::Ensure, Method::SignIn, Method::Restart]);
    let any_method = || select(vec![Method::Ensure, Method::SignIn, Method::Restart, Method::Observe, Method::Delete]);
    let passing = select(vec![Trouble::Passing, Trouble::Unheard]);
    prop_oneof![
        1 => any::<bool>().prop_map(Step::Create),
        9 => wishes().prop_map(Step::Wish),
        2 => (any_method(), passing).prop_map(|(method, trouble)| Step::Goes(method, trouble)),
        2 => called().prop_map(|method| Step::Goes(method, Trouble::Refusal)),
        1 => Just(Step::Heal),
        1 => Just(Step::Dies),
        1 => Just(Step::Loses),
        1 => (any_method(), any::<bool>()).prop_map(|(method, after)| Step::Kill(method, after)),
        1 => Just(Step::LeaseEnds),
        6 => Just(Step::Work),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let live = prop_oneof![3 => Just(false), 1 => Just(true)];
    (live, any::<bool>(), vec(steps(), 1..STEPS)).prop_map(|(live, variables, steps)| Case {
        live,
        steps: [Step::Create(variables)].into_iter().chain(steps).collect(),
    })
}

#[sqlx::test]
async fn any_wishes_and_events_end_as_a_small_model_says(pool: PgPool) {
    let mut config = Config { failure_persistence: None, max_shrink_time: 60_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    eprintln!("{} cases, {:?}", config.cases, config.rng_seed);
    let world = World::idle(pool).await;
    let target = world.project("Target").await;
    let (world, here) = (RefCell::new(world), Handle::current());
    let all = move || {
        TestRunner::new(config).run(&cases(), |case| {
            let mut world = world.borrow_mut();
            here.block_on(Run::through(&mut world, target, case));
            Ok(())
        })
    };
    tokio::task::spawn_blocking(all).await.unwrap().unwrap_or_else(|error| panic!("{error}"));
}

/// The neighbour is looked at no more: it would meet with the trouble that was meant for another.
const UNSEEN: &str = "update tasks set run_at = now() + interval '1 day' where service_id = $1";
const LOOK: &str = "update tasks set run_at = now()
                    where service_id = $1 and step = 'watch' and run_at < now() + interval '1 hour'";
/// Nobody waits for the time of another attempt; a refusal isn't tried again.
const HURRY: &str = "update tasks t set run_at = now() from observations o
                     where t.service_id = $1 and o.service_id = t.service_id and not o.rejected
                       and t.run_at between now() and now() + interval '1 hour'
                       and (t.lease_until is null or t.lease_until < now())
                       and (t.step <> 'watch' or t.last_error is not null)";
const AT_WORK: &str = "select count(*) from tasks t join observations o using (service_id)
                       where t.service_id = $1 and not (t.lease_until is null and (o.rejected or t.step = 'watch'
                         and t.last_error is null and t.run_at > now()))";
const LEASE_LOST: &str = "update tasks set fence = fence + 1, lease_until = now() - interval '1 second'
                          where service_id = $1 and lease_until is not null";
/// One case on the way.
struct Run<'w> {
    world: &'w World,
    projects: [Uuid; 2],
    neighbour: Service,
    subject: Service,
    model: Model,
    live: bool,
    /// What it may be at rest instead of what the model says, since two things went on at once.
    maybe: Vec<State>,
    /// A refusal waits for its call.
    refuses: bool,
}

impl Run<'_> {
    async fn through(world: &mut World, target: Uuid, case: Case) {
        for rows in ["delete from services", "delete from vars"] {
            sqlx::query(rows).execute(&world.on.pool).await.unwrap();
        }
        world.runtime = FakeRuntime::default();
        world.on.control = control(world.on.pool.clone(), &world.runtime);
        let world = &*world;
        let small = NewService { ram_size: 64.0.into(), disk_size: 0.5.into(), ..world.with_variables() };
        let neighbour = world.create(small).await;
        work(world, neighbour.uuid).await;
        world.on.run(UNSEEN, neighbour.uuid).await;
        let worker = case.live.then(|| world.work());
        let _stop = worker.as_ref().map(|(_, stop)| stop.clone().drop_guard());
        let mut model = Model::created(false);
        model.there = false;
        let projects = [world.project, target];
        let subject = neighbour.clone();
        let mut run =
            Run { world, projects, neighbour, subject, model, live: case.live, maybe: Vec::new(), refuses: false };
        for step in case.steps {
            run.step(step).await;
            run.compare().await;
        }
        run.step(Step::Work).await;
        world.runtime.heal();
        run.model.troubles.clear();
        for step in [Step::Wish(Wish::Delete), Step::Work] {
            run.step(step).await;
            run.compare().await;
        }
        if let Some(worker) = worker {
            world.end(worker).await;
        }
    }

    async fn step(&mut self, step: Step) {
        let (runtime, id) = (&self.world.runtime, self.subject.uuid);
        let exists = self.model.there && !self.model.deleting && runtime.names().contains(&name(&self.subject));
        match step {
            Step::Create(variables) => self.create(variables).await,
            Step::Wish(wish) => self.wish(wish).await,
            Step::Goes(method, trouble) if self.live || !self.model.troubles.contains_key(&method) => {
                runtime.next(method, fault(trouble));
                if !self.live {
                    self.model.troubles.insert(method, trouble);
                } else if trouble == Trouble::Refusal {
                    self.refuses = true;
                    self.maybe.push(State::Failed);
                }
            }
            Step::Heal => {
                runtime.heal();
                self.model.troubles.clear();
                self.refuses = false;
            }
            Step::Dies if exists => {
                runtime.die(&name(&self.subject));
                self.model.dies();
            }
            Step::Loses if exists => {
                runtime.lose(&name(&self.subject));
                self.model.loses();
                if self.live {
                    self.maybe.push(State::Lost);
                }
            }
            Step::Kill(method, after) if !self.live && self.model.there => self.kill(method, after).await,
            Step::LeaseEnds => self.world.on.run(LEASE_LOST, id).await,
            Step::Work if self.live => {
                rest(self.world, id).await;
                self.rested().await;
            }
            Step::Work => {
                let open = self.open().await;
                work(self.world, id).await;
                self.rested().await;
                self.told_the_truth(open).await;
            }
            _ => {}
        }
    }

    async fn create(&mut self, variables: bool) {
        if self.live && self.model.deleting {
            rest(self.world, self.subject.uuid).await;
            self.rested().await;
        }
        let (control, who) = (&self.world.on.control, &self.world.on.owner);
        if self.model.there {
            let free = RAM - self.model.size.0;
            let larger = f64::from((free + 1).max(64));
            let new = NewService { ram_size: larger.into(), ..self.world.wanted() };
            let words = format!("Ram size doesn't fit: {free} MiB are free on r1; the largest that fits is {free}");
            assert_eq!(refusal(control.create_service(who, new, None).await), (422, words));
            return;
        }
        let new = NewService {
            ram_size: 128.0.into(),
            label: LABELS[0].into(),
            environment_variables: variables.into(),
            ..self.world.wanted()
        };
        self.subject = self.world.create(new).await;
        let troubles = std::mem::take(&mut self.model.troubles);
        self.model = Model::created(variables);
        self.model.troubles = troubles;
    }

    async fn wish(&mut self, wish: Wish) {
        let state =
            match self.world.on.control.get_service(&self.world.on.owner, &self.subject.name, Secrets::Hidden).await {
                Ok(seen) if self.model.there => seen.state,
                _ => State::Deleting,
            };
        let answer = self.ask(wish).await;
        if !self.model.there {
            assert_eq!(refusal(answer), (404, "Service not found".into()), "{wish:?}");
            return;
        }
        // while somebody works the state may be another by now, which matters to none but these
        let timely = !matches!(wish, Wish::Start | Wish::Stop | Wish::Restart | Wish::Retry) && !self.model.deleting;
        if !self.live || timely {
            assert_eq!(answer.is_ok(), self.model.takes(wish, state), "{state} {wish:?}: {answer:?}");
        }
        match answer {
            Ok(()) => self.model.ask(wish, state),
            Err(error) if self.live && self.model.deleting => assert!([404, 422].contains(&error.status()), "{error}"),
            Err(error) => assert_eq!(error.status(), 422, "{state} {wish:?}: {error}"),
        }
    }

    async fn ask(&self, wish: Wish) -> Result<(), ApiError> {
        let (control, who, id) = (&self.world.on.control, &self.world.on.owner, self.subject.uuid);
        let name = id.to_string();
        let change = match wish {
            Wish::Start => return self.world.ask(id, "start").await.map(drop),
            Wish::Stop => return self.world.ask(id, "stop").await.map(drop),
            Wish::Restart => return self.world.ask(id, "restart").await.map(drop),
            Wish::Retry => return control.retry_service(who, &name).await.map(drop),
            Wish::Delete => return control.delete_service(who, &name).await,
            Wish::Ram(mib) => ServiceChange { ram_size: f64::from(mib).into(), ..Default::default() },
            Wish::Disk(mib) => ServiceChange { disk_size: (f64::from(mib) / 1024.0).into(), ..Default::default() },
            Wish::Cpu(millis) => ServiceChange { cpu_size: (f64::from(millis) / 1000.0).into(), ..Default::default() },
            Wish::Label(label) => ServiceChange { label: LABELS[label].into(), ..Default::default() },
            Wish::Variables(on) => ServiceChange { environment_variables: Raw::Switch(on), ..Default::default() },
            Wish::Move(to) => ServiceChange { project_id: self.projects[to].to_string().into(), ..Default::default() },
        };
        control.update_service(who, &name, change).await.map(drop)
    }

    /// What one leaves behind another ends, as if there had been one only.
    async fn kill(&mut self, method: Method, after: bool) {
        let (world, id) = (self.world, self.subject.uuid);
        world.runtime.heal();
        self.model.troubles.clear();
        world.runtime.next(method, if after { Fault::PauseAfter } else { Fault::PauseBefore });
        let open = self.open().await;
        let doomed = Doomed::with(world, world.waker.clone(), FailPoints::default());
        tokio::select! {
            () = world.runtime.paused(1) => {}
            () = rest(world, id) => {}
        }
        doomed.die();
        world.runtime.paused(0).await;
        world.runtime.heal();
        world.on.run(LEASE_LOST, id).await;
        work(world, id).await;
        self.rested().await;
        self.told_the_truth(open).await;
    }

    async fn open(&self) -> Vec<Uuid> {
        let open = sqlx::query_scalar("select id from operations where service_id = $1 and finished_at is null");
        open.bind(self.subject.uuid).fetch_all(&self.world.on.pool).await.unwrap()
    }
}

fn fault(trouble: Trouble) -> Fault {
    match trouble {
        Trouble::Passing => Fault::retry("it may work later"),
        Trouble::Unheard => Fault::lost_answer(),
        Trouble::Refusal => Fault::rejected("it never will"),
    }
}

/// Somebody works until there is nothing to do, and goes.
async fn work(world: &World, id: Uuid) {
    let worker = world.work();
    let _stop = worker.1.clone().drop_guard();
    rest(world, id).await;
    world.end(worker).await;
}

/// Until there is nothing to do, and somebody has looked since.
async fn rest(world: &World, id: Uuid) {
    for look in [false, true] {
        if look {
            world.on.run(LOOK, id).await;
        }
        let rests = async {
            loop {
                world.on.run(HURRY, id).await;
                world.waker.wake();
                let busy: i64 = sqlx::query_scalar(AT_WORK).bind(id).fetch_one(&world.on.pool).await.unwrap();
                if busy == 0 {
                    return;
                }
                sleep(PACE).await;
            }
        };
        if timeout(PATIENCE, rests).await.is_err() {
            panic!("it never came to rest: {:?}", world.task(id).await);
        }
    }
}
