//! One watch for each kind of what is ours, whatever the number of services: hints, and what is known of each without asking.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use control::port::{PortError, ServiceName, ServiceRef};
use futures::StreamExt as _;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Inner;
use crate::answers::failed;
use crate::apps::{self, Runs};
use crate::cluster::Cluster;
use crate::names::{self, FIELD_MANAGER, MANAGED_BY};

/// Seconds after which a watch is asked for anew: one that has died in silence is found out by then.
const ANEW: u32 = 20;
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(3);

/// What the watches have seen.
pub(crate) struct Seen {
    clusters: Watched<Cluster>,
    /// Of what is ours beside them it is enough to know that it is there.
    secrets: Watched<PartialObjectMeta<Secret>>,
    policies: Watched<PartialObjectMeta<NetworkPolicy>>,
    pub(crate) claims: Watched<PersistentVolumeClaim>,
    pub(crate) deployments: Watched<Deployment>,
    pub(crate) stateful_sets: Watched<StatefulSet>,
}

pub(crate) struct Writers {
    clusters: Writer<Cluster>,
    secrets: Writer<PartialObjectMeta<Secret>>,
    policies: Writer<PartialObjectMeta<NetworkPolicy>>,
    claims: Writer<PersistentVolumeClaim>,
    deployments: Writer<Deployment>,
    stateful_sets: Writer<StatefulSet>,
}

/// Objects of one kind.
pub(crate) struct Watched<K: Resource<DynamicType = ()> + 'static> {
    store: Store<K>,
    /// The watch has listed everything, and nothing went wrong since.
    live: AtomicBool,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Watched<K> {
    fn new() -> (Self, Writer<K>) {
        let writer = Writer::default();
        (Self { store: writer.as_reader(), live: AtomicBool::new(false) }, writer)
    }

    fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }

    fn get(&self, workspace: Uuid, name: &str) -> Option<Arc<K>> {
        self.store.get(&ObjectRef::new(name).within(&names::namespace(workspace)))
    }

    /// One that is there, where the watch is up to date.
    pub(crate) fn find(&self, workspace: Uuid, name: &str) -> Option<Arc<K>> {
        self.get(workspace, name).filter(|_| self.is_live())
    }

    /// All of a namespace, where the watch is up to date.
    pub(crate) fn all(&self, workspace: Uuid) -> Option<Vec<Arc<K>>> {
        let namespace = names::namespace(workspace);
        let there = |object: &Arc<K>| object.meta().namespace.as_ref() == Some(&namespace);
        self.is_live().then(|| self.store.state().into_iter().filter(there).collect())
    }
}

impl Seen {
    pub(crate) fn new() -> (Self, Writers) {
        let (clusters, secrets, policies) = (Watched::new(), Watched::new(), Watched::new());
        let (claims, deployments, stateful_sets) = (Watched::new(), Watched::new(), Watched::new());
        let writers = Writers {
            clusters: clusters.1,
            secrets: secrets.1,
            policies: policies.1,
            claims: claims.1,
            deployments: deployments.1,
            stateful_sets: stateful_sets.1,
        };
        let seen = Self {
            clusters: clusters.0,
            secrets: secrets.0,
            policies: policies.0,
            claims: claims.0,
            deployments: deployments.0,
            stateful_sets: stateful_sets.0,
        };
        (seen, writers)
    }

    /// A cluster at this version or a later one, where the watch knows of it.
    fn cluster(&self, service: &ServiceRef, version: Option<u64>) -> Option<Arc<Cluster>> {
        let found = self.clusters.find(service.workspace, service.name.as_str())?;
        (version <= self::version(&found)).then_some(found)
    }

    /// What is not there of that which stands beside a cluster.
    pub(crate) fn missing(&self, service: &ServiceRef) -> Option<&'static str> {
        let name = &service.name;
        if self.secrets.is_live() && self.secrets.get(service.workspace, &names::owner(name)).is_none() {
            return Some("its Secret is gone");
        }
        let open = self.policies.is_live() && self.policies.get(service.workspace, name.as_str()).is_none();
        open.then_some("its NetworkPolicy is gone")
    }
}

/// Versions of objects of one kind can be compared as numbers since Kubernetes 1.35, and could before.
pub(crate) fn version(cluster: &Cluster) -> Option<u64> {
    cluster.resource_version()?.parse().ok()
}

impl Inner {
    /// A cluster as it is: from the watch, where that is up to date; else it is asked for.
    pub(crate) async fn look(
        &self,
        service: &ServiceRef,
        version: Option<u64>,
    ) -> Result<Option<Arc<Cluster>>, PortError> {
        if let Some(seen) = self.seen.cluster(service, version) {
            return Ok(Some(seen));
        }
        let clusters = self.namespaced::<Cluster>(service);
        Ok(clusters.get_opt(service.name.as_str()).await.map_err(failed)?.map(Arc::new))
    }
}

