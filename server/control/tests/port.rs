//! The contract tests of the port on the runtime in memory.

#![expect(clippy::unwrap_used, reason = "what stands around a test may panic as the test may")]

use std::sync::atomic::{AtomicU16, Ordering};

use contract::values::PgMajor;
use control::port::{Phase, ServiceRef};
use control::port_suite;
use control::testing::suite::Lab;
use control::testing::{Effect, FakeRuntime};

struct Fake(FakeRuntime);

impl Lab for Fake {
    type Runtime = FakeRuntime;

    fn runtime(&self) -> &FakeRuntime {
        &self.0
    }

    fn major(&self) -> PgMajor {
        PgMajor::all().next_back().unwrap()
    }

    fn port(&self) -> Option<u16> {
        static NEXT: AtomicU16 = AtomicU16::new(24_000);
        Some(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn way(&self) -> &'static [Phase] {
        &[Phase::Stopped, Phase::Running]
    }

    async fn began(&self, service: &ServiceRef) -> String {
        self.0.effects(&service.name).iter().filter(|effect| **effect == Effect::Started).count().to_string()
    }

    async fn memory(&self, service: &ServiceRef) -> String {
        format!("{:?}", self.0.size(&service.name).unwrap().ram)
    }

    async fn kill(&self, service: &ServiceRef) {
        self.0.die(&service.name);
    }
}

port_suite!(at_once, Fake(FakeRuntime::default()));

port_suite!(slow_to_remove, {
    let runtime = FakeRuntime::default();
    runtime.remove_slowly();
    Fake(runtime)
});
