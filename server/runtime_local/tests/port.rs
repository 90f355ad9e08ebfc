//! The contract tests of the port on real servers of the oldest and the newest version.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what stands around a test may panic as the test may")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;

use contract::values::PgMajor;
use control::port::{Phase, Provisioner as _, ServiceName, ServiceRef};
use control::port_suite;
use control::testing::suite::{Lab, credentials, ready};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::testing::{Place, unprivileged};
use postgres::{Host, Status, free_port};
use runtime_local::{Config, LocalRuntime};
use secrecy::ExposeSecret as _;

/// Other test binaries have others.
const PORTS: std::ops::RangeInclusive<u16> = 18_400..=19_399;

struct Local {
    runtime: LocalRuntime,
    host: Host,
    major: u8,
    // the last: dropped first, it would take the servers away while the runtime looks at them
    place: Place,
}

impl Local {
    async fn new(major: u8) -> Self {
        let place = unprivileged().unwrap();
        let host = Host::new(place.host_config()).unwrap();
        let config = Config { services: place.path().join("services"), ports: PORTS, limits_enforced: false };
        let runtime = LocalRuntime::start(host.clone(), config).await.unwrap();
        Self { runtime, host, major, place }
    }

    fn dir(&self, name: &ServiceName) -> PathBuf {
        self.place.path().join("services").join(name.as_str())
    }

    async fn ask(&self, service: &ServiceRef, query: &str) -> String {
        let client = self.host.superuser(&self.dir(&service.name)).await.unwrap();
        client.query_one(query, &[]).await.unwrap().get(0)
    }
}

impl Lab for Local {
    type Runtime = LocalRuntime;

    fn runtime(&self) -> &LocalRuntime {
        &self.runtime
    }

    fn major(&self) -> PgMajor {
        PgMajor::new(self.major).unwrap()
    }

    fn port(&self) -> Option<u16> {
        static TAKEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
        let mut taken = TAKEN.lock().unwrap();
        let taken = taken.get_or_insert_default();
        let port = free_port(PORTS, taken).unwrap();
        taken.insert(port);
        Some(port)
    }

    fn way(&self) -> &'static [Phase] {
        &[Phase::Stopped, Phase::Running]
    }

    async fn began(&self, service: &ServiceRef) -> String {
        self.ask(service, "select pg_postmaster_start_time()::text").await
    }

    async fn memory(&self, service: &ServiceRef) -> String {
        self.ask(service, "show shared_buffers").await
    }

    async fn kill(&self, service: &ServiceRef) {
        let Status::Running { pid, .. } = self.host.observe(&self.dir(&service.name)).unwrap() else {
            panic!("it runs");
        };
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_leaves_the_server_stopped_until_it_is_wanted_again() {
    let lab = Local::new(18).await;
    let desired = ready(&lab).await;
    for _ in 0..2 {
        assert_eq!(lab.runtime.restart(&credentials(&lab, &desired)).await.unwrap().phase, Phase::Stopped);
        assert_eq!(lab.runtime.observe(&desired.service).await.unwrap().phase, Phase::Stopped);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_before_had_not_finished_of_a_start_is_finished() {
    let lab = Local::new(18).await;
    let desired = ready(&lab).await;
    // as one leaves it that ends when the server runs, and before it takes its superuser's password
    let dir = lab.dir(&desired.service.name);
    let in_force = lab.host.superuser_password(&dir).unwrap().unwrap();
    std::fs::write(dir.join("superuser.initial"), in_force.expose_secret()).unwrap();
    std::fs::write(dir.join("superuser"), "its own").unwrap();
    assert_eq!(lab.runtime.ensure(&desired).await.unwrap().phase, Phase::Ready);
    assert!(!dir.join("superuser.initial").exists());
}

port_suite!(postgres_13, Local::new(13).await);
port_suite!(postgres_18, Local::new(18).await);
