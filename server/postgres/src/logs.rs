//! The last words of a server.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{At, Result};
use crate::server::Server;

/// How much of a file's end is read, in bytes.
const WINDOW: u64 = 64 * 1024;
/// Longest line that is kept, in characters.
const LONGEST: usize = 400;
/// Parts of a message that repeat what a client sent, and so may hold a secret.
const QUOTING: [&str; 4] = ["STATEMENT:  ", "QUERY:  ", "CONTEXT:  ", "DETAIL:  parameters: "];

/// The last `count` lines that the server in `dir` logged, oldest first: of what it said before its collector ran, and of its newest
/// log. Statements are left out, since they may hold passwords. Nothing logged yet, or no server: none.
///
/// # Errors
/// A log that can't be read.
pub fn last_log_lines(dir: &Path, count: usize) -> Result<Vec<String>> {
    let server = Server::at(dir)?;
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    files.extend(dated(server.stderr_log()));
    files.extend(newest_in(&server.data().join("log")));
    files.sort();
    let mut lines = Vec::new();
    for (_, path) in files {
        lines.extend(harmless(&read_end(&path).at("read", &path)?));
    }
    Ok(lines.split_off(lines.len().saturating_sub(count)))
}

/// The last lines of a program's output.
pub(crate) fn tail(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = harmless(text).collect();
    lines.split_off(lines.len().saturating_sub(count))
}

fn newest_in(dir: &Path) -> Option<(SystemTime, PathBuf)> {
    let entries = std::fs::read_dir(dir).ok()?;
    entries.flatten().filter_map(|entry| dated(entry.path())).max()
}

fn dated(path: PathBuf) -> Option<(SystemTime, PathBuf)> {
    let changed = std::fs::metadata(&path).and_then(|m| m.modified()).ok()?;
    Some((changed, path))
}

fn read_end(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(WINDOW)))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lines without what quotes a client. A message's further lines begin with a tab, and go with the one that they belong to.
fn harmless(text: &str) -> impl Iterator<Item = String> {
    let mut dropping = false;
    text.lines()
        .filter(move |line| {
            if !line.starts_with('\t') {
                dropping = QUOTING.iter().any(|part| line.contains(part));
            }
            !dropping && !line.trim().is_empty()
        })
        .map(|line| line.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_come_without_statements() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("data/log");
        std::fs::create_dir_all(&log).unwrap();
        std::fs::write(dir.path().join("stderr.log"), "early\n").unwrap();
        let text = "x ERROR:  no\nx STATEMENT:  ALTER ROLE a\n\tPASSWORD 'hidden'\n\nx LOG:  yes\n";
        std::fs::write(log.join("pg-Mon.log"), text).unwrap();
        let lines = last_log_lines(dir.path(), 2).unwrap();
        assert!(!lines.concat().contains("hidden"));
        assert_eq!(last_log_lines(dir.path(), 9).unwrap().len(), 3);
        assert!(lines.contains(&"x LOG:  yes".to_owned()) || lines.contains(&"early".to_owned()));
    }

    #[test]
    fn no_server_has_no_words() {
        let dir = tempfile::tempdir().unwrap();
        assert!(last_log_lines(&dir.path().join("none"), 5).unwrap().is_empty());
    }

    #[test]
    fn only_the_end_of_a_large_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stderr.log");
        std::fs::write(&path, "line\n".repeat(100_000)).unwrap();
        assert_eq!(last_log_lines(dir.path(), 3).unwrap(), ["line"; 3]);
    }
}
