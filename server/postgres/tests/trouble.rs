//! What goes wrong, and what is said and done about it.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::{Bench, SECONDS, settings, sign_in, text};
use postgres::{
    Availability, Client, Error, Host, HostConfig, Listen, Major, Settings, Status, StopMode, last_log_lines,
    scram_verifier, set_password, set_read_only, terminate_sessions,
};
use secrecy::{ExposeSecret as _, SecretString};

const MAJOR: Major = Major::V17;

#[tokio::test]
async fn offline_the_error_names_the_version_and_the_place() {
    let bench = Bench::new();
    let host =
        Host::new(HostConfig { downloads: false, ..HostConfig::new(bench.place.path().join("offline")) }).unwrap();
    let missing = host.available_majors().await;
    let missing = missing.into_iter().find(|(_, availability)| matches!(availability, Availability::Missing { .. }));
    let Some((major, _)) = missing else {
        return; // All of them are installed on this system.
    };
    let error = host.binaries(major, &|_| {}).await.unwrap_err().to_string();
    assert!(error.contains(major.archive_version()), "{error}");
    let place = bench.place.path().join("offline/binaries");
    assert!(error.contains(&place.display().to_string()), "{error}");
}

#[tokio::test]
async fn a_server_that_was_never_prepared_does_not_start() {
    let bench = Bench::new();
    let error = bench.host.start(&bench.dir("none")).await.unwrap_err();
    assert!(matches!(error, Error::NotPrepared(_)), "{error}");
    bench.host.stop(&bench.dir("none"), StopMode::Fast, SECONDS).await.unwrap();
    bench.host.fence(&bench.dir("none")).await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_said_and_can_be_changed() {
    let bench = Bench::new();
    let settings = settings(MAJOR);
    let dir = bench.dir("one");
    bench.host.prepare(&dir, &settings).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", settings.port)).unwrap();
    let error = bench.host.start(&dir).await.unwrap_err();
    assert!(matches!(error, Error::PortInUse { port } if port == settings.port), "{error}");
    let other = common::settings(MAJOR);
    let waiting = bench.host.apply(&dir, &other).await.unwrap();
    assert_eq!(waiting, ["port"]);
    assert_eq!(bench.host.start(&dir).await.unwrap().port, other.port);
    drop(listener);
}

#[tokio::test]
async fn a_half_prepared_server_starts_over() {
    let bench = Bench::new();
    let settings = settings(MAJOR);
    let dir = bench.dir("one");
    std::fs::create_dir_all(dir.join("data.tmp/global")).unwrap();
    std::fs::write(dir.join("data.tmp/global/pg_control"), "torn").unwrap();
    assert_eq!(bench.host.observe(&dir).unwrap(), Status::HalfPrepared);
    bench.host.prepare(&dir, &settings).await.unwrap();
    assert_eq!(bench.host.observe(&dir).unwrap(), Status::Stopped);
    bench.host.prepare(&dir, &settings).await.unwrap();
    bench.host.start(&dir).await.unwrap();
}

#[tokio::test]
async fn a_crash_around_the_superusers_password_is_mended() {
    let bench = Bench::new();
    let (dir, _) = bench.server(MAJOR, "one").await;
    assert!(!dir.join("superuser.initial").exists(), "settled");
    // As if a rotation had written its file and died: the server still has the old one.
    let old = bench.host.superuser_password(&dir).unwrap().unwrap();
    std::fs::write(dir.join("superuser.initial"), old.expose_secret()).unwrap();
    std::fs::write(dir.join("superuser"), "the new one").unwrap();
    assert!(matches!(bench.host.superuser(&dir).await, Err(Error::Superuser { .. })));
    bench.host.start(&dir).await.unwrap();
    bench.host.superuser(&dir).await.unwrap();
    bench.host.rotate_superuser(&dir).await.unwrap();
    let new = bench.host.superuser_password(&dir).unwrap().unwrap();
    assert_ne!(new.expose_secret(), "the new one");
    bench.host.superuser(&dir).await.unwrap();
}

#[tokio::test]
async fn a_start_that_fails_shows_the_log_without_secrets() {
    let bench = Bench::new();
    let dir = bench.dir("one");
    let bad = settings(MAJOR).with("shared_preload_libraries", "no_such_library").unwrap();
    bench.host.prepare(&dir, &bad).await.unwrap();
    let error = bench.host.start(&dir).await.unwrap_err();
    assert!(matches!(error, Error::StartFailed { .. }), "{error}");
    assert!(error.to_string().contains("no_such_library"), "{error}");
    let secret = bench.host.superuser_password(&dir).unwrap().unwrap();
    assert!(!error.to_string().contains(secret.expose_secret()));
    // Mended, it starts.
    let good = Settings::new(MAJOR, bad.limits, bad.listen, bad.port);
    assert_eq!(bench.host.apply(&dir, &good).await.unwrap(), ["shared_preload_libraries"]);
    bench.host.start(&dir).await.unwrap();
}

#[tokio::test]
async fn stale_files_of_a_reused_pid_do_not_stop_a_start() {
    let bench = Bench::new();
    let (dir, settings) = bench.server(MAJOR, "one").await;
    bench.host.stop(&dir, StopMode::Immediate, SECONDS).await.unwrap();
    // This process stands in for whatever got the pid: the same user's, alive, and no server.
    let (pid, port) = (std::process::id(), settings.port);
    let sockets = bench.host.socket_dir();
    let text = format!("{pid}\n{}\n1\n{port}\n{}\n127.0.0.1\n1 2\nready\n", dir.display(), sockets.display());
    std::fs::write(dir.join("data/postmaster.pid"), &text).unwrap();
    std::fs::write(sockets.join(format!(".s.PGSQL.{port}.lock")), &text).unwrap();
    assert_eq!(bench.host.observe(&dir).unwrap(), Status::Stopped);
    let running = bench.host.start(&dir).await.unwrap();
    assert!(!running.adopted);
}

#[tokio::test]
async fn a_fast_stop_does_not_wait_for_sessions_and_a_session_can_be_ended() {
    let bench = Bench::new();
    let (dir, settings) = bench.server(MAJOR, "one").await;
    let verifier = scram_verifier(&SecretString::from("a"));
    bench.host.ensure_role_and_database(&dir, "app", &verifier).await.unwrap();
    let superuser = bench.host.superuser(&dir).await.unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(settings.port)
        .user("app")
        .password("a")
        .connect(tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    set_password(&superuser, "app", &scram_verifier(&SecretString::from("b"))).await.unwrap();
    assert_eq!(text(&client, "select 'still there'").await, "still there");
    assert_eq!(terminate_sessions(&superuser, "app").await.unwrap(), 1);
    connection.await.unwrap().unwrap_err();
    sign_in(settings.port, "app", "a").await.unwrap_err();
    sign_in(settings.port, "app", "b").await.unwrap();
    // The superuser's session is open all the while.
    let began = Instant::now();
    bench.host.stop(&dir, StopMode::Fast, SECONDS).await.unwrap();
    assert!(began.elapsed() < SECONDS);
}

#[tokio::test]
async fn a_full_disk_makes_databases_read_only_and_back() {
    let bench = Bench::new();
    let (dir, _) = bench.server(MAJOR, "one").await;
    let read_only = async |client: &Client| {
        let query = "select setting from pg_file_settings where name = 'default_transaction_read_only'";
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    let client = bench.host.superuser(&dir).await.unwrap();
    set_read_only(&client, true).await.unwrap();
    assert_eq!(read_only(&client).await, ["on"]);
    // Berth's own sessions go on writing, so that a password can still be changed.
    let own = bench.host.superuser(&dir).await.unwrap();
    own.batch_execute("create table t (n int)").await.unwrap();
    set_read_only(&client, false).await.unwrap();
    assert!(read_only(&client).await.is_empty());
    assert!(postgres::disk_usage(&dir).unwrap() > 20 << 20);
}

#[tokio::test]
async fn a_socket_only_server_starts_fast_and_logs() {
    let bench = Bench::new();
    let dir = bench.dir("meta");
    let mut settings = settings(MAJOR);
    settings.listen = Listen::SocketOnly;
    bench.host.prepare(&dir, &settings).await.unwrap();
    bench.host.start(&dir).await.unwrap();
    sign_in(settings.port, "postgres", "x").await.unwrap_err();
    bench.host.stop(&dir, StopMode::Fast, SECONDS).await.unwrap();
    let began = Instant::now();
    bench.host.start(&dir).await.unwrap();
    let took = began.elapsed();
    eprintln!("second start, socket only: {} ms", took.as_millis());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let lines = last_log_lines(&dir, 50).unwrap();
    assert!(lines.iter().any(|line| line.contains("ready to accept connections")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_are_prepared_and_started_at_once() {
    let bench = Bench::new();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..4 {
        let (host, dir) = (bench.host.clone(), bench.dir(&number.to_string()));
        tasks.spawn(async move {
            let settings = settings(MAJOR);
            // Twice at once for each: one waits, and finds it done.
            let (one, other) = tokio::join!(host.prepare(&dir, &settings), host.prepare(&dir, &settings));
            one.and(other).unwrap();
            let (one, other) = tokio::join!(host.start(&dir), host.start(&dir));
            assert_eq!(one.unwrap().pid, other.unwrap().pid);
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn relative_directories_are_refused() {
    let bench = Bench::new();
    let error = bench.host.observe("servers/one".as_ref()).unwrap_err();
    assert!(matches!(error, Error::NotAbsolute(_)));
}
