//! The port on top of the Kubernetes API and CloudNativePG.
//!
//! A service is a `Cluster` of CloudNativePG in the namespace of its workspace, with the Secret and the NetworkPolicy that it
//! needs. Everything is made by server-side apply under one field manager, so that every call can be repeated; nothing is kept
//! in memory but what can be asked for again.

mod answers;
mod apply;
mod apps;
mod breaker;
mod capabilities;
mod cluster;
mod config;
#[cfg(test)]
mod faults;
mod follows;
mod instance;
mod live;
mod logs;
mod manifests;
mod measure;
mod members;
mod names;
mod parameters;
mod phases;
mod preview;
mod provisioner;
mod publish;
mod remove;
mod session;
mod volumes;
mod wanted;
mod watch;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::Capabilities;
use contract::live::Live;
use contract::members::Member;
use control::port::{ServiceName, ServiceRef};
use kube::Client;
use kube::client::ClientBuilder;
use moka::future::Cache;
use tokio::sync::{Semaphore, broadcast};
use tokio::time::Instant;
use uuid::Uuid;

use self::breaker::Breaker;
pub use self::capabilities::Capacity;
pub use self::config::{Config, ConfigError};
use self::measure::Loads;
use self::session::Reach;
use self::watch::Seen;

/// Hints kept for a reader that is slow; lost ones cost a wait until the next look.
const HINTS: usize = 1024;
/// Logs read at once.
const LOGS: usize = 2;
/// How long what was asked for a page is good for another, and for how many services it is kept.
const MOMENT: Duration = Duration::from_secs(1);
const PAGES: u64 = 1000;
/// How long what a kubelet says of all its pods is good for each of them, and of how many nodes it is kept.
const LOOK: Duration = Duration::from_secs(5);
const NODES: u64 = 1000;
/// How long it is known on which node a pod is that nobody asks for, and of how many that is known.
const IDLE: Duration = Duration::from_secs(300);
const PODS: u64 = 10_000;
/// How long nothing may come of an answer that has begun; longer than a watch lives.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a connection to the API server may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Services as clusters of CloudNativePG. Cheap to clone.
#[derive(Clone)]
pub struct KubernetesRuntime(Arc<Inner>);

struct Inner {
    client: Client,
    config: Config,
    capabilities: Capabilities,
    reach: Reach,
    /// Workspaces whose namespace was seen to be as it should.
    namespaces: Mutex<HashSet<Uuid>>,
    /// The authority of each service's certificate, in PEM.
    authorities: Mutex<BTreeMap<ServiceName, Vec<u8>>>,
    /// What was applied last for each service that isn't ready yet.
    applied: Mutex<BTreeMap<ServiceName, Applied>>,
    seen: Seen,
    /// Turns at reading logs, each of which may take megabytes for a moment.
    logs: Semaphore,
    members: Cache<ServiceRef, Vec<Member>>,
    live: Cache<(ServiceRef, i64), Option<Live>>,
    loads: Cache<String, Loads>,
    /// The node of each pod that is measured, by namespace and name.
    nodes: Cache<(String, String), String>,
    hints: broadcast::Sender<ServiceName>,
}

/// Objects as they were made what is wanted.
#[derive(Clone, Copy)]
struct Applied {
    /// Of what was wanted.
    hash: u64,
    /// Of the cluster behind it.
    version: Option<u64>,
    at: Instant,
}

/// Why it can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no access to a Kubernetes cluster: {0}; set KUBECONFIG, as for kubectl")]
    Access(#[source] kube::Error),
    #[error("no access to a Kubernetes cluster: {0}; set KUBECONFIG, as for kubectl")]
    NoConfig(#[from] kube::config::InferConfigError),
}

/// How a cluster is reached, and as whom.
#[derive(Clone, Debug)]
pub struct Access(Box<kube::Config>);

impl Access {
    /// As kubectl finds it: KUBECONFIG, the file in the home directory, or the account of the pod that this runs in.
    ///
    /// # Errors
    /// Nothing names a cluster.
    pub async fn find() -> Result<Self, StartError> {
        Ok(Self(Box::new(kube::Config::infer().await?)))
    }
}

impl KubernetesRuntime {
    /// Starts the watch, which ends with the last clone. The cluster itself may be away.
    ///
    /// # Errors
    /// The access is none that can be used.
    pub fn start(access: Access, mut config: Config) -> Result<Self, StartError> {
        let reach = Reach::from(&access.0);
        if reach == Reach::Direct {
            // databases have to let us in
            config.berth_namespace.get_or_insert_with(|| access.0.default_namespace.clone());
        }
        let mut access = *access.0;
        access.connect_timeout = Some(CONNECT);
        access.read_timeout = Some(SILENCE);
        // the reconciler has a backoff of its own
        access.default_retry = false;
        let client =
            ClientBuilder::try_from(access).map_err(StartError::Access)?.with_layer(&Breaker::default()).build();
        let (seen, writers) = Seen::new();
        let runtime = Self(Arc::new(Inner {
            client,
            capabilities: capabilities::of(&config),
            config,
            reach,
            namespaces: Mutex::default(),
            authorities: Mutex::default(),
            applied: Mutex::default(),
            seen,
            logs: Semaphore::new(LOGS),
            members: Cache::builder().time_to_live(MOMENT).max_capacity(PAGES).build(),
            live: Cache::builder().time_to_live(MOMENT).max_capacity(PAGES).build(),
            loads: Cache::builder().time_to_live(LOOK).max_capacity(NODES).build(),
            nodes: Cache::builder().time_to_idle(IDLE).max_capacity(PODS).build(),
            hints: broadcast::channel(HINTS).0,
        }));
        tokio::spawn(watch::run(Arc::downgrade(&runtime.0), writers));
        Ok(runtime)
    }

    /// What the nodes of the cluster have for pods.
    ///
    /// # Errors
    /// The API server is away, or doesn't let us see its nodes.
    pub async fn capacity(&self) -> Result<Capacity, StartError> {
        Capacity::of(&self.0.client, &self.0.config).await.map_err(StartError::Access)
    }
}
