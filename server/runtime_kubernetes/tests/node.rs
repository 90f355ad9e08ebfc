//! The contract tests of the port on a real node: run by `cluster with --size node`, which names it in KUBECONFIG.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what stands around a test may panic as the test may")]

use std::path::Path;
use std::time::Duration;

use contract::spec::Size;
use contract::values::{Mib, MilliCores, PgMajor};
use control::port::{Phase, Provisioner as _, Publication, ServiceName, ServiceRef};
use control::port_suite;
use control::testing::suite::Lab;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, LogParams, PostParams};
use runtime_kubernetes::{Access, Config, KubernetesRuntime};
use serde_json::json;
use uuid::Uuid;

/// The operator's label for the instance that takes writes.
const PRIMARY: &str = "cnpg.io/instanceRole=primary";

struct Cluster {
    runtime: KubernetesRuntime,
    client: Client,
    config: Config,
    major: PgMajor,
}

impl Cluster {
    async fn new(major: u8) -> Self {
        let client = Client::try_default().await.unwrap();
        let config = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
        let config = Config::read(Path::new(&config)).unwrap();
        let runtime = KubernetesRuntime::start(Access::find().await.unwrap(), config.clone()).unwrap();
        Self { runtime, client, config, major: PgMajor::new(major).unwrap() }
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

/// An app of a project that says what it was given, and waits.
fn app(publication: &Publication, image: &str) -> Deployment {
    let labels = json!({ "app": "shop", "berth.dev/project": publication.project.to_string() });
    let quiet = json!({ "runAsNonRoot": true, "runAsUser": 26, "allowPrivilegeEscalation": false,
                        "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" } });
    let container = json!({
        "name": "app", "image": image, "command": ["sh", "-c", "echo \"A is $A\"; exec sleep 3600"], "securityContext": quiet,
        "envFrom": [{ "secretRef": { "name": format!("variables-{}", publication.project) } }],
    });
    let pods = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container], "terminationGracePeriodSeconds": 0 } });
    let app = json!({ "metadata": { "name": "shop", "labels": labels },
                      "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "shop" } }, "template": pods } });
    serde_json::from_value(app).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with --size node`"]
async fn variables_reach_an_app_that_begins_anew_when_they_change() {
    let lab = Cluster::new(17).await;
    let mut publication = Publication {
        workspace: Uuid::now_v7(),
        project: Uuid::now_v7(),
        version: 1,
        vars: Some([("A".to_owned(), contract::values::Secret::new("one"))].into()),
    };
    lab.runtime.publish(&publication).await.unwrap();
    let service = ServiceRef { workspace: publication.workspace, name: ServiceName::random("postgres") };
    let apps = lab.namespaced::<Deployment>(&service);
    let images = lab.config.images["17"].clone();
    apps.create(&PostParams::default(), &app(&publication, &images)).await.unwrap();
    let says = async |words: &str| {
        let pods = lab.namespaced::<Pod>(&service);
        let said = async {
            loop {
                let there = pods.list(&ListParams::default().labels("app=shop")).await.unwrap();
                for pod in there.items.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()) {
                    let log = pods.logs(pod.metadata.name.as_deref().unwrap(), &LogParams::default()).await;
                    if log.is_ok_and(|log| log.trim() == words) {
                        return;
                    }
                }
                tokio::time::sleep(lab.pace()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), said).await.unwrap_or_else(|_| panic!("no pod says {words}"));
    };
    says("A is one").await;
    // again: nothing begins anew
    lab.runtime.publish(&publication).await.unwrap();
    let generation = async || apps.get("shop").await.unwrap().metadata.generation;
    let before = generation().await;
    lab.runtime.publish(&publication).await.unwrap();
    assert_eq!(generation().await, before);
    publication.version = 2;
    publication.vars = Some([("A".to_owned(), contract::values::Secret::new("two"))].into());
    lab.runtime.publish(&publication).await.unwrap();
    says("A is two").await;
    publication.vars = None;
    lab.runtime.publish(&publication).await.unwrap();
    let left = lab.namespaced::<Secret>(&service).get_opt(&format!("variables-{}", publication.project)).await.unwrap();
    assert!(left.is_none());
}

port_suite!(
    #[ignore = "needs `cluster with --size node`"]
    postgres_17,
    Cluster::new(17).await
);
