//! Notices that a server started or ended: by looking, once a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use control::port::{Phase, ServiceName};

use crate::Inner;

/// Between two looks. A look is a handful of small reads a service.
const EVERY: Duration = Duration::from_secs(1);

/// How each service was seen last: by the watch, or by whoever called the port. A change is one against what somebody
/// was told, so that a server that starts and dies between two looks is one, too.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<ServiceName, Phase>>);

impl Seen {
    /// A caller of the port knows, and needs no hint of it.
    pub(crate) fn told(&self, name: &ServiceName, phase: Phase) {
        match shown(phase) {
            Some(phase) => self.lock().insert(name.clone(), phase),
            None => self.lock().remove(name),
        };
    }

    /// The services that aren't as they were seen last. New ones are known to whoever made them.
    fn changed(&self, now: HashMap<ServiceName, Phase>) -> Vec<ServiceName> {
        let mut seen = self.lock();
        let gone = seen.keys().filter(|name| !now.contains_key(*name));
        let others = now.iter().filter(|(name, phase)| seen.get(*name).is_some_and(|before| before != *phase));
        let changed = gone.chain(others.map(|(name, _)| name)).cloned().collect();
        *seen = now;
        changed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServiceName, Phase>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A phase as a look from outside finds it; `None` where there is nothing to find.
fn shown(phase: Phase) -> Option<Phase> {
    match phase {
        Phase::Absent | Phase::Lost => None,
        Phase::Ready => Some(Phase::Running),
        Phase::Preparing | Phase::Stopped | Phase::Starting | Phase::Running => Some(phase),
    }
}

/// Tells which services changed, until the runtime is dropped.
pub(crate) async fn watch(runtime: Weak<Inner>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = runtime.upgrade() else { return };
        let Ok((now, inner)) = tokio::task::spawn_blocking(move || (look(&inner), inner)).await else { continue };
        for name in inner.seen.changed(now) {
            // nobody listens: the next look of the reconciler sees it
            let _ = inner.hints.send(name);
        }
    }
}

fn look(inner: &Inner) -> HashMap<ServiceName, Phase> {
    let phase = |name: &ServiceName| inner.phase(name).ok().and_then(shown);
    inner.names().into_iter().filter_map(|name| phase(&name).map(|phase| (name, phase))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(phases: &[(&ServiceName, Phase)]) -> HashMap<ServiceName, Phase> {
        phases.iter().map(|(name, phase)| ((*name).clone(), *phase)).collect()
    }

    #[test]
    fn a_death_between_two_looks_is_a_change() {
        let (seen, name) = (Seen::default(), ServiceName::random("postgres"));
        assert!(seen.changed(look(&[(&name, Phase::Stopped)])).is_empty());
        seen.told(&name, Phase::Ready);
        assert_eq!(seen.changed(look(&[(&name, Phase::Stopped)])), vec![name.clone()]);
        assert!(seen.changed(look(&[(&name, Phase::Stopped)])).is_empty());
    }

    #[test]
    fn what_a_caller_did_is_no_change() {
        let (seen, name) = (Seen::default(), ServiceName::random("postgres"));
        seen.told(&name, Phase::Ready);
        assert!(seen.changed(look(&[(&name, Phase::Running)])).is_empty());
        seen.told(&name, Phase::Absent);
        assert!(seen.changed(look(&[])).is_empty());
    }

    #[test]
    fn what_goes_is_a_change() {
        let (seen, name) = (Seen::default(), ServiceName::random("postgres"));
        seen.told(&name, Phase::Stopped);
        assert_eq!(seen.changed(look(&[])), vec![name]);
    }
}
