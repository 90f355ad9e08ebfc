//! One console at work on one thing after another, and what there has to be afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use contract::console::Secrets;
use contract::operation::OperationKind;
use contract::permission::Role;
use contract::project::ProjectFields;
use contract::values::Secret;
use contract::{Caller, Console as _, Service, State};
use control::Control;
use control::identity::{Capacity, Site, seed_site, seed_workspace};
use control::reconcile::Step;
use control::reconcile::fail_points::{Break, Point};
use control::testing::Work;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::testing::Place;
use postgres::{Host, Status};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::console::{Console, Home};

/// From the kill on, but for the lease.
const CONVERGES: Duration = Duration::from_secs(10);
/// How long anything else may take before a test gives up: the first copy of a template, say.
const LONG: Duration = Duration::from_secs(120);
const PACE: Duration = Duration::from_millis(20);
/// What is passed behind the last row is passed by then.
const MOMENT: Duration = Duration::from_secs(1);

/// How the console is disturbed.
#[derive(Clone, Copy, Debug)]
pub enum Disturbance {
    At(Step, Point, usize, Break),
    KillAfter(Duration),
}

pub struct Bench {
    home: Home,
    pool: PgPool,
    control: Control,
    host: Host,
    owner: Caller,
    project: Uuid,
    other: Uuid,
    console: Option<Console>,
}

impl Bench {
    /// On a database of its own beside that of `DATABASE_URL`.
    pub async fn new(place: &Place) -> Self {
        let home = Home {
            server: std::env::var("DATABASE_URL").expect("DATABASE_URL: run by `make test-rust`"),
            database: format!("aborts_{}", Uuid::now_v7().simple()),
            root: place.path().to_owned(),
            shared: place.host_config().shared.unwrap(),
        };
        home.on_server(&format!("create database {}", home.database)).await;
        let pool = control::store::open(home.store()).await.unwrap();
        let (control, host) = home.control(pool.clone()).await;
        seed_workspace(&pool).await.unwrap();
        seed_site(&pool, Site::Machine, Capacity { ram_mib: 8192, disk_mib: 65_536, cpu_millis: 8000 }).await.unwrap();
        let owner = owner(&control).await;
        let make = async |name: &str| {
            let fields = ProjectFields { name: name.into(), ..Default::default() };
            control.create_project(&owner, fields).await.unwrap().uuid
        };
        let (project, other) = (make("Shop").await, make("Other").await);
        let console = Some(Console::start(&home).await);
        Self { home, pool, control, host, owner, project, other, console }
    }

    /// The servers end with the place.
    pub async fn end(mut self) {
        self.console().die().await;
        self.pool.close().await;
        self.home.on_server(&format!("drop database {} with (force)", self.home.database)).await;
    }

    fn console(&mut self) -> Console {
        self.console.take().expect("a console")
    }

    /// Does a piece of work with a disturbance in it. False: it never came there.
    pub async fn does(&mut self, work: Work, disturbance: Disturbance) -> bool {
        let what = format!("{work:?} {disturbance:?}");
        let there = self.prepare(work).await;
        if let Disturbance::At(step, point, nth, how) = disturbance {
            self.console.as_mut().expect("a console").arm(step, point, nth, how).await;
        }
        let before = there.as_ref().and_then(|service| self.pid(service));
        let service = self.ask(work, there).await;
        let hit = match disturbance {
            Disturbance::KillAfter(wait) => {
                sleep(wait).await;
                self.console().die().await;
                true
            }
            Disturbance::At(_, _, _, how) => {
                let mut console = self.console();
                let hit = tokio::select! {
                    () = console.hit(how) => true,
                    // the last point of a removal comes when nothing of it is to be seen any more
                    () = self.done(work, &service, before) => timeout(MOMENT, console.hit(how)).await.is_ok(),
                };
                if !hit {
                    // else the removal of what is left would pass it
                    console.disarm().await;
                }
                self.console = Some(console);
                hit
            }
        };
        let ended = matches!(disturbance, Disturbance::KillAfter(_) | Disturbance::At(.., Break::Hang));
        if hit && ended {
            self.console = None;
            self.on("update tasks set lease_until = null, run_at = now() where service_id = $1", service.uuid).await;
            self.console = Some(Console::start(&self.home).await);
        }
        let done = timeout(CONVERGES, self.done(work, &service, before)).await;
        assert!(done.is_ok(), "{what}: {:?}", self.task(service.uuid).await);
        self.check(work, &service, &what).await;
        if work != Work::Operation(OperationKind::Delete) {
            self.control.delete_service(&self.owner, &service.name).await.unwrap();
            self.until("gone", async || self.task(service.uuid).await.is_none()).await;
        }
        hit
    }

