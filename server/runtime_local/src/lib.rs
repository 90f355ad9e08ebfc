//! The port on top of PostgreSQL servers that run on this machine.
//!
//! A service is a directory below `services/`, made, started and adopted by the crate `postgres`; nothing is kept in
//! memory but what can be looked up again. Every service runs as the console's own account: tenants of one local
//! Berth share an operating-system user.

mod capabilities;
mod disk_watch;
mod fetch;
mod hints;
mod provisioner;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use contract::Capabilities;
use control::port::ServiceName;
use postgres::Host;
use tokio::sync::{Semaphore, broadcast, watch};

use self::disk_watch::Notes;
use self::fetch::Fetches;
use self::hints::Seen;

/// Hints kept for a reader that is slow; lost ones cost a wait until the next look.
const HINTS: usize = 1024;

/// Logs read at once.
const LOGS: usize = 2;

/// Services as PostgreSQL servers on this machine. Cheap to clone.
#[derive(Clone)]
pub struct LocalRuntime(Arc<Inner>);

struct Inner {
    host: Host,
    /// Holds one directory a service.
    services: PathBuf,
    ports: RangeInclusive<u16>,
    capabilities: watch::Receiver<Capabilities>,
    fetches: Fetches,
    notes: Notes,
    seen: Seen,
    hints: broadcast::Sender<ServiceName>,
    /// Turns at reading logs, which takes memory and a core for a moment.
    logs: Arc<Semaphore>,
}

/// How a local runtime is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Absolute; made if missing, 0700.
    pub services: PathBuf,
    /// Ports that services are given.
    pub ports: RangeInclusive<u16>,
    /// Memory and CPU limits are enforced by the kernel.
    pub limits_enforced: bool,
}

impl LocalRuntime {
    /// Looks which versions can be run here, and starts the watches; they end with the last clone.
    ///
    /// # Errors
    /// The directory of the services can't be made.
    pub async fn start(host: Host, config: Config) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.services)?;
        let capabilities = capabilities::follow(host.clone(), config.limits_enforced).await;
        let runtime = Self(Arc::new(Inner {
            host,
            services: config.services,
            ports: config.ports,
            capabilities,
            fetches: Fetches::default(),
            notes: Notes::default(),
            seen: Seen::default(),
            hints: broadcast::channel(HINTS).0,
            logs: Arc::new(Semaphore::new(LOGS)),
        }));
        tokio::spawn(hints::watch(Arc::downgrade(&runtime.0)));
        tokio::spawn(disk_watch::watch(Arc::downgrade(&runtime.0)));
        Ok(runtime)
    }
}

impl Inner {
    fn dir(&self, name: &ServiceName) -> PathBuf {
        // a name is a DNS label: no separator, no dots
        self.services.join(name.as_str())
    }

    /// Names of the services that have a directory.
    fn names(&self) -> Vec<ServiceName> {
        let entries = std::fs::read_dir(&self.services).into_iter().flatten().flatten();
        entries.filter_map(|entry| ServiceName::parse(entry.file_name().to_str()?)).collect()
    }
}
