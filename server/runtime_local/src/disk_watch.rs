//! Watches how much disk each service takes: a limit that this machine's file system doesn't keep by itself.
//!
//! Soft on purpose: a session can switch `default_transaction_read_only` back, to delete what is too much.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use control::port::ServiceName;
use postgres::{Status, disk_usage, set_read_only};

use crate::Inner;

/// Between two looks at all services. A look walks about 1,000 files a service.
const EVERY: Duration = Duration::from_secs(15);
/// From this share of the limit on, the page says so.
const WARN_PERCENT: u64 = 90;
/// A read-only database may write again below this share.
const EASE_PERCENT: u64 = 97;

/// What there is to say of a service's disk.
#[derive(Default)]
pub(crate) struct Notes(Mutex<HashMap<ServiceName, Note>>);

#[derive(Clone)]
struct Note {
    words: String,
    full: bool,
}

impl Notes {
    pub(crate) fn of(&self, name: &ServiceName) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|n| n.words.clone())
    }

    fn was_full(&self, name: &ServiceName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).is_some_and(|n| n.full)
    }

    fn set(&self, name: &ServiceName, note: Option<Note>) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match note {
            Some(note) => notes.insert(name.clone(), note),
            None => notes.remove(name),
        };
    }
}

/// Looks until the runtime is dropped.
pub(crate) async fn watch(runtime: Weak<Inner>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = runtime.upgrade() else { return };
        for name in inner.names() {
            if let Err(error) = check(&inner, &name).await {
                tracing::warn!(%name, error = &error as &dyn std::error::Error, "the disk of a service could not be checked");
            }
        }
    }
}

async fn check(inner: &Inner, name: &ServiceName) -> Result<(), postgres::Error> {
    let dir = inner.dir(name);
    if !matches!(inner.host.observe(&dir)?, Status::Running { .. }) {
        return Ok(());
    }
    let limit = inner.host.settings(&dir)?.limits.disk_mib;
    let walked = dir.clone();
    let used =
        tokio::task::spawn_blocking(move || disk_usage(&walked)).await.map_err(|_| postgres::Error::Interrupted)??;
    let used = used >> 20;
    let was_full = inner.notes.was_full(name);
    let full = used >= limit || (was_full && used * 100 >= limit * EASE_PERCENT);
    if full != was_full {
        set_read_only(&inner.host.superuser(&dir).await?, full).await?;
        tracing::warn!(%name, used_mib = used, limit_mib = limit, read_only = full, "the disk limit");
    }
    let words = match full {
        true => Some(format!(
            "Its disk is full ({used} of {limit} MiB): it is read-only until you enlarge it or delete data"
        )),
        false if used * 100 >= limit * WARN_PERCENT => Some(format!("Its disk is almost full: {used} of {limit} MiB")),
        false => None,
    };
    let changed = inner.notes.of(name) != words;
    inner.notes.set(name, words.map(|words| Note { words, full }));
    if changed {
        // the reconciler looks again, and shows it
        let _ = inner.hints.send(name.clone());
    }
    Ok(())
}
