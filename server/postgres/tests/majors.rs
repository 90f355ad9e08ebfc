//! The life of a server, from nothing to nothing, on every major version.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

mod common;

use std::time::{Duration, Instant};

use common::{Bench, SECONDS, sign_in, text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Host, LimitsEnforced, Major, SignInError, Status, StopMode, scram_verifier};
use secrecy::SecretString;

macro_rules! lives {
    ($($name:ident: $major:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            life(Major::$major).await;
        })*
    };
}

lives!(
    postgres_13_lives_and_dies: V13,
    postgres_14_lives_and_dies: V14,
    postgres_15_lives_and_dies: V15,
    postgres_16_lives_and_dies: V16,
    postgres_17_lives_and_dies: V17,
    postgres_18_lives_and_dies: V18
);

async fn life(major: Major) {
    let bench = Bench::new();
    let mut clock = Clock::new(major);
    let binaries = bench.host.binaries(major, &|_| {}).await.unwrap();
    assert_eq!(binaries.major, major);
    clock.lap("binaries");
    let settings = common::settings(major);
    let dir = bench.dir("template-maker");
    bench.host.prepare(&dir, &settings).await.unwrap();
    bench.host.remove(&dir).await.unwrap();
    clock.lap("template, if missing");

    let dir = bench.dir("one");
    assert_eq!(bench.host.observe(&dir).unwrap(), Status::Absent);
    bench.host.prepare(&dir, &settings).await.unwrap();
    clock.lap("prepare");
    let running = bench.host.start(&dir).await.unwrap();
    clock.lap("first start");
    assert!(!running.adopted);
    assert_eq!(running.limits, LimitsEnforced::Advisory);
    let verifier = scram_verifier(&SecretString::from("first"));
    // An ugly name, to be quoted; and twice, as after a crash.
    let name = "o'dd \"name\"";
    for _ in 0..2 {
        let ensured = bench.host.ensure_role_and_database(&dir, name, &verifier);
        ensured.await.unwrap();
        clock.lap("role and database");
    }
    let signed_in = sign_in(settings.port, name, "first").await.unwrap();
    clock.lap("sign-in");
    assert!(signed_in.version.starts_with(&format!("{major}.")));

    it_is_closed_to_others(&bench, &settings, name).await;
    it_has_an_identity_of_its_own(&bench, major, &dir).await;

    // A new host adopts what an earlier one started.
    let Bench { host, place } = bench;
    drop(host);
    let host = Host::new(place.host_config()).unwrap();
    let adopted = host.start(&dir).await.unwrap();
    assert!(adopted.adopted);
    assert_eq!(adopted.pid, running.pid);

    it_recovers_from_a_killed_postmaster(&host, &dir, &mut clock).await;
    sign_in(settings.port, name, "first").await.unwrap();

    clock.reset();
    host.stop(&dir, StopMode::Fast, SECONDS).await.unwrap();
    clock.lap("stop");
    assert_eq!(host.observe(&dir).unwrap(), Status::Stopped);
    host.stop(&dir, StopMode::Fast, SECONDS).await.unwrap();
    let refused = sign_in(settings.port, name, "first").await.unwrap_err();
    assert!(matches!(refused, SignInError::Refused { .. }), "{refused}");
    clock.reset();
    host.start(&dir).await.unwrap();
    clock.lap("second start");

    host.remove(&dir).await.unwrap();
    clock.lap("remove");
    host.remove(&dir).await.unwrap();
    host.remove(&place.path().join("servers/two")).await.unwrap();
    assert_eq!(host.observe(&dir).unwrap(), Status::Absent);
    let left =
        [place.path().join("servers"), host.socket_dir().to_owned()].map(|dir| std::fs::read_dir(dir).unwrap().count());
    assert_eq!(left, [0, 0], "files left behind");
}

async fn it_is_closed_to_others(bench: &Bench, settings: &postgres::Settings, name: &str) {
    let port = settings.port;
    let wrong = sign_in(port, name, "wrong").await.unwrap_err();
    assert!(matches!(wrong, SignInError::Authentication { .. }), "{wrong}");
    assert!(wrong.to_string().contains("password authentication failed"));
    let password = SecretString::from("first");
    let elsewhere = |database: &'static str| postgres::sign_in("127.0.0.1", port, database, name, &password, SECONDS);
    let none = elsewhere("none").await.unwrap_err();
    assert!(matches!(none, SignInError::DoesNotExist { .. }), "{none}");
    let system = elsewhere("postgres").await.unwrap_err();
    assert!(matches!(system, SignInError::Authentication { .. }), "{system}");
    // Its owner may create in its schema, on old versions too.
    let client = bench.host.superuser_in(&bench.dir("one"), name).await.unwrap();
    let owner = "select has_schema_privilege(datdba, 'public', 'CREATE')::text from pg_database where datname = current_database()";
    assert_eq!(text(&client, owner).await, "true");
    assert_eq!(text(&client, "show fsync").await, "on");
    assert_eq!(text(&client, "show data_checksums").await, "on");
    assert_eq!(text(&client, "select upper('ä')").await, "Ä");
}

async fn it_has_an_identity_of_its_own(bench: &Bench, major: Major, dir: &std::path::Path) {
    let (other, _) = bench.server(major, "two").await;
    let identity = "select system_identifier::text from pg_control_system()";
    let one = bench.host.superuser(dir).await.unwrap();
    let two = bench.host.superuser(&other).await.unwrap();
    assert_ne!(text(&one, identity).await, text(&two, identity).await);
    let passwords = [dir, &other].map(|dir| std::fs::read_to_string(dir.join("superuser")).unwrap());
    assert_ne!(passwords[0], passwords[1]);
}

async fn it_recovers_from_a_killed_postmaster(host: &Host, dir: &std::path::Path, clock: &mut Clock) {
    let client = host.superuser(dir).await.unwrap();
    client.batch_execute("create table kept as select 42 as n").await.unwrap();
    let busy = tokio::spawn(async move {
        let counting = "select count(*) from generate_series(1, 100000000000)";
        client.batch_execute(counting).await.unwrap_err();
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let Status::Running { pid, .. } = host.observe(dir).unwrap() else {
        panic!("it runs");
    };
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    clock.reset();
    let again = host.start(dir).await.unwrap();
    clock.lap("start after kill -9, busy backend");
    assert_ne!(again.pid, pid);
    busy.await.unwrap();
    let client = host.superuser(dir).await.unwrap();
    assert_eq!(text(&client, "select n::text from kept").await, "42");
}

/// Prints what took how long; shown by `--nocapture`.
struct Clock {
    major: Major,
    since: Instant,
}

impl Clock {
    fn new(major: Major) -> Clock {
        let since = Instant::now();
        Clock { major, since }
    }

    fn reset(&mut self) {
        self.since = Instant::now();
    }

    fn lap(&mut self, what: &str) {
        let took = self.since.elapsed().as_millis();
        eprintln!("{}: {what}: {took} ms", self.major);
        self.reset();
    }
}
