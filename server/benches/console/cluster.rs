//! Services on Kubernetes. `cluster with` of end2end/cluster runs this program again, where a cluster is, and reads a line of it.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Outcome, Row};

/// What the program that runs in a cluster begins its line with.
pub(crate) const LINE: &str = "on a cluster: ";
/// The word that tells it what to do there.
pub(crate) const LOOPBACK: &str = "on-loopback";

pub(crate) fn measure() -> Outcome<Vec<Row>> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    let loopback = said(&["--without-operator", "--", &own, LOOPBACK])?;
    let node = said(&["--size", "node", "--", "npx", "playwright", "test", "--project", "bench", "--workers", "1"])?;
    let number = |from: &Value, what: &str| from[what].as_f64().unwrap_or(f64::NAN);
    let ms = |from: &Value, what: &str| format!("{:.0} ms", number(from, what));
    let many = number(&loopback, "services");
    Ok(vec![
        ("Kubernetes: POST → object visible, p50".into(), ms(&loopback, "visible_p50"), "≤ 100 ms"),
        ("Kubernetes: POST → object visible, p99".into(), ms(&loopback, "visible_p99"), "≤ 100 ms"),
        (
            format!("Kubernetes: resync of {many} services after a restart"),
            format!("{:.1} s", number(&loopback, "resync_ms") / 1000.0),
            "≤ 20 s",
        ),
        (
            format!("Kubernetes: requests to the API server at rest, a service and minute, of {many} stopped ones"),
            format!("{:.3}", number(&loopback, "requests")),
            "≤ 0.1",
        ),
        ("Kubernetes: CloudNativePG says healthy → the API says so".into(), ms(&node, "api"), "≤ 250 ms"),
        ("Kubernetes: … → an open page shows it".into(), ms(&node, "page"), "–"),
        (
            "Kubernetes: requests at rest, a service and minute, of running ones".into(),
            format!("{:.2}, and {:.2} to their pods", number(&node, "requests"), number(&node, "to_pods")),
            "≤ 0.1",
        ),
    ])
}

fn said(args: &[&str]) -> Outcome<Value> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let ran = Command::new(format!("{root}/target/debug/cluster"))
        .arg("with")
        .args(args)
        .env("BERTH_RUNTIME", "kubernetes")
        .env("BERTH_BENCH", "1")
        .env("END2END_UNWATCHED", "1")
        .current_dir(format!("{root}/end2end"))
        .stderr(Stdio::inherit())
        .output()?;
    let output = String::from_utf8_lossy(&ran.stdout);
    let line = output.lines().find_map(|line| line.trim().strip_prefix(LINE));
    Ok(serde_json::from_str(line.ok_or_else(|| format!("nothing was measured: {output}"))?)?)
}
