//! `berth serve`: the composition root. Everything is made here, once, and handed to what needs it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::ServerConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::account::{self, AccountError, Ground};
use crate::config::{FirstAdmin, Serve};
use crate::http::health::{Health, RuntimeHealth};
use crate::http::limits::SignInLimiter;
use crate::http::listener::{self, Limits, ListenError};
use crate::http::tls::{self, TlsError};
use crate::http::{AppState, Site, router};
use crate::key::{self, Key, KeyError};
use crate::lock::{Lock, LockError};

/// Why the console doesn't serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}")]
    Settings(String),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where the metadata server's data is, below the data directory.
pub const METADATA_DIR: &str = "metadata";

/// Open files that thousands of connections and the store may need.
const OPEN_FILES: u64 = 65_536;

/// What was made while the process had one thread and, maybe, root's rights.
struct Prepared {
    flags: Serve,
    admin: Option<FirstAdmin>,
    ground: Ground,
    keys: Vec<Key>,
    listener: std::net::TcpListener,
    tls: Option<Arc<ServerConfig>>,
    /// Dropped last.
    _lock: Lock,
}

/// Serves until the process is asked to end.
pub fn run(flags: Serve) -> Result<(), ServeError> {
    let prepared = prepare(flags)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(prepared))
}

/// What only root can read or bind comes first, then root is given up, then everything else.
fn prepare(flags: Serve) -> Result<Prepared, ServeError> {
    let admin = FirstAdmin::from_env().map_err(ServeError::Settings)?;
    let named_keys = flags.place.key_file.as_deref().map(key::read).transpose()?;
    let tls = match (&flags.tls_cert, &flags.tls_key) {
        (Some(cert), Some(key)) => Some(tls::load(cert, key)?),
        _ => None,
    };
    if flags.behind_proxy && flags.public_host.is_none() {
        tracing::warn!(
            "--behind-proxy without --public-host (BERTH_PUBLIC_HOST): pages answer to localhost and addresses only"
        );
    }
    raise_open_files();
    let listener = listener::bind(flags.listen);
    let ground = account::settle(&flags.place.data_dir)?;
    // "Already runs here" says more than "port taken", and both may be true.
    let lock = Lock::take(&ground.data_dir)?;
    let listener = listener?;
    let keys = match named_keys {
        Some(keys) => keys,
        None => key::read_or_make(&ground.data_dir, ground.data_dir.join(METADATA_DIR).exists())?,
    };
    Ok(Prepared { flags, admin, ground, keys, listener, tls, _lock: lock })
}

async fn serve(prepared: Prepared) -> Result<(), ServeError> {
    let closing = CancellationToken::new();
    end_on_signal(closing.clone())?;
    let address = prepared.listener.local_addr()?;
    let state = compose(&prepared, address, closing.clone());
    announce(&prepared.flags, address);
    listener::serve(prepared.listener, prepared.tls, router(state), closing, limits()).await?;
    // COMPOSITION: end the reconciler's leases and our own metadata server here; 2 s are left of the 10.
    tracing::info!("ended");
    Ok(())
}

/// COMPOSITION: the one place where the metadata server, the use cases and the runtime are made and put together.
fn compose(prepared: &Prepared, address: SocketAddr, closing: CancellationToken) -> AppState {
    let Prepared { flags, admin: _admin, ground: _ground, keys: _keys, .. } = prepared;
    AppState {
        site: Arc::new(Site::new(flags, address.port())),
        health: Arc::new(Unwired),
        sign_in: Arc::new(SignInLimiter::default()),
        closing,
    }
}

/// Stands where the use cases will be.
struct Unwired;

#[async_trait]
impl Health for Unwired {
    async fn store(&self) -> Result<(), String> {
        Err("the metadata store isn't started yet".into())
    }

    async fn runtime(&self) -> RuntimeHealth {
        RuntimeHealth { name: "local".into(), healthy: false, detail: Some("not started yet".into()) }
    }
}

/// SIGTERM from a service manager or `berth stop`, SIGINT from a terminal.
fn end_on_signal(closing: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to end: finishing what runs");
        closing.cancel();
    });
    Ok(())
}

fn announce(flags: &Serve, address: SocketAddr) {
    let scheme = if flags.tls() { "https" } else { "http" };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "Berth serves on {scheme}://{address}");
}

/// Half of the files are left to the store, the streams and the probes.
fn limits() -> Limits {
    let limits = Limits::default();
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    let connections = usize::try_from(files / 2).unwrap_or(limits.connections).min(limits.connections);
    Limits { connections, ..limits }
}

fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard.min(OPEN_FILES)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard.min(OPEN_FILES), hard)
    {
        tracing::warn!(%error, soft, "can't raise the limit of open files");
    }
}
