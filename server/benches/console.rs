//! `make bench`: what a user waits for, measured on the release binary in one run. A table at the end; nothing here is
//! a test, because a busy machine would fail it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT_ENCODING, CONTENT_LENGTH, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a bench is no place for secrets";
const CREATES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Outcome<()> {
    // the client is built with TLS, which nothing here speaks
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a provider is installed already")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout();
    let mut console = Console::new()?;
    let rows = runtime.block_on(measure(&mut console));
    console.end()?;
    writeln!(out, "\n| what | measured | aim |\n|---|---|---|")?;
    for row in rows? {
        writeln!(out, "| {} | {} | {} |", row.0, row.1, row.2)?;
    }
    Ok(())
}

type Row = (String, String, &'static str);

async fn measure(console: &mut Console) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    let first = console.start().await?;
    rows.push(("first start → ready (download of PostgreSQL included)".into(), millis(first), "–"));
    let second = console.restart().await?;
    rows.push(("second start → ready".into(), millis(second), "≤ 2000 ms"));
    let creates = creates(console).await?;
    rows.push((format!("create → signed in, median of {CREATES}"), millis(median(creates.signed_in)), "≤ 1000 ms"));
    rows.push((format!("create → shown as healthy, median of {CREATES}"), millis(median(creates.healthy)), "–"));
    for (page, bytes) in first_loads(console, &creates.last).await? {
        rows.push((
            format!("first load of {page}: script and WASM, brotli"),
            format!("{:.1} kB", bytes as f64 / 1000.0),
            "≤ 250 kB",
        ));
    }
    Ok(rows)
}

struct Creates {
    signed_in: Vec<Duration>,
    healthy: Vec<Duration>,
    /// Name of the last one.
    last: String,
}

/// One after another, each until its own credentials open it, and until the API says so.
async fn creates(console: &Console) -> Outcome<Creates> {
    let api = Api::sign_in(console).await?;
    let project = api.get("/api/v1/projects").await?[0]["uuid"].clone();
    let mut all = Creates { signed_in: vec![], healthy: vec![], last: String::new() };
    // the first one makes the template of its version
    for n in 0..=CREATES {
        let began = Instant::now();
        let body = json!({"service_type": "postgres", "project_id": project, "label": format!("bench {n}"),
            "postgres_version": "17", "ram_size": 128, "cpu_size": 1});
        let service = api.post("/api/v1/services", &body).await?;
        let name = service["name"].as_str().ok_or("no name")?.to_owned();
        let url = service["connection_details"]["internal"]["connection_url"].as_str().ok_or("no url")?;
        until(|| async { tokio_postgres::connect(url, tokio_postgres::NoTls).await.is_ok() }).await?;
        let signed_in = began.elapsed();
        let path = format!("/api/v1/services/{name}");
        until(|| async { api.get(&path).await.is_ok_and(|s| s["state"] == "healthy") }).await?;
        if n > 0 {
            all.signed_in.push(signed_in);
            all.healthy.push(began.elapsed());
        }
        all.last = name;
    }
    Ok(all)
}

/// What a browser with an empty cache fetches as script and WASM before a page is alive.
async fn first_loads(console: &Console, service: &str) -> Outcome<Vec<(String, u64)>> {
    let cookie = console.session().await?;
    let pages = [
        ("/sign-in".to_owned(), false),
        ("/w/main/services".to_owned(), true),
        ("/w/main/services/new".to_owned(), true),
        (format!("/w/main/services/{service}"), true),
    ];
    let mut loads = Vec::new();
    for (page, signed_in) in pages {
        let mut request = console.http.get(console.url(&page));
        if signed_in {
            request = request.header(COOKIE, &cookie);
        }
        let html = request.send().await?.error_for_status()?.text().await?;
        let mut bytes = 0;
        for asset in assets(&html) {
            let answer = console.http.get(console.url(&asset)).header(ACCEPT_ENCODING, "br").send().await?;
            let length = answer
                .error_for_status()?
                .headers()
                .get(CONTENT_LENGTH)
                .ok_or("no length")?
                .to_str()?
                .parse::<u64>()?;
            bytes += length;
        }
        loads.push((page, bytes));
    }
    Ok(loads)
}

/// Addresses of scripts and WASM modules that a page names.
fn assets(html: &str) -> BTreeSet<String> {
    let quoted = html.split(['"', '\'']).filter(|text| text.starts_with("/pkg/"));
    quoted.filter(|text| text.ends_with(".js") || text.ends_with(".wasm")).map(str::to_owned).collect()
}

/// The console under test, in a directory of its own.
struct Console {
    dir: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    http: reqwest::Client,
}

impl Console {
    fn new() -> Outcome<Self> {
        let dir = tempfile::Builder::new().prefix("berth-bench-").tempdir_in("/var/tmp")?;
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        // as root the console becomes another account, which has to get in
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { dir, port, child: None, http })
    }

    fn binary() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/berth")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn start(&mut self) -> Outcome<Duration> {
        let began = Instant::now();
        let child = Command::new(Self::binary())
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{}", self.port),
                "--database-ports",
                "21500-21599",
                "--data-dir",
            ])
            .arg(self.dir.path().join("data"))
            .env("BERTH_ADMIN_EMAIL", EMAIL)
            .env("BERTH_ADMIN_PASSWORD", PASSWORD)
            .env("BERTH_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        let ready = self.url("/readyz");
        until(|| async { self.http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) }).await?;
        Ok(began.elapsed())
    }

    async fn restart(&mut self) -> Outcome<Duration> {
        self.stop(&[])?;
        self.start().await
    }

    fn stop(&mut self, more: &[&str]) -> Outcome<()> {
        Command::new(Self::binary())
            .args(["stop", "--data-dir"])
            .arg(self.dir.path().join("data"))
            .args(more)
            .stdout(Stdio::null())
            .status()?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    fn end(mut self) -> Outcome<()> {
        self.stop(&["--databases"])?;
        Ok(self.dir.close()?)
    }

    /// The cookie of a browser that has signed in.
    async fn session(&self) -> Outcome<String> {
        let form = format!("email={EMAIL}&password={}&next=/", PASSWORD.replace(' ', "+"));
        let answer = self
            .http
            .post(self.url("/sign-in"))
            .header("origin", self.url(""))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await?;
        let cookie = answer.headers().get(SET_COOKIE).ok_or("no cookie")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

struct Api<'a> {
    console: &'a Console,
    token: String,
}

impl<'a> Api<'a> {
    async fn sign_in(console: &'a Console) -> Outcome<Self> {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let answer =
            console.http.post(console.url("/api/v1/auth/sign_in")).json(&body).send().await?.json::<Value>().await?;
        Ok(Self { console, token: answer["access_token"].as_str().ok_or("not signed in")?.to_owned() })
    }

    async fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.console.http.get(self.console.url(path)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.console.http.post(self.console.url(path)).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) -> Outcome<()> {
    let began = Instant::now();
    while !holds().await {
        if began.elapsed() > PATIENCE {
            return Err("it took too long".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn millis(took: Duration) -> String {
    format!("{} ms", took.as_millis())
}
