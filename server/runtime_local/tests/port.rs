//! The contract tests of the port on real servers of the oldest and the newest version.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what stands around a test may panic as the test may")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;

use contract::values::PgMajor;
use control::port::{Phase, Provisioner as _, ServiceName};
use control::port_suite;
use control::testing::suite::{Lab, ready};
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

    async fn memory(&self, name: &ServiceName) -> String {
        let client = self.host.superuser(&self.dir(name)).await.unwrap();
        client.query_one("show shared_buffers", &[]).await.unwrap().get(0)
    }

    async fn kill(&self, name: &ServiceName) {
        let Status::Running { pid, .. } = self.host.observe(&self.dir(name)).unwrap() else {
            panic!("it runs");
        };
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_before_had_not_finished_of_a_start_is_finished() {
    let lab = Local::new(18).await;
    let desired = ready(&lab).await;
    // as one leaves it that ends when the server runs, and before it takes its superuser's password
    let dir = lab.dir(&desired.name);
    let in_force = lab.host.superuser_password(&dir).unwrap().unwrap();
    std::fs::write(dir.join("superuser.initial"), in_force.expose_secret()).unwrap();
    std::fs::write(dir.join("superuser"), "its own").unwrap();
    assert_eq!(lab.runtime.ensure(&desired).await.unwrap().phase, Phase::Ready);
    assert!(!dir.join("superuser.initial").exists());
}

port_suite!(postgres_13, Local::new(13).await);
port_suite!(postgres_18, Local::new(18).await);
