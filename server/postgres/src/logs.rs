//! What a server has logged.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{At, Result};
use crate::server::Server;

/// How much of a file's end is read for its last words, for the newest lines, and for a search; in bytes.
const WINDOW: u64 = 64 * 1024;
const NEWEST: u64 = 1024 * 1024;
const SEARCH: u64 = 8 * 1024 * 1024;
/// Longest line that is kept, in characters.
const LONGEST: usize = 400;
/// Parts of a message that repeat what a client sent, and so may hold a secret.
const QUOTING: [&str; 9] = [
    "STATEMENT:  ",
    "QUERY:  ",
    "CONTEXT:  ",
    "DETAIL:  parameters: ",
    // from 16 on
    "DETAIL:  Parameters: ",
    "  statement: ",
    "  execute ",
    "  parse ",
    "Query Text: ",
];

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
        lines.extend(harmless(&read_end(&path, WINDOW).at("read", &path)?).map(short));
    }
    Ok(lines.split_off(lines.len().saturating_sub(count)))
}

/// Lines of a log, oldest first, and whether there are older ones that would have been wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundLines {
    pub lines: Vec<String>,
    pub more: bool,
}

/// What stands where a secret stood.
const DOTS: &str = "••••••••";

/// The last `count` lines that hold `text`, compared without case, of all that the server in `dir` has kept (about a week; of each file
/// the last 8 MiB, or the last MiB where no text is looked for). What [`last_log_lines`] leaves out is left out here, too; `secret` is
/// shown, and found, as dots. Blocks the thread.
///
/// # Errors
/// A log that can't be read.
pub fn find_log_lines(dir: &Path, text: &str, count: usize, secret: &SecretString) -> Result<FoundLines> {
    let server = Server::at(dir)?;
    let mut files: Vec<(SystemTime, PathBuf)> = dated(server.stderr_log()).into_iter().collect();
    files.extend(all_in(&server.data().join("log")));
    files.sort();
    let wanted = text.to_lowercase();
    let window = if wanted.is_empty() { NEWEST } else { SEARCH };
    let mut found = FoundLines::default();
    for (_, path) in files.iter().rev() {
        let mut lines = VecDeque::new();
        for line in harmless(&read_end(path, window).at("read", path)?) {
            let line = line.replace(secret.expose_secret(), DOTS);
            if wanted.is_empty() || line.to_lowercase().contains(&wanted) {
                lines.push_back(short(&line));
            }
            if lines.len() > count - found.lines.len() {
                lines.pop_front();
                found.more = true;
            }
        }
        lines.extend(std::mem::take(&mut found.lines));
        found.lines = lines.into();
        if found.more {
            break;
        }
    }
    Ok(found)
}

/// The last lines of a program's output.
pub(crate) fn tail(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = harmless(&End { text: text.to_owned(), cut: false }).map(short).collect();
    lines.split_off(lines.len().saturating_sub(count))
}

fn newest_in(dir: &Path) -> Option<(SystemTime, PathBuf)> {
    all_in(dir).into_iter().max()
}

fn all_in(dir: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| dated(entry.path())).collect()
}

fn dated(path: PathBuf) -> Option<(SystemTime, PathBuf)> {
    let changed = std::fs::metadata(&path).and_then(|m| m.modified()).ok()?;
    Some((changed, path))
}

/// The end of a file; where that isn't the whole, its first line may be the middle of one.
struct End {
    text: String,
    cut: bool,
}

fn read_end(path: &Path, window: u64) -> io::Result<End> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(window);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(window).read_to_end(&mut bytes)?;
    Ok(End { text: String::from_utf8_lossy(&bytes).into_owned(), cut: from > 0 })
}

/// Lines without what quotes a client. A message's further lines begin with a tab, and go with the one that they belong to; those whose
/// beginning isn't known go, too.
fn harmless(end: &End) -> impl Iterator<Item = &str> {
    let mut dropping = end.cut;
    end.text.lines().skip(usize::from(end.cut)).filter(move |line| {
        if !line.starts_with('\t') {
            dropping = QUOTING.iter().any(|part| line.contains(part));
        }
        !dropping && !line.trim().is_empty()
    })
}

fn short(line: &str) -> String {
    line.chars().take(LONGEST).collect()
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
    fn what_is_looked_for_is_found_in_every_file_and_the_newest_comes_last() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("data/log");
        std::fs::create_dir_all(&log).unwrap();
        for (day, text) in [("Mon", "1 LOG:  one\n2 ERROR:  Two\n"), ("Tue", "3 error:  three\n\tmore\n4 LOG:  four\n")]
        {
            let path = log.join(format!("pg-{day}.log"));
            std::fs::write(&path, text).unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(if day == "Mon" { 100 } else { 200 });
            File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        }
        let find = |text: &str, count| find_log_lines(dir.path(), text, count, &SecretString::from("Two")).unwrap();
        let all = find("", 9);
        assert_eq!((all.lines.len(), all.more), (5, false));
        assert_eq!((all.lines[0].as_str(), all.lines[4].as_str()), ("1 LOG:  one", "4 LOG:  four"));
        assert_eq!(find("ERROR", 9).lines, ["2 ERROR:  ••••••••", "3 error:  three"]);
        // or one would find a secret letter by letter
        assert_eq!(find("tw", 9), FoundLines::default());
        assert_eq!(find("", 2), FoundLines { lines: vec!["\tmore".into(), "4 LOG:  four".into()], more: true });
        assert_eq!(find("", 3), FoundLines { lines: all.lines[2..].to_vec(), more: true });
        assert_eq!(find("nowhere", 9), FoundLines::default());
    }

    #[test]
    fn no_server_has_no_words() {
        let dir = tempfile::tempdir().unwrap();
        assert!(last_log_lines(&dir.path().join("none"), 5).unwrap().is_empty());
    }

    #[test]
    fn what_begins_before_the_end_that_is_read_may_be_a_statement() {
        let cut = |text: &str| harmless(&End { text: text.into(), cut: true }).map(short).collect::<Vec<_>>();
        assert_eq!(
            cut("ORD 'hidden'\n\tand more\n1 LOG:  yes\n\twith a second line"),
            ["1 LOG:  yes", "\twith a second line"]
        );
        for quoting in [
            "1 LOG:  statement: select 1",
            "1 LOG:  duration: 3 ms  execute <unnamed>: select 1",
            "1 DETAIL:  Parameters: $1 = 'a'",
        ] {
            assert!(cut(&format!("x\n{quoting}\n\tmore")).is_empty(), "{quoting}");
        }
    }

    #[test]
    fn only_the_end_of_a_large_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stderr.log");
        std::fs::write(&path, "line\n".repeat(100_000)).unwrap();
        assert_eq!(last_log_lines(dir.path(), 3).unwrap(), ["line"; 3]);
    }
}
