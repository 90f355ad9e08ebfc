//! Consoles that die while they make and remove what services are on a cluster, and two of them at once: run by `cluster with`,
//! which names a cluster in KUBECONFIG. Without nodes a service gets as far as the objects that it is made of; what comes behind that
//! is tried `on_a_node`.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]
#![expect(clippy::print_stdout, reason = "the cases are counted, and the seed is named")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::permission::Role;
use contract::project::ProjectFields;
use contract::values::Secret;
use contract::{Caller, Console, Service};
use control::events::Hub;
use control::identity::{Capacity, FirstStart, Identity, Site, seed_site};
use control::reconcile::fail_points::{Break, FailPoints, Point};
use control::reconcile::{Step, Waker, run};
use control::testing::Work;
use control::{Control, Sealer};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use runtime_kubernetes::{Access, Config, KubernetesRuntime};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// From a kill on, but for the lease: to the objects, and to a database that serves. Where the operator's kinds are new, the cluster's
/// own garbage collector takes half a minute to learn of them.
const CONVERGES: Duration = Duration::from_secs(60);
const SERVES: Duration = Duration::from_secs(240);
const PACE: Duration = Duration::from_millis(20);
const RANDOM_KILLS: usize = 40;
/// The longest time from a wish to a random kill, in milliseconds: what one takes without a node.
const MOST: u64 = 600;
/// Everything that a service may be made of, but its pods, whose names nobody knows before.
const KINDS: [(&str, &str, &str); 9] = [
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("", "v1", "PersistentVolumeClaim"),
    ("batch", "v1", "Job"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("postgresql.cnpg.io", "v1", "Cluster"),
];
const PODS: (&str, &str, &str) = ("", "v1", "Pod");

/// The lease of a console that died has run out.
const LEASE_ENDS: &str =
    "update tasks set lease_until = now() - interval '1 second', run_at = now() where service_id = $1";
/// An attempt that would wait for its time doesn't.
const HURRY: &str = "update tasks set run_at = now()
                     where service_id = $1 and lease_until is null and last_error is not null";
/// Its objects are there, and what remains is the operator's.
const MADE: &str = "select exists (
                      select from tasks t join observations o using (service_id)
                      where service_id = $1 and t.lease_until is null and t.last_error is null and o.phase = 'preparing')";

/// A workspace whose services are on the cluster, and no console.
struct Setting {
    pool: PgPool,
    client: Client,
    config: Config,
    /// Asks; never works.
    control: Control,
    owner: Caller,
    project: Uuid,
    waker: Waker,
    stop: CancellationToken,
    /// How long anything may take.
    patience: Duration,
}

impl Setting {
    async fn new(pool: PgPool, patience: Duration) -> Self {
        let config = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
        let config = Config::read(Path::new(&config)).unwrap();
        let admin = ("ada@example.org", &Secret::new("Correct-Horse-1"));
        let made = Identity::new(pool.clone()).bootstrap(Some(admin)).await.unwrap();
        let FirstStart::AdminMade(user_id) = made else { panic!("{made:?}") };
        let capacity = Capacity { ram_mib: 1 << 20, disk_mib: 1 << 20, cpu_millis: 100_000 };
        seed_site(&pool, Site::Cluster, capacity).await.unwrap();
        let workspace = sqlx::query_scalar("select id from workspaces").fetch_one(&pool).await.unwrap();
        let owner = Caller {
            user_id,
            email: "ada@example.org".into(),
            workspace_id: workspace,
            workspace_slug: "main".into(),
            workspace_name: "Main".into(),
            role: Role::Owner,
            proof: Uuid::nil(),
            request_id: "r1".into(),
        };
        let control = control(pool.clone(), &config).await;
        let fields = ProjectFields { name: "Shop".into(), ..Default::default() };
        let project = control.create_project(&owner, fields).await.unwrap().uuid;
        let (waker, stop) = (Waker::default(), CancellationToken::new());
        tokio::spawn(Hub::new().feed(pool.clone(), waker.clone(), stop.clone()));
        let client = Client::try_default().await.unwrap();
        Self { pool, client, config, control, owner, project, waker, stop, patience }
    }

