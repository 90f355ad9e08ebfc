//! Durable creates per second of many clients, beside pgbench inserting the same rows on the same server and PocketBase
//! creating a record of the same shape.

use std::process::Command;

use serde_json::json;

use crate::console::{Api, Console};
use crate::load::load;
use crate::pocketbase::PocketBase;
use crate::{Outcome, Row, ratio};

const CLIENTS: usize = 16;
pub(crate) const CREATES: usize = 1_000;
const SECONDS: &str = "5";

/// No server is started for what is created here: its task never falls due. And there is room for all of it.
const PARKED: &str = "
    create function park() returns trigger language plpgsql as $$ begin new.run_at := 'infinity'; return new; end $$;
    create trigger park before insert or update on tasks for each row execute function park();
    update resources set ram_mib = 1000000000, disk_mib = 1000000000;";

pub(crate) async fn measure(console: &Console, pocketbase: &PocketBase) -> Outcome<Vec<Row>> {
    console.sql(PARKED).await?;
    let api = Api::sign_in(console).await?;
    let project = api.get("/api/v1/projects").await?[0]["uuid"].clone();
    let body = json!({"service_type": "postgres", "project_id": project, "label": "One of many",
        "postgres_version": "17", "ram_size": 64, "environment_variables": true});
    let ours = load(CLIENTS, CREATES, |_| async { api.post("/api/v1/services", &body).await.map(drop) }).await?;
    let pgbench = pgbench(console)?;
    console.sql("delete from services where name like 'pgbench-%'").await?;
    console.sql("vacuum analyze").await?;
    let theirs = load(CLIENTS, CREATES, |_| pocketbase.create()).await?;
    Ok(vec![
        (format!("durable creates at {CLIENTS} clients"), ours.to_string(), "–"),
        (format!("… beside pgbench inserting the same rows ({pgbench:.0}/s)"), ratio(ours.rate, pgbench), "≥ 0.5×"),
        (format!("… beside a record of PocketBase ({theirs})"), ratio(ours.rate, theirs.rate), "≥ 1×"),
    ])
}

/// Transactions per second.
fn pgbench(console: &Console) -> Outcome<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/console/create.sql");
    let ran = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--file", script, "--time", SECONDS])
        .args(["--client", &CLIENTS.to_string()])
        .envs(console.metadata()?)
        .output()?;
    let output = String::from_utf8_lossy(&ran.stdout);
    let tps = output.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    tps.ok_or_else(|| format!("pgbench: {output}{}", String::from_utf8_lossy(&ran.stderr)).into())
}
