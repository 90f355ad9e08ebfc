//! The contract tests of the port on a real node: run by `cluster with --size node`, which names it in KUBECONFIG.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what stands around a test may panic as the test may")]

use std::path::Path;
use std::time::Duration;

use contract::spec::Size;
use contract::values::{Mib, MilliCores, PgMajor};
use control::port::{Phase, ServiceRef};
use control::port_suite;
use control::testing::suite::Lab;
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams};
use runtime_kubernetes::{Access, Config, KubernetesRuntime};

/// The operator's label for the instance that takes writes.
const PRIMARY: &str = "cnpg.io/instanceRole=primary";

struct Cluster {
    runtime: KubernetesRuntime,
    client: Client,
    major: PgMajor,
}

impl Cluster {
    async fn new(major: u8) -> Self {
        let client = Client::try_default().await.unwrap();
        let config = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
        let config = Config::read(Path::new(&config)).unwrap();
        let runtime = KubernetesRuntime::start(Access::find().await.unwrap(), config).unwrap();
        Self { runtime, client, major: PgMajor::new(major).unwrap() }
    }

    fn namespaced<K>(&self, service: &ServiceRef) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &format!("berth-{}", service.workspace))
    }

    /// Asks the primary as its owner, from outside the cluster.
    async fn ask(&self, service: &ServiceRef, query: &str) -> String {
        let name = &service.name;
        let secret = self.namespaced::<Secret>(service).get(&format!("{name}-owner")).await.unwrap();
        let leads = self.namespaced::<Service>(service).get(&format!("{name}-rw")).await.unwrap();
        let user = name.database();
        let mut config = tokio_postgres::Config::new();
        config.host(leads.spec.unwrap().cluster_ip.unwrap()).user(&user).dbname(&user);
        config.password(&secret.data.unwrap()["password"].0);
        let (session, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        session.query_one(query, &[]).await.unwrap().get(0)
    }
}

impl Lab for Cluster {
    type Runtime = KubernetesRuntime;

    fn runtime(&self) -> &KubernetesRuntime {
        &self.runtime
    }

    fn major(&self) -> PgMajor {
        self.major
    }

    fn size(&self) -> Size {
        Size { ram: Mib::new(256), disk: Mib::new(512), cpu: MilliCores::new(1000) }
    }

    fn port(&self) -> Option<u16> {
        None
    }

    fn pace(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn way(&self) -> &'static [Phase] {
        &[Phase::Preparing, Phase::Starting]
    }

    async fn began(&self, service: &ServiceRef) -> String {
        self.ask(service, "select pg_postmaster_start_time()::text").await
    }

    async fn memory(&self, service: &ServiceRef) -> String {
        self.ask(service, "show shared_buffers").await
    }

    async fn kill(&self, service: &ServiceRef) {
        let members = format!("{PRIMARY},cnpg.io/cluster={}", service.name);
        let pods = self.namespaced::<Pod>(service);
        let at_once = DeleteParams::default().grace_period(0);
        let killed = pods.delete_collection(&at_once, &ListParams::default().labels(&members)).await.unwrap();
        assert!(killed.left().is_none_or(|killed| killed.items.len() == 1), "one primary");
    }
}

port_suite!(postgres_17, Cluster::new(17).await);
