//! What goes wrong, and when: faults by method and number of the call; and what was done.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::port::PortError;

/// Something that a runtime did to a service, or that happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its storage was made.
    Made,
    Started,
    /// Role, database and password were set.
    Configured,
    Stopped,
    Removed,
}

/// A method of the port that may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Ensure,
    Observe,
    Restart,
    Delete,
    SignIn,
    Following,
    Written,
    Live,
    Log,
    Measure,
    Members,
    Preview,
    Publish,
    Mount,
    Unmount,
    Apps,
}

/// What happens to a call instead of its usual course.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Nothing is done.
    Before(PortError),
    /// It is done, and the answer is an error all the same.
    After(PortError),
    /// Nothing is done until [`super::FakeRuntime::release`]; without it, never.
    PauseBefore,
    /// It is done; the answer waits for [`super::FakeRuntime::release`].
    PauseAfter,
    /// Nothing is done, and the refusal waits for [`super::FakeRuntime::release`].
    PauseRejected(String),
}

impl Fault {
    pub fn retry(message: &str) -> Self {
        Self::Before(PortError::retry(message))
    }

    pub fn rejected(message: &str) -> Self {
        Self::Before(PortError::Rejected(message.into()))
    }

    /// It was done, and the answer got lost.
    pub fn lost_answer() -> Self {
        Self::After(PortError::retry("the answer got lost"))
    }
}

#[derive(Default)]
pub(super) struct Script {
    counts: BTreeMap<Method, usize>,
    once: Vec<(Method, usize, Fault)>,
    always: BTreeMap<Method, Fault>,
}

impl Script {
    /// Counts a call, and says what happens to it.
    pub(super) fn called(&mut self, method: Method) -> Option<Fault> {
        let count = self.counts.entry(method).or_default();
        *count += 1;
        let here = self.once.iter().position(|(m, n, _)| *m == method && n == count);
        here.map(|at| self.once.swap_remove(at).2).or_else(|| self.always.get(&method).cloned())
    }

    pub(super) fn count(&self, method: Method) -> usize {
        self.counts.get(&method).copied().unwrap_or_default()
    }

    pub(super) fn on(&mut self, method: Method, nth: usize, fault: Fault) {
        self.once.push((method, nth, fault));
    }

    pub(super) fn always(&mut self, method: Method, fault: Fault) {
        self.always.insert(method, fault);
    }

    pub(super) fn heal(&mut self) {
        self.once.clear();
        self.always.clear();
    }
}

/// Where paused calls wait.
pub(super) struct Gate(watch::Sender<Waiting>);

#[derive(Default)]
struct Waiting {
    calls: usize,
    released: u64,
}

/// Counts a waiting call out again, also one that is dropped.
struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|waiting| waiting.calls -= 1);
    }
}

impl Gate {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Waiting::default()))
    }

    pub(super) async fn wait(&self) {
        let mut seen = self.0.subscribe();
        let before = seen.borrow().released;
        self.0.send_modify(|waiting| waiting.calls += 1);
        let _leaving = Leaving(self);
        // the sender is this gate: it outlives the wait
        let _ = seen.wait_for(|waiting| waiting.released > before).await;
    }

    /// Until exactly so many calls wait.
    pub(super) async fn full(&self, calls: usize) {
        let _ = self.0.subscribe().wait_for(|waiting| waiting.calls == calls).await;
    }

    pub(super) fn release(&self) {
        self.0.send_modify(|waiting| waiting.released += 1);
    }
}