    /// Where it begins; `None` for what doesn't exist yet.
    async fn prepare(&self, work: Work) -> Option<Service> {
        use OperationKind::{Create, Restart, Retry, Start, Stop};
        match work {
            Work::Operation(Create) => None,
            Work::Operation(Retry) => {
                let id = self.request(Work::Operation(Create), None).await;
                let service = self.rests(id, State::Healthy).await;
                // what has no port is refused
                let port = self.port(id).await;
                self.on("update services set port = null where id = $1", id).await;
                self.request(Work::Operation(Restart), Some(&service)).await;
                self.rests(id, State::Failed).await;
                let back = sqlx::query("update services set port = $2 where id = $1").bind(id).bind(port);
                back.execute(&self.pool).await.unwrap();
                Some(self.get(id).await)
            }
            _ => {
                let id = self.request(Work::Operation(Create), None).await;
                let service = self.rests(id, State::Healthy).await;
                if work != Work::Operation(Start) {
                    return Some(service);
                }
                self.request(Work::Operation(Stop), Some(&service)).await;
                Some(self.rests(id, State::Stopped).await)
            }
        }
    }

    async fn ask(&self, work: Work, there: Option<Service>) -> Service {
        match (work, there) {
            (Work::Look, Some(service)) => {
                self.hurry(service.uuid).await;
                service
            }
            (Work::Mend, Some(service)) => {
                let pid = self.pid(&service).expect("a server that runs");
                kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
                service
            }
            (_, there) => {
                let id = self.request(work, there.as_ref()).await;
                match there {
                    Some(service) => service,
                    None => self.get(id).await,
                }
            }
        }
    }

    async fn request(&self, work: Work, there: Option<&Service>) -> Uuid {
        work.ask(&self.control, &self.owner, there, (self.project, self.other)).await
    }

    async fn get(&self, id: Uuid) -> Service {
        self.control.get_service(&self.owner, &id.to_string(), Secrets::Shown).await.unwrap()
    }

    /// Until it is in this state, and nobody works on it.
    async fn rests(&self, id: Uuid, state: State) -> Service {
        self.until(&format!("{state}"), async || {
            self.task(id).await.is_some_and(|task| task.lease_until.is_none()) && self.get(id).await.state == state
        })
        .await;
        self.get(id).await
    }

    /// Until the work is done. An attempt that would wait for its time doesn't.
    async fn done(&self, work: Work, service: &Service, before: Option<u32>) {
        while !self.is_done(work, service, before).await {
            let waits = "update tasks set run_at = now()
                         where service_id = $1 and lease_until is null and last_error is not null and run_at > now()";
            if self.on(waits, service.uuid).await > 0 {
                self.wake(service.uuid).await;
            }
            sleep(PACE).await;
        }
    }

    async fn is_done(&self, work: Work, service: &Service, before: Option<u32>) -> bool {
        let task = self.task(service.uuid).await;
        if work == Work::Operation(OperationKind::Delete) {
            return task.is_none();
        }
        let Some(task) = task else { return false };
        let rests = task.step == "watch" && task.lease_until.is_none() && task.last_error.is_none() && !task.due;
        let mended = work != Work::Mend || self.pid(service).is_some_and(|pid| before != Some(pid));
        rests && task.deadline_at.is_none() && mended
    }

