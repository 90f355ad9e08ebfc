//! One watch over all clusters that are ours, whatever their number: hints, and what is known of each without asking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use control::port::{PortError, ServiceName, ServiceRef};
use futures::StreamExt as _;
use kube::ResourceExt as _;
use kube::api::Api;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};

use crate::Inner;
use crate::answers::failed;
use crate::cluster::Cluster;
use crate::names::{self, FIELD_MANAGER, MANAGED_BY};

/// Seconds after which a watch is asked for anew: one that has died in silence is found out by then.
const ANEW: u32 = 20;
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// What the watch has seen.
pub(crate) struct Seen {
    store: Store<Cluster>,
    /// The watch has listed everything, and nothing went wrong since.
    live: AtomicBool,
}

impl Seen {
    pub(crate) fn new() -> (Self, Writer<Cluster>) {
        let writer = Writer::default();
        (Self { store: writer.as_reader(), live: AtomicBool::new(false) }, writer)
    }

    /// A cluster at this version or a later one, where the watch knows of it.
    fn get(&self, service: &ServiceRef, version: Option<u64>) -> Option<Arc<Cluster>> {
        let at = ObjectRef::new(service.name.as_str()).within(&names::namespace(service.workspace));
        let found = self.store.get(&at).filter(|_| self.live.load(Ordering::Acquire))?;
        (version <= self::version(&found)).then_some(found)
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
        if let Some(seen) = self.seen.get(service, version) {
            return Ok(Some(seen));
        }
        let clusters = self.namespaced::<Cluster>(service);
        Ok(clusters.get_opt(service.name.as_str()).await.map_err(failed)?.map(Arc::new))
    }
}

/// Until the runtime is dropped. What goes wrong begins it anew, with a list of all: what happened meanwhile isn't missed.
pub(crate) async fn run(runtime: Weak<Inner>, mut writer: Writer<Cluster>) {
    let Some(client) = runtime.upgrade().map(|inner| inner.client.clone()) else { return };
    let ours = watcher::Config::default().labels(&format!("{MANAGED_BY}={FIELD_MANAGER}")).timeout(ANEW);
    loop {
        let events = watch(Api::<Cluster>::all(client.clone()), ours.clone());
        let mut events = std::pin::pin!(events.modify(|cluster| cluster.metadata.managed_fields = None));
        loop {
            let event = tokio::time::timeout(Duration::from_secs(ANEW.into()), events.next()).await;
            let Some(inner) = runtime.upgrade() else { return };
            match event {
                Ok(Some(Ok(event))) => {
                    writer.apply_watcher_event(&event);
                    match event {
                        Event::Apply(cluster) | Event::Delete(cluster) | Event::InitApply(cluster) => {
                            inner.hint(&cluster)
                        }
                        Event::InitDone => inner.seen.live.store(true, Ordering::Release),
                        Event::Init => {}
                    }
                }
                // nothing has happened
                Err(_) => {}
                Ok(failed) => {
                    inner.seen.live.store(false, Ordering::Release);
                    if let Some(Err(error)) = failed {
                        tracing::debug!(error = &error as &dyn std::error::Error, "the watch begins anew");
                    }
                    break;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Inner {
    fn hint(&self, cluster: &Cluster) {
        if let Some(name) = cluster.metadata.name.as_deref().and_then(ServiceName::parse) {
            // nobody listens: the next look of the reconciler sees it
            let _ = self.hints.send(name);
        }
    }
}
