//! Where a step can be broken into. A test says at which passage what happens; a build without debug assertions or
//! without the feature `testing` has no such places.

use super::steps::Step;

/// A place in every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Nothing is done yet.
    Before,
    /// The runtime has done it, and it isn't written down.
    Between,
    /// It is written down, and the task hasn't moved on.
    After,
}

impl Point {
    pub const ALL: [Self; 3] = [Self::Before, Self::Between, Self::After];
}

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The step ends here without a word, and is done once more.
    Repeat,
    /// The step ends with an error.
    Fail,
    /// Nothing ever goes on; whoever waits for that throws the console away then.
    Hang,
}

impl Break {
    pub const ALL: [Self; 3] = [Self::Repeat, Self::Fail, Self::Hang];
}

#[cfg(all(feature = "testing", debug_assertions))]
pub use armed::FailPoints;
#[cfg(not(all(feature = "testing", debug_assertions)))]
pub use disarmed::FailPoints;

#[cfg(not(all(feature = "testing", debug_assertions)))]
mod disarmed {
    use super::{Break, Point, Step};

    /// None.
    #[derive(Clone, Default)]
    pub struct FailPoints {}

    impl FailPoints {
        pub(in crate::reconcile) fn pass(&self, _: Step, _: Point) -> Option<Break> {
            None
        }
    }
}

#[cfg(all(feature = "testing", debug_assertions))]
mod armed {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use tokio::sync::Notify;

    use super::{Break, Point, Step};

    /// What happens where, once. Clones share it.
    #[derive(Clone, Default)]
    pub struct FailPoints(Arc<Inner>);

    #[derive(Default)]
    struct Inner {
        plan: Mutex<Plan>,
        hit: Notify,
    }

    #[derive(Default)]
    struct Plan {
        passed: BTreeMap<(Step, Point), usize>,
        armed: Option<(Step, Point, usize, Break)>,
    }

    impl FailPoints {
        /// At the n-th passage from now on, counted from 1. What was armed before is not any more.
        pub fn arm(&self, step: Step, point: Point, nth: usize, what: Break) {
            *self.plan() = Plan { passed: BTreeMap::new(), armed: Some((step, point, nth, what)) };
        }

        /// Nothing happens any more; passages are counted from here.
        pub fn disarm(&self) {
            *self.plan() = Plan::default();
        }

        /// Passages since the last time that it was armed or disarmed.
        pub fn passed(&self) -> BTreeMap<(Step, Point), usize> {
            self.plan().passed.clone()
        }

        /// Until what was armed has happened.
        pub async fn hit(&self) {
            self.0.hit.notified().await;
        }

        fn plan(&self) -> MutexGuard<'_, Plan> {
            self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(in crate::reconcile) fn pass(&self, step: Step, point: Point) -> Option<Break> {
            let mut plan = self.plan();
            let passed = plan.passed.entry((step, point)).or_default();
            *passed += 1;
            let now = *passed;
            let what = plan.armed.take_if(|(s, p, nth, _)| (*s, *p, *nth) == (step, point, now)).map(|armed| armed.3);
            if what.is_some() {
                self.0.hit.notify_one();
            }
            what
        }
    }
}
