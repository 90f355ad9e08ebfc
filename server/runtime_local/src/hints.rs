//! Notices that a server started or ended: by looking, once a second.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::Weak;
use std::time::Duration;

use control::port::ServiceName;
use postgres::Status;

use crate::Inner;

/// Between two looks. A look is a handful of small reads a service.
const EVERY: Duration = Duration::from_secs(1);

/// Tells which services changed, until the runtime is dropped.
pub(crate) async fn watch(runtime: Weak<Inner>) {
    let mut before: HashMap<ServiceName, Discriminant<Status>> = HashMap::new();
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = runtime.upgrade() else { return };
        let Ok((now, inner)) = tokio::task::spawn_blocking(move || (look(&inner), inner)).await else { continue };
        for (name, status) in &now {
            if before.get(name).is_some_and(|then| then != status) {
                // nobody listens: the next look of the reconciler sees it
                let _ = inner.hints.send(name.clone());
            }
        }
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            let _ = inner.hints.send(name.clone());
        }
        before = now;
    }
}

fn look(inner: &Inner) -> HashMap<ServiceName, Discriminant<Status>> {
    let status = |name: &ServiceName| inner.host.observe(&inner.dir(name)).map(|s| discriminant(&s)).ok();
    inner.names().into_iter().filter_map(|name| status(&name).map(|s| (name, s))).collect()
}
