//! A console as a process of its own, which a test breaks into, and ends where it is.
//!
//! It is this test binary once more. What it is told comes by its standard input, a line for each; what it says goes to its
//! standard error, behind `console: `.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use control::events::Hub;
use control::reconcile::fail_points::{Break, FailPoints, Point};
use control::reconcile::{Step, Waker, run};
use control::{Control, Sealer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Host, HostConfig};
use runtime_local::{Config, LocalRuntime};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

/// Other test binaries have others.
const PORTS: std::ops::RangeInclusive<u16> = 16_400..=17_399;
const READY: &str = "ready";
const ARMED: &str = "armed";
const DISARM: &str = "disarm";
const DISARMED: &str = "disarmed";
const HIT: &str = "hit";

/// Where it keeps what.
#[derive(Clone)]
pub struct Home {
    /// Address of the server, and which database of it.
    pub server: String,
    pub database: String,
    pub root: PathBuf,
    pub shared: PathBuf,
}

impl Home {
    pub fn store(&self) -> PgConnectOptions {
        self.server.parse::<PgConnectOptions>().unwrap().database(&self.database)
    }

    /// A statement of our own making.
    pub async fn on_server(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }

    pub fn services(&self) -> PathBuf {
        self.root.join("services")
    }

    /// The use cases on real servers, in this process.
    pub async fn control(&self, pool: PgPool) -> (Control, Host) {
        let config = HostConfig { shared: Some(self.shared.clone()), ..HostConfig::new(self.root.join("host")) };
        let host = Host::new(config).unwrap();
        let config = Config { services: self.services(), ports: PORTS, limits_enforced: false };
        let runtime = LocalRuntime::start(host.clone(), config).await.unwrap();
        (Control::new(pool, Sealer::from_keys(&[[7; 32]]), Arc::new(runtime)), host)
    }
}

/// The side of the test.
pub struct Console {
    child: Child,
    told: ChildStdin,
    says: Lines<BufReader<ChildStderr>>,
}

impl Console {
    #[expect(clippy::disallowed_methods, reason = "the console that this test ends is a process of its own")]
    pub async fn start(home: &Home) -> Self {
        let mut child = Command::new("/proc/self/exe")
            .args(["--exact", "console", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (told, says) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        let mut console = Self { child, told, says: BufReader::new(says).lines() };
        for word in [home.server.as_str(), home.database.as_str(), text(&home.root), text(&home.shared)] {
            console.tell(word).await;
        }
        console.hears(READY).await;
        console
    }

    /// From now on.
    pub async fn arm(&mut self, step: Step, point: Point, nth: usize, what: Break) {
        self.tell(&format!("{} {point:?} {nth} {what:?}", step.as_str())).await;
        self.hears(ARMED).await;
    }

    /// What was armed, and hasn't happened, doesn't happen any more.
    pub async fn disarm(&mut self) {
        self.tell(DISARM).await;
        self.hears(DISARMED).await;
    }

    /// Until it was broken into. One that hangs there has ended then.
    pub async fn hit(&mut self, what: Break) {
        if what == Break::Hang {
            self.child.wait().await.unwrap();
        } else {
            self.hears(HIT).await;
        }
    }

    /// Ends where it is.
    pub async fn die(mut self) {
        self.child.kill().await.unwrap();
    }

    async fn tell(&mut self, line: &str) {
        self.told.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn hears(&mut self, word: &str) {
        loop {
            let line = self.says.next_line().await.unwrap().unwrap_or_else(|| panic!("it ended before it was {word}"));
            if line == format!("console: {word}") {
                return;
            }
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The side of the console. It ends by a signal, or with its standard input.
pub async fn serve() {
    let mut told = BufReader::new(tokio::io::stdin()).lines();
    let mut word = async || told.next_line().await.unwrap().expect("started by a test");
    let (server, database) = (word().await, word().await);
    let home = Home { server, database, root: word().await.into(), shared: word().await.into() };
    let pool = PgPool::connect_with(home.store()).await.unwrap();
    let points = FailPoints::default();
    let (control, _) = home.control(pool.clone()).await;
    let (hub, waker, stop) = (Hub::new(), Waker::default(), CancellationToken::new());
    tokio::spawn(hub.feed(pool, waker.clone(), stop.clone()));
    tokio::spawn(run(control.with_fail_points(points.clone()), waker, stop));
    say(READY);
    let mut hangs = false;
    loop {
        tokio::select! {
            line = told.next_line() => {
                let Some(line) = line.unwrap() else { return };
                if line == DISARM {
                    points.disarm();
                    say(DISARMED);
                    continue;
                }
                let (step, point, nth, what) = parse(&line);
                hangs = what == Break::Hang;
                points.arm(step, point, nth, what);
                say(ARMED);
            }
            () = points.hit() => {
                if hangs {
                    // an abort that leaves no core file
                    kill(Pid::this(), Signal::SIGKILL).unwrap();
                }
                say(HIT);
            }
        }
    }
}

fn parse(line: &str) -> (Step, Point, usize, Break) {
    let [step, point, nth, what] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let point = Point::ALL.into_iter().find(|p| format!("{p:?}") == point).unwrap();
    let what = Break::ALL.into_iter().find(|b| format!("{b:?}") == what).unwrap();
    (Step::parse(step).unwrap(), point, nth.parse().unwrap(), what)
}

fn say(word: &str) {
    // nobody hears it: the test has ended
    let _ = writeln!(std::io::stderr(), "console: {word}");
}
