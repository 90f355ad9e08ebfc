//! The console under test, in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::SET_COOKIE;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::Outcome;

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a bench is no place for secrets";
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Console {
    dir: tempfile::TempDir,
    port: u16,
    /// Beyond those that every console has here.
    args: Vec<String>,
    child: Option<Child>,
    pub http: reqwest::Client,
}

impl Console {
    pub(crate) fn new(args: &[&str]) -> Outcome<Self> {
        let dir = tempfile::Builder::new().prefix("berth-bench-").tempdir_in("/var/tmp")?;
        // as root the console becomes another account, which has to get in
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Ok(Self { dir, port: free_port()?, args, child: None, http })
    }

    fn binary() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/berth")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) async fn start(&mut self) -> Outcome<Duration> {
        let began = Instant::now();
        let child = Command::new(Self::binary())
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--database-ports", "21500-29999"])
            .arg("--data-dir")
            .arg(self.data())
            .args(&self.args)
            .env("BERTH_ADMIN_EMAIL", EMAIL)
            .env("BERTH_ADMIN_PASSWORD", PASSWORD)
            .env("BERTH_LOG", "error")
            .stdin(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        let ready = self.url("/readyz");
        until(|| async { self.http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) }).await?;
        Ok(began.elapsed())
    }

    pub(crate) async fn restart(&mut self) -> Outcome<Duration> {
        self.stop(&[])?;
        self.start().await
    }

    fn stop(&mut self, more: &[&str]) -> Outcome<()> {
        let mut stop = Command::new(Self::binary());
        stop.args(["stop", "--data-dir"]).arg(self.data()).args(more).stdout(Stdio::null()).status()?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    pub(crate) fn end(mut self) -> Outcome<()> {
        self.stop(&["--databases"])?;
        Ok(self.dir.close()?)
    }

    /// Bytes of memory that the process itself holds, without its databases.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        memory(self.child.as_ref().ok_or("the console doesn't run")?.id())
    }

    /// The cookie of a browser that has signed in.
    pub(crate) async fn session(&self) -> Outcome<String> {
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

    /// How to reach its own metadata, as libpq's environment.
    pub(crate) fn metadata(&self) -> Outcome<[(&'static str, String); 4]> {
        let dir = self.data().join("metadata");
        let pidfile = std::fs::read_to_string(dir.join("data/postmaster.pid"))?;
        // the fifth line is the socket's directory: PostgreSQL's documentation, Database File Layout
        let socket = pidfile.lines().nth(4).ok_or("the metadata's server has no socket")?;
        let password = std::fs::read_to_string(dir.join("superuser"))?;
        Ok([
            ("PGHOST", socket.to_owned()),
            ("PGUSER", "postgres".to_owned()),
            ("PGPASSWORD", password.trim().to_owned()),
            ("PGDATABASE", "berth".to_owned()),
        ])
    }

    /// Runs statements in its metadata: for what no API makes, such as a hundred thousand services.
    pub(crate) async fn sql(&self, statements: &str) -> Outcome<()> {
        self.in_metadata(async |client| client.batch_execute(statements).await).await
    }

    /// Counts rows of its metadata by a time.
    pub(crate) async fn count(&self, query: &str, at: SystemTime) -> Outcome<i64> {
        self.in_metadata(async |client| client.query_one(query, &[&at]).await?.try_get(0)).await
    }

    async fn in_metadata<T>(
        &self,
        work: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
    ) -> Outcome<T> {
        let [(_, socket), (_, user), (_, password), (_, database)] = self.metadata()?;
        let mut config = tokio_postgres::Config::new();
        config.host_path(socket).user(&user).password(password).dbname(&database);
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        let done = work(&client).await?;
        drop(client);
        connection.await??;
        Ok(done)
    }
}

/// The REST API, signed in.
pub(crate) struct Api<'a> {
    console: &'a Console,
    token: String,
}

impl<'a> Api<'a> {
    pub(crate) async fn sign_in(console: &'a Console) -> Outcome<Self> {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let answer =
            console.http.post(console.url("/api/v1/auth/sign_in")).json(&body).send().await?.json::<Value>().await?;
        Ok(Self { console, token: answer["access_token"].as_str().ok_or("not signed in")?.to_owned() })
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.console.http.get(self.console.url(path)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Reads the answer without looking at it.
    pub(crate) async fn take(&self, path: &str) -> Outcome<()> {
        let request = self.console.http.get(self.console.url(path)).bearer_auth(&self.token);
        request.send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.console.http.patch(self.console.url(path)).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.console.http.post(self.console.url(path)).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

pub(crate) fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Bytes of a process that are in memory (proc(5): VmRSS).
pub(crate) fn memory(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) -> Outcome<()> {
    let began = Instant::now();
    while !holds().await {
        if began.elapsed() > PATIENCE {
            return Err("it took too long".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
