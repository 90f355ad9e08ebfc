//! From sockets to requests: accepts, speaks TLS, bounds what a connection may cost, and ends in order.
//!
//! hyper's own builder and not `axum::serve`, which sets no limit on how long a request's head may take. A connection
//! that doesn't send a head in time, idle ones included, is closed; that many at once can be open and no more.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// What one listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A request's head, TLS handshake, or the pause before the next request takes no longer.
    pub head: Duration,
    /// Connections open at once; more wait in the kernel's queue.
    pub connections: usize,
    /// What runs when the end is asked for has this long.
    pub finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: Duration::from_secs(20), connections: 4096, finish: Duration::from_secs(8) }
    }
}

/// Lines of a request's head.
const MOST_HEADERS: usize = 100;
/// Bytes of a request's head: cookies and a token fit several times over.
const LARGEST_HEAD: usize = 32 * 1024;
/// What hyper buffers of one connection.
const BUFFER: usize = 64 * 1024;
/// After a failed accept, usually for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Why the console can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("Port {} on {} is taken. Choose another with --listen {} (BERTH_LISTEN).", .0.port(), .0.ip(), example(*.0))]
    Taken(SocketAddr),
    #[error("Port {} on {} is root's alone. Choose one from 1024 up with --listen {} (BERTH_LISTEN).", .0.port(), .0.ip(), example(*.0))]
    Forbidden(SocketAddr),
    #[error("can't listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

/// `127.0.0.1:PORT`, `[::1]:PORT`.
fn example(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => format!("{ip}:PORT"),
        IpAddr::V6(ip) => format!("[{ip}]:PORT"),
    }
}

/// Takes the port. Needs no runtime, so that it can be done as root.
pub fn bind(address: SocketAddr) -> Result<std::net::TcpListener, ListenError> {
    let listener = std::net::TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Taken(address),
        io::ErrorKind::PermissionDenied => ListenError::Forbidden(address),
        _ => ListenError::Other(address, error),
    })?;
    listener.set_nonblocking(true).map_err(|error| ListenError::Other(address, error))?;
    Ok(listener)
}

/// Serves until `closing` is cancelled, then finishes what runs, for [`Limits::finish`] at most.
pub async fn serve(
    listener: std::net::TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    closing: CancellationToken,
    limits: Limits,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let tls = tls.map(TlsAcceptor::from);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    while let Some((slot, stream, peer)) = next(&listener, &slots, &closing).await {
        let (tls, router, closing, watcher) = (tls.clone(), router.clone(), closing.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _slot = slot;
            // Small answers leave at once.
            let _ = stream.set_nodelay(true);
            let Some(tls) = tls else { return answer(stream, peer, router, watcher, limits).await };
            tokio::select! {
                greeting = tokio::time::timeout(limits.head, tls.accept(stream)) => {
                    if let Ok(Ok(stream)) = greeting {
                        answer(stream, peer, router, watcher, limits).await;
                    }
                }
                () = closing.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.finish, graceful.shutdown()).await.is_err() {
        tracing::warn!(s = limits.finish.as_secs(), "cut off requests that didn't finish");
    }
    Ok(())
}

/// The next connection and its slot; `None` when it is time to end.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    closing: &CancellationToken,
) -> Option<(tokio::sync::OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let accept = async {
        let slot = slots.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((slot, stream, peer)),
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    };
    tokio::select! {
        connection = accept => connection,
        () = closing.cancelled() => None,
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    limits: Limits,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MOST_HEADERS)
        .max_header_size(LARGEST_HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    // The other side's doing, every one of them: broken heads, cut connections, slowness.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, %peer, "a connection broke");
    }
}
