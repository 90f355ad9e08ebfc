//! PocketBase with a collection that has the fields of a service.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::Outcome;
use crate::console::{free_port, until};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a bench is no place for secrets";
const RECORDS: &str = "/api/collections/services/records";

/// The fields of a service that are texts, and those that are numbers.
const TEXTS: [&str; 14] = [
    "workspace",
    "project",
    "resource",
    "name",
    "label",
    "service_type",
    "postgres_version",
    "creation_mode",
    "state",
    "state_reason",
    "region",
    "password",
    "connection_url",
    "operation",
];
const NUMBERS: [&str; 5] = ["instances", "ram_size", "disk_size", "cpu_size", "port"];

pub(crate) struct PocketBase {
    dir: tempfile::TempDir,
    url: String,
    child: Child,
    http: reqwest::Client,
    token: String,
}

impl PocketBase {
    pub(crate) async fn start() -> Outcome<Self> {
        let program = build()?;
        let dir = tempfile::Builder::new().prefix("berth-bench-pocketbase-").tempdir_in("/var/tmp")?;
        let data = format!("--dir={}", dir.path().display());
        let made = Command::new(&program).args(["superuser", "upsert", EMAIL, PASSWORD, &data]).output()?;
        if !made.status.success() {
            return Err(format!("pocketbase: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let address = format!("127.0.0.1:{}", free_port()?);
        let child = Command::new(&program)
            .args(["serve", &format!("--http={address}"), &data])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut it = Self { dir, url: format!("http://{address}"), child, http, token: String::new() };
        it.prepare().await?;
        Ok(it)
    }

    async fn prepare(&mut self) -> Outcome<()> {
        let health = format!("{}/api/health", self.url);
        until(|| async { self.http.get(&health).send().await.is_ok_and(|r| r.status().is_success()) }).await?;
        let credentials = json!({"identity": EMAIL, "password": PASSWORD});
        let answer = self.post("/api/collections/_superusers/auth-with-password", &credentials).await?;
        self.token = answer["token"].as_str().ok_or("not signed in to PocketBase")?.to_owned();
        let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
        let mut fields: Vec<Value> = TEXTS.iter().map(|name| field(name, "text")).collect();
        fields.extend(NUMBERS.iter().map(|name| field(name, "number")));
        fields.push(json!({"name": "created", "type": "autodate", "onCreate": true}));
        let indexes = ["create index newest on services (workspace, created desc)"];
        let collection = json!({"name": "services", "type": "base", "fields": fields, "indexes": indexes});
        self.post("/api/collections", &collection).await.map(drop)
    }

    /// Creates a record of the shape of a service.
    pub(crate) async fn create(&self) -> Outcome<()> {
        let mut record = json!({"workspace": "main", "label": "One of many", "instances": 1, "ram_size": 64});
        for name in TEXTS.iter().skip(5) {
            record[*name] = json!("a text that is about as long as ours");
        }
        self.post(RECORDS, &record).await.map(drop)
    }

    /// The newest 50; without a count of all, as ours is.
    pub(crate) async fn list(&self) -> Outcome<Value> {
        self.get(&format!("{RECORDS}?perPage=50&skipTotal=1&filter=(workspace='main')&sort=-created")).await
    }

    pub(crate) async fn one(&self, id: &str) -> Outcome<Value> {
        self.get(&format!("{RECORDS}/{id}")).await
    }

    async fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.http.get(format!("{}{path}", self.url)).header("authorization", &self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.http.post(format!("{}{path}", self.url)).header("authorization", &self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub(crate) fn end(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(self.dir.close()?)
    }
}

/// The Go module beside this file, built into `target/`.
fn build() -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("../target/bench/pocketbase");
    let built = Command::new("go")
        .args(["build", "-o"])
        .args([&program, Path::new(".")])
        .env("CGO_ENABLED", "0")
        .current_dir(root.join("benches/console/pocketbase"))
        .status()?;
    if built.success() { Ok(program) } else { Err("PocketBase can't be built; it needs Go 1.25 or newer".into()) }
}
