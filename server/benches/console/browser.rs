//! What Chromium sees of a first visit: the browser suite measures it, on a console of its own that isn't watched.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Outcome, Row};

/// The line that end2end/tests/browser/first-load.spec.ts prints.
const LINE: &str = "first loads: ";

pub(crate) fn measure() -> Outcome<Vec<Row>> {
    let ran = Command::new("npx")
        .args(["playwright", "test", "--project=browser", "--no-deps", "--workers", "1", "first-load"])
        .env("END2END_UNWATCHED", "1")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end"))
        .stderr(Stdio::inherit())
        .output()?;
    let output = String::from_utf8_lossy(&ran.stdout);
    let line = output.lines().find_map(|line| line.trim().strip_prefix(LINE));
    let pages: Value = serde_json::from_str(line.ok_or_else(|| format!("no first load was measured: {output}"))?)?;
    let pages = pages.as_object().ok_or("no pages")?;
    let number = |page: &Value, what: &str| page[what].as_f64().unwrap_or(f64::NAN);
    let mut rows: Vec<Row> = Vec::new();
    for (what, title) in
        [("first_byte", "a first visit → first byte"), ("hydrated", "a first visit → everything answers")]
    {
        let mut all: Vec<f64> = pages.values().map(|page| number(page, what)).collect();
        all.sort_by(f64::total_cmp);
        let range = format!("{:.0} ms ({:.0} to {:.0})", all[all.len() / 2], all[0], all[all.len() - 1]);
        let aim = if what == "hydrated" { "≤ 250 ms" } else { "–" };
        rows.push((format!("{title}, median of {} pages", all.len()), range, aim));
    }
    for (path, page) in pages {
        let kilobytes = format!("{:.1} kB", number(page, "bytes") / 1000.0);
        rows.push((format!("first visit of {path}: script and WASM, brotli"), kilobytes, "≤ 200 kB"));
    }
    Ok(rows)
}