    /// Exactly one of everything, or none: rows, variables, directory, process, port.
    async fn check(&self, work: Work, service: &Service, what: &str) {
        let rows = async |table: &str| -> i64 {
            let count = AssertSqlSafe(format!("select count(*) from {table}"));
            sqlx::query_scalar(count).fetch_one(&self.pool).await.unwrap()
        };
        let there = i64::from(work != Work::Operation(OperationKind::Delete));
        for table in ["services", "observations", "tasks"] {
            assert_eq!(rows(table).await, there, "{table}, {what}");
        }
        for none in [
            "signals",
            "operations where finished_at is null",
            "operation_steps where state = 'running'",
            "vars where service_id is null",
        ] {
            assert_eq!(rows(none).await, 0, "{none}, {what}");
        }
        assert_eq!(rows("vars").await, there * 2, "{what}");
        let moved = work == Work::Operation(OperationKind::Update);
        let home = if moved { self.other } else { self.project };
        assert_eq!(rows(&format!("vars where project_id = '{home}'")).await, there * 2, "{what}");
        let dirs: Vec<_> = std::fs::read_dir(self.home.services()).unwrap().map(|e| e.unwrap().file_name()).collect();
        let name = std::ffi::OsString::from(&service.name);
        assert_eq!(dirs, if there == 1 { vec![name] } else { Vec::new() }, "{what}");
        let runs = there == 1 && work != Work::Operation(OperationKind::Stop);
        assert_eq!(servers(&self.home.services()), usize::from(runs), "{what}");
        if there == 1 {
            let now = self.get(service.uuid).await;
            assert_eq!(now.state, if runs { State::Healthy } else { State::Stopped }, "{what}");
            assert_eq!(now.state_reason, None, "{what}");
            let details = now.connection_details.expect("connection details");
            let url = details.internal.connection_url.expect("a URL");
            let answers = PgConnection::connect(url.expose()).await.is_ok();
            assert_eq!(answers, runs, "a sign-in with what the API returns: {what}");
        }
    }

    fn pid(&self, service: &Service) -> Option<u32> {
        match self.host.observe(&self.home.services().join(&service.name)).unwrap() {
            Status::Running { pid, .. } => Some(pid),
            _ => None,
        }
    }

    async fn task(&self, id: Uuid) -> Option<Task> {
        let task = "select step, lease_until, deadline_at, last_error, run_at <= now() as due from tasks where service_id = $1";
        sqlx::query_as(task).bind(id).fetch_optional(&self.pool).await.unwrap()
    }

    async fn port(&self, id: Uuid) -> i32 {
        sqlx::query_scalar("select port from services where id = $1").bind(id).fetch_one(&self.pool).await.unwrap()
    }

    async fn hurry(&self, id: Uuid) {
        self.on("update tasks set run_at = now() where service_id = $1", id).await;
        self.wake(id).await;
    }

    async fn wake(&self, id: Uuid) {
        let mut connection = self.pool.acquire().await.unwrap();
        control::store::events::wake(&mut connection, id).await.unwrap();
    }

    async fn on(&self, statement: &'static str, id: Uuid) -> u64 {
        sqlx::query(statement).bind(id).execute(&self.pool).await.unwrap().rows_affected()
    }

    async fn until(&self, what: &str, mut check: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !check().await {
            assert!(began.elapsed() < LONG, "{what} never came");
            sleep(PACE).await;
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Task {
    step: String,
    lease_until: Option<time::OffsetDateTime>,
    deadline_at: Option<time::OffsetDateTime>,
    last_error: Option<String>,
    due: bool,
}

async fn owner(control: &Control) -> Caller {
    let identity = control.identity();
    let password = Secret::new("correct horse battery staple");
    let user = identity.add_user("owner@example.com", &password, None, Role::Owner.as_str()).await.unwrap();
    let session = identity.open_session(user, "127.0.0.1", "tests").await.unwrap();
    identity.caller_by_session(&session, None, "tests").await.unwrap()
}

/// Postmasters of data directories below this one. Their children are called like them until they have a title of their own.
fn servers(dir: &Path) -> usize {
    let dir = dir.to_str().unwrap();
    let mut all = BTreeMap::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()) {
        let read = |file| std::fs::read_to_string(process.join(file)).ok();
        let (Some(command), Some(status)) = (read("cmdline"), read("status")) else { continue };
        let data = command.split('\0').skip_while(|word| *word != "-D").nth(1);
        let of =
            |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned());
        if data.is_some_and(|data| data.starts_with(dir)) {
            all.insert(of("Pid:"), of("PPid:"));
        }
    }
    all.values().filter(|parent| !all.contains_key(*parent)).count()
}
