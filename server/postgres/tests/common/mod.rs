//! A host, a server of it, and its one database.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use postgres::testing::{Place, unprivileged};
use postgres::{Client, Host, Limits, Listen, Major, Settings, SignInError, SignedIn, free_port};
use secrecy::SecretString;

pub const SECONDS: Duration = Duration::from_secs(10);

pub const LIMITS: Limits = Limits { ram_mib: 64, disk_mib: 512, cpu_millis: 250 };

pub struct Bench {
    // First: dropped last would outlive the place that its servers are in.
    pub host: Host,
    pub place: Place,
}

impl Bench {
    pub fn new() -> Bench {
        let place = unprivileged().unwrap();
        let host = Host::new(place.host_config()).unwrap();
        Bench { host, place }
    }

    pub fn dir(&self, name: &str) -> PathBuf {
        self.place.path().join("servers").join(name)
    }

    /// Prepares and starts a server.
    pub async fn server(&self, major: Major, name: &str) -> (PathBuf, Settings) {
        let dir = self.dir(name);
        let settings = settings(major);
        self.host.prepare(&dir, &settings).await.unwrap();
        self.host.start(&dir).await.unwrap();
        (dir, settings)
    }
}

pub fn settings(major: Major) -> Settings {
    Settings::new(major, LIMITS, Listen::Loopback, port())
}

/// A port that no other test of this binary uses. Binaries run one after the other, and other programs lose the race to few ports.
pub fn port() -> u16 {
    static TAKEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut taken = TAKEN.lock().unwrap();
    let taken = taken.get_or_insert_default();
    let port = free_port(17_400..=18_399, taken).unwrap();
    taken.insert(port);
    port
}

pub async fn sign_in(port: u16, name: &str, password: &str) -> Result<SignedIn, SignInError> {
    let password = SecretString::from(password);
    postgres::sign_in("127.0.0.1", port, name, name, &password, SECONDS).await
}

pub async fn text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.unwrap().get(0)
}