    /// A console that a test kills, with its own connections, in a runtime of its own: nothing of it ends in an orderly way.
    fn console(&self, points: &FailPoints) -> Doomed {
        let (options, config) = (self.pool.connect_options(), self.config.clone());
        let (waker, points) = (self.waker.clone(), points.clone());
        let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        executor.spawn(async move {
            let pool = PgPoolOptions::new().max_connections(3).connect_with((*options).clone()).await.unwrap();
            let control = control(pool, &config).await.with_fail_points(points);
            run(control, waker, CancellationToken::new()).await;
        });
        Doomed(Some(executor))
    }

    async fn create(&self) -> Service {
        self.control.create_service(&self.owner, Work::wanted(self.project), None).await.unwrap()
    }

    async fn delete(&self, service: &Service) {
        self.control.delete_service(&self.owner, &service.uuid.to_string()).await.unwrap();
    }

    async fn run(&self, statement: &'static str, service: Uuid) {
        sqlx::query(statement).bind(service).execute(&self.pool).await.unwrap();
    }

    async fn is(&self, statement: &'static str, service: Uuid) -> bool {
        sqlx::query_scalar(statement).bind(service).fetch_one(&self.pool).await.unwrap()
    }

    async fn made(&self, service: &Service) {
        self.until("made", service, async || self.is(MADE, service.uuid).await).await;
    }

    async fn gone(&self, service: &Service) {
        let gone = "select not exists (select from services where id = $1)";
        self.until("gone", service, async || self.is(gone, service.uuid).await).await;
    }

    async fn until(&self, what: &str, service: &Service, mut is: impl AsyncFnMut() -> bool) {
        let reached = async {
            while !is().await {
                self.run(HURRY, service.uuid).await;
                self.waker.wake();
                sleep(PACE).await;
            }
        };
        if timeout(self.patience, reached).await.is_err() {
            let task = "select concat_ws(' ', t.*, o.phase) from tasks t join observations o using (service_id) where service_id = $1";
            let task: Option<String> =
                sqlx::query_scalar(task).bind(service.uuid).fetch_optional(&self.pool).await.unwrap();
            let pods = self.labelled(&[PODS], &format!("cnpg.io/cluster={}", service.name)).await;
            panic!("{} is never {what}: {task:?}, {:?}, {pods:?}", service.name, self.objects(service).await);
        }
    }

    /// `kind name` of all of these kinds that bear a label, in all namespaces.
    async fn labelled(&self, kinds: &[(&str, &str, &str)], label: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (group, version, kind) in kinds {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
            let every = Api::<DynamicObject>::all_with(self.client.clone(), &resource);
            let listed = every.list(&ListParams::default().labels(label)).await.unwrap();
            found.extend(
                listed.items.iter().map(|it| format!("{kind} {}", it.metadata.name.clone().unwrap_or_default())),
            );
        }
        found
    }

    /// What bears the label of a service, with `it` for its name.
    async fn objects(&self, service: &Service) -> BTreeSet<String> {
        let found = self.labelled(&KINDS, &format!("berth.dev/service={}", service.uuid)).await;
        found.into_iter().map(|named| named.replace(&service.name, "it")).collect()
    }

    /// What every service comes to; its own is removed again.
    async fn expected(&self) -> BTreeSet<String> {
        let service = self.create().await;
        self.made(&service).await;
        let (mut before, mut since) = (BTreeSet::new(), Instant::now());
        while since.elapsed() < Duration::from_secs(3) {
            let now = self.objects(&service).await;
            if now != before {
                (before, since) = (now, Instant::now());
            }
            sleep(PACE).await;
        }
        for known in
            ["Cluster it", "Secret it-owner", "NetworkPolicy it", "Job it-1-initdb", "PersistentVolumeClaim it-1"]
        {
            assert!(before.contains(known), "{known}: {before:?}");
        }
        self.remove(&service).await;
        before
    }

