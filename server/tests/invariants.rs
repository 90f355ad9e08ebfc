//! Promises of the architecture that no compiler keeps: dependencies point one way, and nothing of the server is in
//! the browser's build. Read from cargo and from the sources, so that a new crate or file can't be forgotten.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Names of the crates that `cargo tree` prints.
fn tree(args: &[&str]) -> BTreeSet<String> {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}"])
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn dependencies_point_one_way() {
    let ours = [
        "cluster",
        "contract",
        "app",
        "frontend",
        "control",
        "postgres",
        "runtime_kubernetes",
        "runtime_local",
        "server",
    ];
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("contract", &[][..]),
        ("app", &["contract"]),
        ("frontend", &["app", "contract"]),
        ("postgres", &[]),
        ("control", &["contract"]),
        ("runtime_kubernetes", &["contract", "control"]),
        ("runtime_local", &["contract", "control", "postgres"]),
        ("server", &["app", "contract", "control", "postgres", "runtime_kubernetes", "runtime_local"]),
        ("cluster", &[]),
    ]);
    for (name, may) in allowed {
        let seen = tree(&["--package", name, "--edges", "normal"]);
        let found: BTreeSet<&str> = ours.iter().copied().filter(|o| *o != name && seen.contains(*o)).collect();
        let may: BTreeSet<&str> = may.iter().copied().collect();
        assert_eq!(found, may, "what {name} depends on");
    }
}

#[test]
fn nothing_of_the_server_reaches_the_browser() {
    let wasm = tree(&["--package", "frontend", "--target", "wasm32-unknown-unknown", "--edges", "normal"]);
    for crate_ in
        ["server", "control", "postgres", "runtime_local", "tokio", "sqlx", "axum", "hyper", "rustls", "utoipa", "kube"]
    {
        assert!(!wasm.contains(crate_), "{crate_} is in the WASM build");
    }
    let rendered = tree(&["--package", "app", "--features", "ssr", "--edges", "normal", "--depth", "1"]);
    for crate_ in ["tokio", "sqlx", "kube", "control", "postgres"] {
        assert!(!rendered.contains(crate_), "app names {crate_}");
    }
}

fn sources(below: &Path, ending: &str, into: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(below).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && !["target", "node_modules", "tests", "benches", "var"].iter().any(|skip| name == *skip) {
            sources(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) && name != "tests.rs" {
            into.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn lines_with(needles: &[&str], below: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    for dir in below {
        sources(&root().join(dir), "rs", &mut files);
    }
    let code = |text: &str| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in code(&text).lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            if !comment && needles.iter().any(|needle| line.contains(needle)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn no_shell_is_ever_started() {
    let found = lines_with(&["\"sh\"", "\"bash\"", "\"-c\"", "/bin/sh"], &["app", "frontend", "server"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_text_is_formatted_into_sql() {
    let verbs = ["select ", "insert ", "update ", "delete ", "alter ", "create ", "drop ", "revoke ", "grant "];
    let needles: Vec<String> =
        verbs.iter().flat_map(|v| [format!("format!(\"{v}"), format!("format!(\"{}", v.to_uppercase())]).collect();
    let needles: Vec<&str> = needles.iter().map(String::as_str).collect();
    let found = lines_with(&needles, &["server"]);
    assert!(found.is_empty(), "{found:#?}");
}

/// The content security policy leaves them unapplied, and reports them.
#[test]
fn no_view_has_a_style_attribute() {
    let mut found = lines_with(&[" style="], &["app/src", "server/src"]);
    let directive =
        |line: &String| line.split(" style:").skip(1).any(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
    found.extend(lines_with(&[" style:"], &["app/src", "server/src"]).into_iter().filter(directive));
    assert!(found.is_empty(), "{found:#?}");
}
