//! A workspace with a project and a resource, a runtime in memory, and workers that can be started and killed.

use std::sync::Arc;
use std::time::Duration;

use contract::change::StateChange;
use contract::console::Secrets;
use contract::operation::{Operation, OperationState};
use contract::page::PageRequest;
use contract::project::{ProjectFields, VarFields};
use contract::{Caller, Console, NewService, Service, ServiceChange, State};
use control::events::Hub;
use control::port::ServiceName;
use control::reconcile::{Waker, run};
use control::testing::{FakeRuntime, Work};
use control::{Control, Sealer};
use futures::StreamExt as _;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::setting::{Setting, member, workspace};
use contract::permission::Role;
use control::identity::Identity;

/// How long anything may take before a test gives up.
const LONG: Duration = Duration::from_secs(30);
const PACE: Duration = Duration::from_millis(10);

pub struct World {
    pub on: Setting,
    pub runtime: FakeRuntime,
    pub hub: Hub,
    pub waker: Waker,
    pub project: Uuid,
    pub resource: Uuid,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl World {
    /// With a listener and nobody who works.
    pub async fn idle(pool: PgPool) -> Self {
        let runtime = FakeRuntime::default();
        let owner = member(&pool, workspace(&pool, "one").await, Role::Owner).await;
        let on = Setting {
            control: control(pool.clone(), &runtime),
            identity: Identity::new(pool.clone()),
            owner,
            pool: pool.clone(),
        };
        let project = make_project(&on, "Shop").await;
        let resource = on.resource(&on.owner, "r1").await;
        let stop = CancellationToken::new();
        let world = Self {
            hub: Hub::new(),
            waker: Waker::default(),
            project,
            resource,
            on,
            runtime,
            _guard: stop.clone().drop_guard(),
            stop,
        };
        tokio::spawn(world.hub.clone().feed(pool, world.waker.clone(), world.stop.clone()));
        world
    }

    /// With a listener and a worker.
    pub async fn new(pool: PgPool) -> Self {
        let world = Self::idle(pool).await;
        world.work();
        world
    }

    pub fn work(&self) -> Worker {
        let stop = self.stop.child_token();
        (tokio::spawn(run(self.on.control.clone(), self.waker.clone(), stop.clone())), stop)
    }

    /// Tells a worker to stop, and waits for its end.
    pub async fn end(&self, (worker, stop): Worker) {
        stop.cancel();
        timeout(LONG, worker).await.expect("its end").unwrap();
    }

    /// Nobody waits for the time of another attempt, from now on.
    pub fn impatient(&self) {
        let (pool, waker, stop) = (self.on.pool.clone(), self.waker.clone(), self.stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                let now = "update tasks set run_at = now() where run_at > now() and lease_until is null
                           and (last_error is not null or step <> 'watch')";
                let _ = sqlx::query(now).execute(&pool).await;
                waker.wake();
                sleep(PACE).await;
            }
        });
    }

    /// Until events are heard: a stream that began while the listener was still on its way ends once it is there.
    pub async fn listens(&self) {
        let heard = async || {
            let mut stream = std::pin::pin!(self.hub.subscribe(&self.on.owner));
            self.project(&Uuid::now_v7().simple().to_string()).await;
            stream.next().await.map(drop)
        };
        self.wait("a listener", heard).await;
    }

    /// The smallest request; an own label on demand.
    pub fn wanted(&self) -> NewService {
        NewService { environment_variables: Default::default(), ..self.with_variables() }
    }

    pub fn with_variables(&self) -> NewService {
        Work::wanted(self.project)
    }

    pub async fn create(&self, new: NewService) -> Service {
        self.on.control.create_service(&self.on.owner, new, None).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A service that is healthy.
    pub async fn healthy(&self, new: NewService) -> Service {
        let service = self.create(new).await;
        self.settled(service.uuid, State::Healthy).await
    }

    pub async fn get(&self, id: Uuid) -> Service {
        self.on.control.get_service(&self.on.owner, &id.to_string(), Secrets::Hidden).await.unwrap()
    }

    pub async fn update(&self, id: Uuid, change: ServiceChange) -> Service {
        let id = id.to_string();
        let change = self.on.control.update_service(&self.on.owner, &id, change);
        change.await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn ask(&self, id: Uuid, what: &str) -> Result<Service, contract::ApiError> {
        let change = StateChange { state: format!("process_{what}").into(), ..Default::default() };
        self.on.control.change_state(&self.on.owner, &id.to_string(), change).await
    }

    pub async fn delete(&self, id: Uuid) {
        self.on.control.delete_service(&self.on.owner, &id.to_string()).await.unwrap();
    }

    /// Until it is in this state.
    pub async fn until(&self, id: Uuid, state: State) -> Service {
        self.wait(&format!("{state}"), async || Some(self.get(id).await).filter(|s| s.state == state)).await
    }

    /// Until it is in this state, its last operation has ended and nobody works on it.
    pub async fn settled(&self, id: Uuid, state: State) -> Service {
        let settled = async || {
            self.task(id).await.filter(|t| t.lease_until.is_none() && (t.step == "watch" || state == State::Failed))?;
            let open = |s: &Service| s.operation.as_ref().is_some_and(|o| o.state == OperationState::Running);
            Some(self.get(id).await).filter(|s| s.state == state && !open(s))
        };
        self.wait(&format!("settled {state}"), settled).await
    }

    /// Until nobody works on it.
    pub async fn rests(&self, id: Uuid) {
        self.wait("rest", async || self.task(id).await.filter(|t| t.lease_until.is_none())).await;
    }

    pub async fn gone(&self, id: Uuid) {
        let rows = "select count(*) from services where id = $1";
        self.wait("gone", async || {
            let left: i64 = sqlx::query_scalar(rows).bind(id).fetch_one(&self.on.pool).await.unwrap();
            (left == 0).then_some(())
        })
        .await;
    }

    /// Until somebody waits for a table that a test has locked.
    pub async fn step_waits_for_a_lock(&self) {
        let waiting = "select count(*) from pg_locks l join pg_stat_activity a using (pid)
                       where not l.granted and a.datname = current_database() and l.locktype = 'relation'";
        self.wait("a held write", async || (self.on.count(waiting).await > 0).then_some(())).await;
    }

    /// Polls until the check says something.
    pub async fn wait<T>(&self, what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
        let polling = async {
            loop {
                if let Some(seen) = check().await {
                    return seen;
                }
                sleep(PACE).await;
            }
        };
        match timeout(LONG, polling).await {
            Ok(seen) => seen,
            Err(_) => panic!("{what} never came: {:#?}", self.state().await),
        }
    }

    /// Nobody waits for the time of the next attempt.
    pub async fn hurry(&self, id: Uuid) {
        self.on.run("update tasks set run_at = now() where service_id = $1", id).await;
        self.waker.wake();
    }

    pub async fn task(&self, id: Uuid) -> Option<Task> {
        let task = sqlx::query_as("select * from tasks where service_id = $1").bind(id);
        task.fetch_optional(&self.on.pool).await.unwrap()
    }

    pub async fn operation(&self, service: &Service) -> Operation {
        let last = service.operation.as_ref().expect("an operation").uuid;
        self.on.control.get_operation(&self.on.owner, last).await.unwrap()
    }

    /// `key=value-service?` of a project's variables, by key.
    pub async fn vars(&self, project: Uuid) -> Vec<(String, String, Option<Uuid>)> {
        let vars = self.on.control.list_vars(&self.on.owner, project, PageRequest::default()).await.unwrap();
        let mut vars: Vec<_> =
            vars.items.into_iter().map(|v| (v.key, v.value.unwrap_or_default(), v.service_id)).collect();
        vars.sort();
        vars
    }

    pub async fn set_var(&self, project: Uuid, key: &str, value: &str) {
        let fields = VarFields { key: key.into(), value: value.into(), ..Default::default() };
        self.on.control.create_var(&self.on.owner, project, fields).await.unwrap();
    }

    pub async fn project(&self, name: &str) -> Uuid {
        make_project(&self.on, name).await
    }

    /// What an owner is shown once he asks.
    pub async fn url(&self, id: Uuid) -> String {
        let shown = self.on.control.get_service(&self.on.owner, &id.to_string(), Secrets::Shown).await.unwrap();
        shown.connection_details.unwrap().internal.connection_url.unwrap().expose().to_owned()
    }

    /// The rows of a table.
    pub async fn rows(&self, table: &'static str) -> i64 {
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")));
        count.fetch_one(&self.on.pool).await.unwrap()
    }

    async fn state(&self) -> Vec<String> {
        let rows = "select concat_ws(' ', s.name, s.state, s.state_reason, o.phase, t.*) from services s
                    join observations o on o.service_id = s.id join tasks t on t.service_id = s.id";
        sqlx::query_scalar(rows).fetch_all(&self.on.pool).await.unwrap()
    }
}

#[derive(Debug, sqlx::FromRow)]
pub struct Task {
    pub step: String,
    pub fence: i64,
    pub attempt: i32,
    pub run_at: time::OffsetDateTime,
    pub lease_until: Option<time::OffsetDateTime>,
    pub deadline_at: Option<time::OffsetDateTime>,
    pub last_error: Option<String>,
}

pub type Worker = (tokio::task::JoinHandle<()>, CancellationToken);

pub fn name(service: &Service) -> ServiceName {
    ServiceName::parse(&service.name).unwrap()
}

pub fn control(pool: PgPool, runtime: &FakeRuntime) -> Control {
    Control::new(pool, Sealer::from_keys(&[[7; 32]]), Arc::new(runtime.clone()))
}

async fn make_project(on: &Setting, name: &str) -> Uuid {
    let fields = ProjectFields { name: name.into(), ..Default::default() };
    on.control.create_project(&on.owner, fields).await.unwrap().uuid
}

/// Status and words of an answer that says no.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, contract::ApiError>) -> (u16, String) {
    let error = answer.expect_err("a refusal");
    (error.status(), error.to_string())
}

/// Asks as somebody.
pub async fn seen(world: &World, who: &Caller, id: Uuid, secrets: Secrets) -> Result<Service, contract::ApiError> {
    world.on.control.get_service(who, &id.to_string(), secrets).await
}
