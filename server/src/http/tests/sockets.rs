//! Real sockets: slowness, crowds, the end, TLS (H08, H23).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;
use crate::http::listener::{self, Limits};
use crate::http::tls;

const GET: &[u8] = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn limits() -> Limits {
    Limits { head: Duration::from_millis(300), connections: 8, finish: Duration::from_secs(2) }
}

struct Running {
    address: SocketAddr,
    closing: CancellationToken,
    served: JoinHandle<()>,
}

fn start(routes: Router, tls: Option<Arc<rustls::ServerConfig>>) -> Running {
    let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, closing) = (listener.local_addr().unwrap(), CancellationToken::new());
    let token = closing.clone();
    let served = tokio::spawn(async move { listener::serve(listener, tls, routes, token, limits()).await.unwrap() });
    Running { address, closing, served }
}

async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) -> String {
    let _ = stream.write_all(bytes).await;
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Until the server closes; panics if it doesn't within 3 s.
async fn closed(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    start.elapsed()
}

#[tokio::test]
async fn h23_slow_heads_and_idle_connections_are_closed() {
    let server = start(app(Site::default()), None);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /page HTTP/1.1\r\nHost: lo").await.unwrap();
    assert!(talk(&mut idle, GET).await.starts_with("HTTP/1.1 200"));
    for stream in [&mut silent, &mut slow, &mut idle] {
        assert!(closed(stream).await < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn h23_a_crowd_of_silent_connections_only_delays() {
    let server = start(app(Site::default()), None);
    let mut crowd = Vec::new();
    for _ in 0..3 * limits().connections {
        crowd.push(TcpStream::connect(server.address).await.unwrap());
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(5), talk(&mut stream, GET)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn h08_ten_thousand_headers_are_a_431() {
    let server = start(app(Site::default()), None);
    for head in [
        format!("GET /page HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "a: b\r\n".repeat(10_000)),
        format!("GET /page HTTP/1.1\r\nHost: localhost\r\na: {}\r\n\r\n", "b".repeat(100_000)),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let answer = talk(&mut stream, head.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn h08_whoever_still_writes_what_is_too_large_gets_the_answer() {
    const SIZE: usize = 3 << 20;
    let server = start(app(Site::default()), None);
    let declared = format!("Content-Length: {SIZE}\r\n\r\n{}", "x".repeat(SIZE));
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{SIZE:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(SIZE));
    for body in [declared, chunked] {
        let request =
            format!("POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{body}");
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let (first, rest) = request.as_bytes().split_at(SIZE / 2);
        stream.write_all(first).await.unwrap();
        // the answer is there while half of it is still to be written
        let answer = talk(&mut stream, b"").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        for piece in rest.chunks(64 << 10) {
            stream.write_all(piece).await.unwrap();
        }
    }
}

#[tokio::test]
async fn h08_contradicting_lengths_are_refused() {
    let server = start(app(Site::default()), None);
    for head in ["Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Content-Length: x"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\nab");
        assert!(talk(&mut stream, request.as_bytes()).await.starts_with("HTTP/1.1 400"), "{head}");
    }
}

#[tokio::test]
async fn what_runs_is_finished_and_then_all_ends() {
    let slow = Router::new().route(
        "/slow",
        get(|| async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "done"
        }),
    );
    let server = start(slow, None);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.closing.cancel();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    tokio::time::timeout(Duration::from_secs(1), server.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let endless = Router::new().route(
        "/endless",
        get(|| async { Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>()) }),
    );
    let server = start(endless, None);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    talk(&mut stream, b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let start = Instant::now();
    server.closing.cancel();
    tokio::time::timeout(Duration::from_secs(4), server.served).await.unwrap().unwrap();
    assert!(start.elapsed() >= limits().finish);
}

#[tokio::test]
async fn the_peers_address_reaches_the_handler() {
    use crate::http::ClientAddress;
    let routes = Router::new().route("/", get(|ClientAddress(ip): ClientAddress| async move { ip.to_string() }));
    let server = start(router::layered(routes, state(Site::default())), None);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let answer = talk(&mut stream, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n").await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_flag() {
    let taken = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = taken.local_addr().unwrap();
    assert_eq!(
        listener::bind(address).unwrap_err().to_string(),
        format!(
            "Port {} on 127.0.0.1 is taken. Choose another with --listen 127.0.0.1:PORT (BERTH_LISTEN).",
            address.port()
        )
    );
}

#[tokio::test]
async fn tls_is_spoken_with_the_operators_files() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = start(app(Site { tls: true, ..Site::default() }), Some(tls::load(&cert, &key).unwrap()));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
    let answer = talk(&mut stream, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");

    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(closed(&mut silent).await < Duration::from_secs(2));
}

#[test]
fn files_that_arent_good_for_tls_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key, empty) = (dir.path().join("cert.pem"), dir.path().join("key.pem"), dir.path().join("empty"));
    let (one, other) =
        (rcgen::generate_simple_self_signed([]).unwrap(), rcgen::generate_simple_self_signed([]).unwrap());
    std::fs::write(&cert, one.cert.pem()).unwrap();
    std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    std::fs::write(&empty, "").unwrap();
    for (cert, key, words) in [
        (&cert, &key, "don't work together"),
        (&cert, &empty, "can't read --tls-key"),
        (&empty, &key, "holds no certificate"),
        (&dir.path().join("absent"), &key, "can't read --tls-cert"),
    ] {
        let message = tls::load(cert, key).unwrap_err().to_string();
        assert!(message.contains(words) && !message.contains("BEGIN"), "{message}");
    }
}