/// Until the runtime is dropped.
pub(crate) async fn run(runtime: Weak<Inner>, writers: Writers) {
    let Some(client) = runtime.upgrade().map(|inner| inner.client.clone()) else { return };
    let ours = format!("{MANAGED_BY}={FIELD_MANAGER},{}", names::SERVICE);
    let at = Follow { runtime: &runtime, client: &client, labels: &ours };
    let apps = Follow { labels: names::PROJECT, ..at };
    tokio::join!(
        at.follow(writers.clusters, |seen| &seen.clusters, changed),
        at.follow(writers.secrets, |seen| &seen.secrets, taken_away),
        at.follow(writers.policies, |seen| &seen.policies, taken_away),
        at.follow(writers.claims, |seen| &seen.claims, changed),
        apps.follow(writers.deployments, |seen| &seen.deployments, app_changed),
        apps.follow(writers.stateful_sets, |seen| &seen.stateful_sets, app_changed),
    );
}

/// What is watched by whom.
#[derive(Clone, Copy)]
struct Follow<'a> {
    runtime: &'a Weak<Inner>,
    client: &'a Client,
    labels: &'a str,
}

impl Follow<'_> {
    /// What goes wrong begins a watch anew, with a list of all: what happened meanwhile isn't missed.
    async fn follow<K>(
        self,
        mut writer: Writer<K>,
        of: fn(&Seen) -> &Watched<K>,
        tell: fn(&Inner, Option<&K>, &Event<K>),
    ) where
        K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    {
        let store = writer.as_reader();
        let config = watcher::Config::default().labels(self.labels).timeout(ANEW);
        loop {
            let events = watch(Api::<K>::all(self.client.clone()), config.clone());
            let mut events = std::pin::pin!(events.modify(|object| object.meta_mut().managed_fields = None));
            loop {
                let event = tokio::time::timeout(Duration::from_secs(ANEW.into()), events.next()).await;
                let Some(inner) = self.runtime.upgrade() else { return };
                let live = &of(&inner.seen).live;
                match event {
                    Ok(Some(Ok(event))) => {
                        let before = object(&event).and_then(|it| store.get(&ObjectRef::from_obj(it)));
                        writer.apply_watcher_event(&event);
                        tell(&inner, before.as_deref(), &event);
                        if let Event::InitDone = event {
                            live.store(true, Ordering::Release);
                        }
                    }
                    // nothing has happened
                    Err(_) => {}
                    Ok(failed) => {
                        live.store(false, Ordering::Release);
                        if let Some(Err(error)) = failed {
                            tracing::debug!(error = &error as &dyn std::error::Error, "a watch begins anew");
                        }
                        break;
                    }
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The object that something has happened to.
fn object<K>(event: &Event<K>) -> Option<&K> {
    match event {
        Event::Apply(object) | Event::Delete(object) | Event::InitApply(object) => Some(object),
        Event::Init | Event::InitDone => None,
    }
}

fn changed<K: Resource<DynamicType = ()>>(inner: &Inner, _: Option<&K>, event: &Event<K>) {
    if let Some(object) = object(event) {
        inner.hint(object);
    }
}

/// The volumes that an app has, or had until now.
fn app_changed<K: Runs>(inner: &Inner, before: Option<&K>, event: &Event<K>) {
    let apps = before.into_iter().chain(object(event));
    let all: BTreeSet<_> = apps.filter_map(Runs::template).flat_map(apps::volumes).collect();
    for name in all {
        // nobody listens: the next look of the reconciler sees it
        let _ = inner.hints.send(name);
    }
}

/// Whatever stands beside a cluster is made again when somebody else takes it away.
fn taken_away<K: Resource<DynamicType = ()>>(inner: &Inner, _: Option<&K>, event: &Event<K>) {
    if let Event::Delete(object) = event
        && let Some(name) = service(object)
    {
        inner.forget(&name);
        inner.hint(object);
    }
}

/// The name of the service that an object is of.
fn service(object: &impl Resource) -> Option<ServiceName> {
    ServiceName::parse(object.labels().get(names::NAME)?)
}

impl Inner {
    fn hint(&self, object: &impl Resource) {
        if let Some(name) = service(object) {
            // nobody listens: the next look of the reconciler sees it
            let _ = self.hints.send(name);
        }
    }

    /// What was applied a moment ago is applied again by the next call.
    pub(crate) fn forget(&self, name: &ServiceName) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
