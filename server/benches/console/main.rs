//! `make bench`: what a user waits for, beside what he would have instead, measured on the release binary in one run. A
//! table at the end; nothing here is a test, because a busy machine would fail it.
//!
//! | module | holds |
//! |---|---|
//! | [`console`] | the console under test, its API and its metadata |
//! | [`create`] | a create until somebody is signed in, beside a shell script that does the least that has to be done |
//! | [`write`] | creates per second, beside pgbench and PocketBase |
//! | [`read`] | entities, lists and pages, with few services and many, beside PocketBase |
//! | [`browser`] | what Chromium sees of a first visit |
//! | [`cluster`], [`loopback`] | services on Kubernetes |
//! | [`load`] | requests by many clients at once |
//! | [`pocketbase`] | PocketBase with a collection of the same shape |

mod browser;
mod cluster;
mod console;
mod create;
mod load;
mod loopback;
mod pocketbase;
mod read;
mod write;

use std::io::Write as _;
use std::time::Duration;

use console::Console;
use pocketbase::PocketBase;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What was measured, how much, and the aim.
type Row = (String, String, &'static str);

fn main() -> Outcome<()> {
    // the client is built with TLS, which nothing here speaks
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a provider is installed already")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if std::env::args().any(|arg| arg == cluster::LOOPBACK) {
        return runtime.block_on(loopback::measure());
    }
    let mut out = std::io::stdout();
    let mut console = Console::new(&[])?;
    let rows = runtime.block_on(measure(&mut console));
    console.end()?;
    writeln!(out, "\n| what | measured | aim |\n|---|---|---|")?;
    for (what, measured, aim) in rows? {
        writeln!(out, "| {what} | {measured} | {aim} |")?;
    }
    Ok(())
}

async fn measure(console: &mut Console) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    let first = console.start().await?;
    rows.push(("first start → ready (download of PostgreSQL included)".into(), millis(first), "–"));
    rows.push(("second start → ready".into(), millis(console.restart().await?), "≤ 2000 ms"));
    rows.push(("memory of the console, idle".into(), megabytes(console.memory()?), "≤ 40 MB"));
    rows.extend(create::measure(console).await?);
    let pocketbase = PocketBase::start().await?;
    rows.extend(write::measure(console, &pocketbase).await?);
    rows.extend(read::measure(console, &pocketbase).await?);
    rows.push(("memory of the console behind all of this".into(), megabytes(console.memory()?), "≤ 40 MB"));
    pocketbase.end()?;
    rows.extend(browser::measure()?);
    rows.extend(cluster::measure()?);
    Ok(rows)
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn millis(took: Duration) -> String {
    if took < Duration::from_millis(20) {
        format!("{:.1} ms", took.as_secs_f64() * 1000.0)
    } else {
        format!("{} ms", took.as_millis())
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_000_000.0)
}

fn ratio(one: f64, other: f64) -> String {
    format!("{:.2}×", one / other)
}
