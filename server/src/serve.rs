//! `berth serve`: the composition root. Everything is made here, once, and handed to what needs it.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use control::identity::FirstStart;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::ServerConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::account::{self, AccountError, Ground};
use crate::compose::{ComposeError, Composition};
use crate::config::{FirstAdmin, Serve};
use crate::http::limits::SignInLimiter;
use crate::http::listener::{self, Limits, ListenError};
use crate::http::router::console;
use crate::http::tls::{self, TlsError};
use crate::http::uses::Uses;
use crate::http::{AppState, Site};
use crate::key::{self, Key, KeyError};
use crate::lock::{Lock, LockError};
use crate::metadata;
use crate::metrics::MetricsError;
use crate::runtime::{ChoiceError, Chosen};

/// Why the console doesn't serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}")]
    Settings(String),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Compose(Box<ComposeError>),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Runtime(#[from] ChoiceError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<ComposeError> for ServeError {
    fn from(error: ComposeError) -> Self {
        Self::Compose(Box::new(error))
    }
}

/// Open files that thousands of connections and the store may need.
const OPEN_FILES: u64 = 65_536;

/// What was made while the process had one thread and, maybe, root's rights.
struct Prepared {
    flags: Serve,
    admin: Option<FirstAdmin>,
    ground: Ground,
    keys: Vec<Key>,
    chosen: Chosen,
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
    let chosen = Chosen::by(&flags)?;
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
        None => key::read_or_make(&ground.data_dir, ground.data_dir.join(metadata::DIR).exists())?,
    };
    Ok(Prepared { flags, admin, ground, keys, chosen, listener, tls, _lock: lock })
}

async fn serve(prepared: Prepared) -> Result<(), ServeError> {
    let closing = CancellationToken::new();
    end_on_signal(closing.clone())?;
    let address = prepared.listener.local_addr()?;
    // what stands first is dropped last
    let Prepared { _lock, flags, admin, ground, keys, chosen, listener, tls } = prepared;
    let composition = Composition::start(&flags, &ground, &keys, chosen, admin.as_ref()).await?;
    if let Some(address) = flags.metrics_listen {
        composition.serve_metrics(address).await?;
    }
    let state = AppState {
        site: Arc::new(Site::new(&flags, address.port())),
        health: composition.health.clone(),
        sign_in: Arc::new(SignInLimiter::default()),
        closing: closing.clone(),
    };
    let uses = Uses::new(&state, composition.console.clone(), composition.accounts.clone(), composition.feed.clone());
    announce(&flags, address, &composition.first);
    let served = listener::serve(listener.try_clone()?, tls.clone(), console(state, uses), closing, limits()).await;
    composition.end().await;
    tracing::info!("ended");
    Ok(served?)
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

/// Where the console is, and how the first user gets in. The link is shown on standard error and not logged.
fn announce(flags: &Serve, address: SocketAddr, first: &FirstStart) {
    let scheme = if flags.tls() { "https" } else { "http" };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "Berth serves on {scheme}://{address}");
    match first {
        FirstStart::Done => {}
        FirstStart::AdminMade(_) => tracing::info!("the admin of BERTH_ADMIN_EMAIL was made"),
        FirstStart::Link(secret) => {
            let link = format!("{scheme}://{address}/set-up/{}", secret.expose());
            let words = format!("\n  Open this link to make the first user (good once, for 24 hours):\n  {link}\n\n");
            // a closed terminal is no reason not to serve
            let _ = std::io::stderr().write_all(words.as_bytes());
        }
    }
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
