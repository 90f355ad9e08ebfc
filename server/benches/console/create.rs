//! A create until its own credentials open the database, and until the API says so; beside it the least that has to be
//! done for that, as a shell script: copy the template, start, alter the role, connect.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::console::{Api, Console, free_port, until};
use crate::{Outcome, Row, median, millis, ratio};

const CREATES: usize = 20;
const MAJOR: &str = "17";

pub(crate) async fn measure(console: &Console) -> Outcome<Vec<Row>> {
    let api = Api::sign_in(console).await?;
    let project = api.get("/api/v1/projects").await?[0]["uuid"].clone();
    let (mut signed_in, mut healthy, mut limit) = (vec![], vec![], vec![]);
    // one after another and in turns; the first one makes the template of its version
    for n in 0..=CREATES {
        let began = Instant::now();
        let body = json!({"service_type": "postgres", "project_id": project, "label": format!("bench {n}"),
            "postgres_version": MAJOR, "ram_size": 128, "cpu_size": 1});
        let service = api.post("/api/v1/services", &body).await?;
        let name = service["name"].as_str().ok_or("no name")?;
        let url = service["connection_details"]["internal"]["connection_url"].as_str().ok_or("no url")?;
        until(|| async { tokio_postgres::connect(url, tokio_postgres::NoTls).await.is_ok() }).await?;
        let first = began.elapsed();
        let path = format!("/api/v1/services/{name}");
        until(|| async { api.get(&path).await.is_ok_and(|s| s["state"] == "healthy") }).await?;
        if n > 0 {
            signed_in.push(first);
            healthy.push(began.elapsed());
            limit.push(script(console)?);
        }
    }
    let (signed_in, healthy, limit) = (median(signed_in), median(healthy), median(limit));
    let beside = ratio(signed_in.as_secs_f64(), limit.as_secs_f64());
    Ok(vec![
        (format!("create → signed in, median of {CREATES}"), millis(signed_in), "≤ 1000 ms"),
        (format!("create → shown as healthy, median of {CREATES}"), millis(healthy), "–"),
        (format!("the same by a shell script, nothing synced ({})", millis(limit)), beside, "≤ 1.3×"),
    ])
}

/// How long the script takes until it is signed in, with the programs, the template and the account of the console.
fn script(console: &Console) -> Outcome<Duration> {
    let postgres = console.data().join("postgres");
    let template = postgres.join("templates").join(MAJOR);
    let account = std::fs::metadata(&template)?;
    let dir = tempfile::Builder::new().prefix("limit-").tempdir_in(&postgres)?;
    std::os::unix::fs::chown(dir.path(), Some(account.uid()), Some(account.gid()))?;
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/console/limit.sh");
    let began = Instant::now();
    let mut child = Command::new("setpriv")
        .args(["--reuid", &account.uid().to_string(), "--regid", &account.gid().to_string(), "--clear-groups"])
        .args(["bash", "-c", &std::fs::read_to_string(script)?, "limit.sh"])
        .args([programs(console)?, template])
        .arg(dir.path().join("server"))
        .arg(free_port()?.to_string())
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let took = began.elapsed();
    if !child.wait()?.success() || line.trim() != "signed in" {
        return Err(format!("the script for comparison failed: {line}").into());
    }
    Ok(took)
}

/// The directory of the programs that the console itself has started.
fn programs(console: &Console) -> Outcome<PathBuf> {
    for entry in std::fs::read_dir(console.data().join("postgres/binaries"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{MAJOR}.")) {
            return Ok(entry.path().join("bin"));
        }
    }
    Err("the console has no programs of its own".into())
}
