//! One watch for each kind of what is ours, whatever the number of services: hints, and what is known of each without asking.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use control::port::{PortError, ServiceName, ServiceRef};
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use crate::Inner;
use crate::answers::failed;
use crate::cluster::Cluster;
use crate::names::{self, FIELD_MANAGER, MANAGED_BY};

/// Seconds after which a watch is asked for anew: one that has died in silence is found out by then.
const ANEW: u32 = 20;
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// What the watches have seen.
pub(crate) struct Seen {
    clusters: Watched<Cluster>,
    /// Of what is ours beside them it is enough to know that it is there.
    secrets: Watched<PartialObjectMeta<Secret>>,
    policies: Watched<PartialObjectMeta<NetworkPolicy>>,
}

pub(crate) struct Writers {
    clusters: Writer<Cluster>,
    secrets: Writer<PartialObjectMeta<Secret>>,
    policies: Writer<PartialObjectMeta<NetworkPolicy>>,
}

/// Objects of one kind.
struct Watched<K: Resource<DynamicType = ()> + 'static> {
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

    fn get(&self, service: &ServiceRef, name: &str) -> Option<Arc<K>> {
        self.store.get(&ObjectRef::new(name).within(&names::namespace(service.workspace)))
    }
}

impl Seen {
    pub(crate) fn new() -> (Self, Writers) {
        let (clusters, secrets, policies) = (Watched::new(), Watched::new(), Watched::new());
        let writers = Writers { clusters: clusters.1, secrets: secrets.1, policies: policies.1 };
        (Self { clusters: clusters.0, secrets: secrets.0, policies: policies.0 }, writers)
    }

    /// A cluster at this version or a later one, where the watch knows of it.
    fn cluster(&self, service: &ServiceRef, version: Option<u64>) -> Option<Arc<Cluster>> {
        let found = self.clusters.get(service, service.name.as_str()).filter(|_| self.clusters.is_live())?;
        (version <= self::version(&found)).then_some(found)
    }

    /// What is not there of that which stands beside a cluster.
    pub(crate) fn missing(&self, service: &ServiceRef) -> Option<&'static str> {
        let name = &service.name;
        if self.secrets.is_live() && self.secrets.get(service, &names::owner(name)).is_none() {
            return Some("its Secret is gone");
        }
        let open = self.policies.is_live() && self.policies.get(service, name.as_str()).is_none();
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
    tokio::join!(
        follow(
            &runtime,
            &client,
            writers.clusters,
            |seen| &seen.clusters,
            |inner, event| match event {
                Event::Apply(cluster) | Event::Delete(cluster) | Event::InitApply(cluster) => inner.hint(cluster),
                Event::Init | Event::InitDone => {}
            }
        ),
        follow(&runtime, &client, writers.secrets, |seen| &seen.secrets, taken_away),
        follow(&runtime, &client, writers.policies, |seen| &seen.policies, taken_away),
    );
}

/// What goes wrong begins a watch anew, with a list of all: what happened meanwhile isn't missed.
async fn follow<K>(
    runtime: &Weak<Inner>,
    client: &Client,
    mut writer: Writer<K>,
    of: fn(&Seen) -> &Watched<K>,
    tell: fn(&Inner, &Event<K>),
) where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let labels = format!("{MANAGED_BY}={FIELD_MANAGER},{}", names::SERVICE);
    let ours = watcher::Config::default().labels(&labels).timeout(ANEW);
    loop {
        let events = watch(Api::<K>::all(client.clone()), ours.clone());
        let mut events = std::pin::pin!(events.modify(|object| object.meta_mut().managed_fields = None));
        loop {
            let event = tokio::time::timeout(Duration::from_secs(ANEW.into()), events.next()).await;
            let Some(inner) = runtime.upgrade() else { return };
            let live = &of(&inner.seen).live;
            match event {
                Ok(Some(Ok(event))) => {
                    writer.apply_watcher_event(&event);
                    tell(&inner, &event);
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

/// Whatever stands beside a cluster is made again when somebody else takes it away.
fn taken_away<K: Resource<DynamicType = ()>>(inner: &Inner, event: &Event<K>) {
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
