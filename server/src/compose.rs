//! The one place where the metadata server, the use cases and the runtime are made and put together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use control::events::Hub;
use control::identity::{FirstStart, Identity};
use control::outbound::Outbound;
use control::reconcile::{self, Waker};
use control::{Control, Sealer, samples};
use postgres::{Host, HostConfig, Status, StopMode};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::account::Ground;
use crate::adapters::{ByHub, ByIdentity, Probes};
use crate::config::{FirstAdmin, Serve};
use crate::http::health::Health;
use crate::http::uses::{Accounts, Feed};
use crate::key::Key;
use crate::metadata::{self, HOST_DIR, Metadata, MetadataError};
use crate::metrics::{self, MetricsError};
use crate::runtime::Chosen;

/// Servers of services, below the data directory.
pub const SERVICES_DIR: &str = "services";
/// Between two sweeps of what has expired.
const SWEEP: Duration = Duration::from_secs(600);
/// How long a server's sessions may take to end where everything is stopped.
const STOP: Duration = Duration::from_secs(30);
/// How long steps at hand may take to end.
const END: Duration = Duration::from_secs(5);

/// Why it couldn't be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error("{0}: {1}")]
    Store(&'static str, #[source] Box<control::Error>),
    #[error("BERTH_DATABASE_URL is no address of a PostgreSQL database")]
    DatabaseUrl,
    #[error("BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD: {0}")]
    FirstAdmin(String),
    #[error("the servers of services: {0}")]
    Servers(#[from] postgres::Error),
    #[error(transparent)]
    Cluster(#[from] runtime_kubernetes::StartError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Everything that runs behind HTTP.
pub struct Composition {
    pub console: Arc<Control>,
    pub accounts: Arc<dyn Accounts>,
    pub feed: Arc<dyn Feed>,
    pub health: Arc<dyn Health>,
    pub first: FirstStart,
    pool: PgPool,
    metadata: Option<Metadata>,
    stop: CancellationToken,
    background: Vec<JoinHandle<()>>,
}

impl Composition {
    /// # Errors
    /// The metadata store or the runtime can't be started.
    pub async fn start(
        flags: &Serve,
        ground: &Ground,
        keys: &[Key],
        chosen: Chosen,
        admin: Option<&FirstAdmin>,
    ) -> Result<Self, ComposeError> {
        let (metadata, options) = store_of(flags.place.database_url.as_ref(), &ground.data_dir).await?;
        let pool =
            control::store::open(options).await.map_err(|e| ComposeError::Store("the metadata store", Box::new(e)))?;
        let seeded = |e| ComposeError::Store("the first workspace", Box::new(e));
        control::identity::seed_workspace(&pool).await.map_err(seeded)?;
        let runtime = chosen.start(flags, ground, &pool).await?;
        let keys: Vec<[u8; 32]> = keys.iter().map(|key| *key.expose_secret()).collect();
        let control = Control::new(pool.clone(), Sealer::from_keys(&keys), runtime.clone())
            .with_outbound(Outbound::new(flags.allow_networks.clone()));
        let identity = control.identity();
        let first = first_start(&identity, admin).await?;
        let (hub, waker, stop) = (Hub::new(), Waker::default(), CancellationToken::new());
        let background = vec![
            tokio::spawn(hub.clone().feed(pool.clone(), waker.clone(), stop.clone())),
            tokio::spawn(reconcile::run(control.clone(), waker, stop.clone())),
            tokio::spawn(samples::run(control.clone(), stop.clone())),
            tokio::spawn(control::projects::publish::run(control.clone(), stop.clone())),
            tokio::spawn(sweep(pool.clone(), stop.clone())),
        ];
        Ok(Self {
            console: Arc::new(control),
            accounts: Arc::new(ByIdentity(identity)),
            feed: Arc::new(ByHub(hub)),
            health: Arc::new(Probes { pool: pool.clone(), runtime }),
            first,
            pool,
            metadata,
            stop,
            background,
        })
    }

    /// Numbers for Prometheus, on an address of their own.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn serve_metrics(&self, address: std::net::SocketAddr) -> Result<(), MetricsError> {
        metrics::serve(address, self.pool.clone(), self.stop.clone()).await
    }

    /// Takes no more work, lets the steps at hand end, and stops our own metadata server. Services go on running.
    pub async fn end(self) {
        self.stop.cancel();
        let ending = futures::future::join_all(self.background);
        if tokio::time::timeout(END, ending).await.is_err() {
            tracing::warn!("steps at hand are cut off; their leases run out by themselves");
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), self.pool.close()).await;
        if let Some(metadata) = self.metadata {
            metadata.stop().await;
        }
    }
}

/// Stops every server below the data directory: those of services, and our own.
///
/// # Errors
/// One of them doesn't end; the others have.
pub async fn stop_servers(data_dir: &Path) -> Result<usize, ComposeError> {
    let host = Host::new(HostConfig::new(data_dir.join(HOST_DIR)))?;
    let services = std::fs::read_dir(data_dir.join(SERVICES_DIR)).into_iter().flatten().flatten();
    let dirs: Vec<_> = services.map(|entry| entry.path()).chain([data_dir.join(metadata::DIR)]).collect();
    let stop = dirs.iter().map(async |dir| match host.observe(dir)? {
        Status::Absent | Status::HalfPrepared | Status::Stopped => Ok(0),
        _ => host.stop(dir, StopMode::Fast, STOP).await.map(|()| 1),
    });
    let stopped = futures::future::join_all(stop).await;
    let counts = stopped.into_iter().collect::<Result<Vec<usize>, postgres::Error>>()?;
    Ok(counts.into_iter().sum())
}

/// The database that the configuration names, or our own server.
pub async fn store_of(
    url: Option<&secrecy::SecretString>,
    data_dir: &Path,
) -> Result<(Option<Metadata>, PgConnectOptions), ComposeError> {
    match url {
        Some(url) => Ok((None, url.expose_secret().parse().map_err(|_| ComposeError::DatabaseUrl)?)),
        None => {
            let metadata = Metadata::start(data_dir).await?;
            let options = metadata.options().await?;
            Ok((Some(metadata), options))
        }
    }
}

async fn first_start(identity: &Identity, admin: Option<&FirstAdmin>) -> Result<FirstStart, ComposeError> {
    let password = admin.map(|a| contract::values::Secret::new(a.password.expose_secret()));
    let admin = admin.zip(password.as_ref()).map(|(a, password)| (a.email.as_str(), password));
    identity.bootstrap(admin).await.map_err(|error| match error {
        control::Error::Api(error) => ComposeError::FirstAdmin(error.to_string()),
        error => ComposeError::Store("the first user", Box::new(error)),
    })
}

/// Deletes what has expired, now and then.
async fn sweep(pool: PgPool, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEEP) => {}
        }
        if let Err(error) = control::identity::sweep(&pool).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the sweep of what has expired failed");
        }
    }
}
