//! Hints: one watch over all clusters that are ours, whatever their number.

use std::sync::Weak;
use std::time::Duration;

use control::port::ServiceName;
use futures::StreamExt as _;
use kube::api::Api;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};

use crate::Inner;
use crate::cluster::Cluster;
use crate::names::{FIELD_MANAGER, MANAGED_BY};

/// Seconds after which a watch is asked for anew: one that has died in silence is found out by then.
const ANEW: u32 = 60;

/// Until the runtime is dropped.
pub(crate) async fn run(runtime: Weak<Inner>) {
    let Some(client) = runtime.upgrade().map(|inner| inner.client.clone()) else { return };
    let ours = watcher::Config::default().labels(&format!("{MANAGED_BY}={FIELD_MANAGER}")).timeout(ANEW);
    let mut events = std::pin::pin!(watch(Api::<Cluster>::all(client), ours).default_backoff());
    loop {
        let event = tokio::time::timeout(Duration::from_secs(ANEW.into()), events.next()).await;
        let Some(inner) = runtime.upgrade() else { return };
        match event {
            Ok(Some(Ok(Event::Apply(cluster) | Event::Delete(cluster) | Event::InitApply(cluster)))) => {
                if let Some(name) = cluster.metadata.name.as_deref().and_then(ServiceName::parse) {
                    // nobody listens: the next look of the reconciler sees it
                    let _ = inner.hints.send(name);
                }
            }
            Ok(Some(Err(error))) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the watch begins anew");
            }
            Ok(Some(Ok(Event::Init | Event::InitDone)) | None) | Err(_) => {}
        }
    }
}