    /// Exactly what belongs to a service.
    async fn is_whole(&self, service: &Service, expected: &BTreeSet<String>) {
        self.until("whole", service, async || self.objects(service).await == *expected).await;
    }

    /// Nothing at all of a service.
    async fn is_nowhere(&self, service: &Service) {
        let label = format!("berth.dev/service={}", service.uuid);
        let nothing =
            async || self.objects(service).await.is_empty() && self.labelled(&[PODS], &label).await.is_empty();
        self.until("nowhere", service, nothing).await;
    }

    async fn remove(&self, service: &Service) {
        self.delete(service).await;
        self.gone(service).await;
        self.is_nowhere(service).await;
    }

    /// The names of all clusters of the workspace.
    async fn clusters(&self) -> BTreeSet<String> {
        let label = format!("berth.dev/workspace={}", self.owner.workspace_id);
        self.labelled(&[("postgresql.cnpg.io", "v1", "Cluster")], &label).await
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn control(pool: PgPool, config: &Config) -> Control {
    let runtime = KubernetesRuntime::start(Access::find().await.unwrap(), config.clone()).unwrap();
    Control::new(pool, Sealer::from_keys(&[[7; 32]]), Arc::new(runtime))
}

struct Doomed(Option<tokio::runtime::Runtime>);

impl Doomed {
    /// Everything that it did ends where it is.
    fn die(self) {}
}

impl Drop for Doomed {
    fn drop(&mut self) {
        self.0.take().expect("a console that lives").shutdown_background();
    }
}

/// The one console of a setting, which is killed and started again.
struct Bench {
    on: Setting,
    points: FailPoints,
    console: Option<Doomed>,
}

impl Bench {
    async fn new(pool: PgPool, patience: Duration) -> Self {
        let on = Setting::new(pool, patience).await;
        let points = FailPoints::default();
        let console = Some(on.console(&points));
        Self { on, points, console }
    }

    async fn kill_and_start(&mut self, service: Uuid) {
        self.console.take().expect("a console").die();
        self.on.run(LEASE_ENDS, service).await;
        self.console = Some(self.on.console(&self.points));
        self.on.waker.wake();
    }

    /// Until it has come to what was armed; who hangs there is killed.
    async fn broken(&mut self, service: &Service, what: Break) {
        let hit = timeout(self.on.patience, self.points.hit()).await;
        hit.unwrap_or_else(|_| panic!("{}: never came there", service.name));
        if what == Break::Hang {
            self.kill_and_start(service.uuid).await;
        }
    }
}

#[sqlx::test(migrations = "../control/migrations")]
#[ignore = "needs `cluster with`"]
async fn making_may_be_repeated_failed_and_cut_off_at_every_point(pool: PgPool) {
    let mut bench = Bench::new(pool, CONVERGES).await;
    let expected = bench.on.expected().await;
    for point in Point::ALL {
        for (nth, what) in [1, 2].into_iter().flat_map(|nth| Break::ALL.map(|what| (nth, what))) {
            bench.points.arm(Step::Ensure, point, nth, what);
            let service = bench.on.create().await;
            bench.broken(&service, what).await;
            bench.on.made(&service).await;
            bench.on.is_whole(&service, &expected).await;
            assert_eq!(bench.on.clusters().await.len(), 1, "{point:?} {nth} {what:?}");
            bench.points.disarm();
            bench.on.remove(&service).await;
        }
    }
}

#[sqlx::test(migrations = "../control/migrations")]
#[ignore = "needs `cluster with`"]
async fn removing_may_be_repeated_failed_and_cut_off_at_every_point(pool: PgPool) {
    let mut bench = Bench::new(pool, CONVERGES).await;
    for (point, what) in Point::ALL.into_iter().flat_map(|point| Break::ALL.map(|what| (point, what))) {
        bench.points.disarm();
        let service = bench.on.create().await;
        bench.on.made(&service).await;
        bench.points.arm(Step::Remove, point, 1, what);
        bench.on.delete(&service).await;
        bench.broken(&service, what).await;
        bench.on.gone(&service).await;
        bench.on.is_nowhere(&service).await;
        assert!(bench.on.clusters().await.is_empty(), "{point:?} {what:?}");
    }
}

#[sqlx::test(migrations = "../control/migrations")]
#[ignore = "needs `cluster with`"]
async fn kills_at_random_moments_leave_one_of_everything_or_none(pool: PgPool) {
    let seed: u64 = std::env::var("BERTH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("BERTH_SEED={seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut bench = Bench::new(pool, CONVERGES).await;
    let expected = bench.on.expected().await;
    for _ in 0..RANDOM_KILLS / 2 {
        let mut wait = || Duration::from_millis(random.random_range(0..MOST));
        let service = bench.on.create().await;
        sleep(wait()).await;
        bench.kill_and_start(service.uuid).await;
        bench.on.made(&service).await;
        bench.on.is_whole(&service, &expected).await;
        bench.on.delete(&service).await;
        sleep(wait()).await;
        bench.kill_and_start(service.uuid).await;
        bench.on.gone(&service).await;
        bench.on.is_nowhere(&service).await;
    }
    assert!(bench.on.clusters().await.is_empty());
}

#[sqlx::test(migrations = "../control/migrations")]
#[ignore = "needs `cluster with`"]
async fn two_consoles_on_one_database_and_one_cluster_make_and_remove_everything_once(pool: PgPool) {
    let on = Setting::new(pool, CONVERGES).await;
    let points = FailPoints::default();
    let (mut one, _other) = (on.console(&points), on.console(&points));
    let expected = on.expected().await;
    let services = futures::future::join_all((0..12).map(|_| on.create())).await;
    // in the middle of its work
    sleep(Duration::from_millis(300)).await;
    one.die();
    one = on.console(&points);
    for service in &services {
        on.made(service).await;
        on.is_whole(service, &expected).await;
    }
    let named = |services: &[Service]| -> BTreeSet<String> {
        services.iter().map(|service| format!("Cluster {}", service.name)).collect()
    };
    assert_eq!(on.clusters().await, named(&services));
    let (going, staying) = services.split_at(6);
    futures::future::join_all(going.iter().map(|service| on.delete(service))).await;
    sleep(Duration::from_millis(300)).await;
    one.die();
    for service in going {
        on.gone(service).await;
        on.is_nowhere(service).await;
    }
    assert_eq!(on.clusters().await, named(staying));
    for service in staying {
        assert_eq!(on.objects(service).await, expected);
    }
}

#[sqlx::test(migrations = "../control/migrations")]
#[ignore = "needs `cluster with --size node`"]
async fn on_a_node_what_comes_behind_the_objects_may_be_cut_off_as_well(pool: PgPool) {
    let mut bench = Bench::new(pool, SERVES).await;
    let healthy = "select state = 'healthy' from services where id = $1";
    let succeeded = "select count(*) = 1 from operations where service_id = $1 and state = 'succeeded'";
    let variables = "select count(*) = 2 from vars where service_id = $1";
    for (step, point) in
        [(Step::SignIn, Point::Between), (Step::Variables, Point::Between), (Step::Variables, Point::After)]
    {
        bench.points.arm(step, point, 1, Break::Hang);
        let service = bench.on.create().await;
        bench.broken(&service, Break::Hang).await;
        bench.on.until("healthy", &service, async || bench.on.is(healthy, service.uuid).await).await;
        for once in [succeeded, variables] {
            assert!(bench.on.is(once, service.uuid).await, "{step:?} {point:?}: {once}");
        }
        assert_eq!(bench.on.clusters().await.len(), 1, "{step:?} {point:?}");
        bench.on.remove(&service).await;
    }
}
