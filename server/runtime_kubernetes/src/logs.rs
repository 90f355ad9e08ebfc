//! What instances log: lines of JSON, of which those of PostgreSQL itself are shown.

use contract::log::{LogFilter, LogLines};
use contract::values::Secret;
use serde::Deserialize;

/// Longest line that is kept, in characters.
const LONGEST: usize = 400;
/// What stands where a secret stood.
const DOTS: &str = "••••••••";
/// Messages that repeat what a client sent, and so may hold a secret.
const QUOTING: [&str; 4] = ["statement: ", "execute ", "parse ", "Query Text: "];

/// A line of an instance.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    record: Option<Record>,
}

/// What PostgreSQL said. The statement, its parameters and its context are left out: they may hold a secret.
#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    log_time: String,
    #[serde(default)]
    error_severity: String,
    #[serde(default)]
    message: String,
}

/// The newest lines that hold the text, compared without case.
pub(crate) fn find(log: &str, filter: &LogFilter, secret: &Secret) -> LogLines {
    let text = filter.q.to_lowercase();
    let records = log.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()?.record);
    let harmless = records.filter(|record| !QUOTING.iter().any(|part| record.message.contains(part)));
    let shown = harmless.map(|record| {
        let first = record.message.lines().next().unwrap_or_default();
        let line = format!("{} {}:  {first}", record.log_time, record.error_severity);
        line.replace(secret.expose(), DOTS).chars().take(LONGEST).collect::<String>()
    });
    let mut lines: Vec<String> = shown.filter(|line| line.to_lowercase().contains(&text)).collect();
    let older = lines.len().saturating_sub(usize::from(filter.lines));
    LogLines { lines: lines.split_off(older), more: older > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"level":"info","ts":"2026-11-29T12:00:00Z","logger":"instance-manager","msg":"Starting webserver"}
{"level":"info","logger":"postgres","msg":"record","record":{"log_time":"2026-11-29 12:00:01.000 UTC","error_severity":"LOG","message":"starting PostgreSQL"}}
not even JSON
{"level":"info","logger":"postgres","msg":"record","record":{"log_time":"2026-11-29 12:00:02.000 UTC","error_severity":"ERROR","message":"no hunter2 here","query":"select 'hunter2'"}}
{"level":"info","logger":"postgres","msg":"record","record":{"log_time":"2026-11-29 12:00:03.000 UTC","error_severity":"LOG","message":"execute <unnamed>: select 1"}}"#;

    #[test]
    fn what_postgresql_said_is_found_and_nothing_that_a_client_sent() {
        let find = |q: &str, lines| find(LOG, &LogFilter { q: q.into(), lines }, &Secret::new("hunter2"));
        assert_eq!(
            find("", 9).lines,
            [
                "2026-11-29 12:00:01.000 UTC LOG:  starting PostgreSQL",
                "2026-11-29 12:00:02.000 UTC ERROR:  no •••••••• here"
            ]
        );
        assert_eq!(find("", 1), LogLines { lines: find("error", 9).lines, more: true });
        assert_eq!(find("hunter2", 9), LogLines::default());
    }
}
