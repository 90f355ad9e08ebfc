//! A cgroup that Berth may fill with the services' processes, to limit their RAM and CPU.
//!
//! Under cgroup v1 these are two directories, one per controller; under v2 it is one, with Berth itself in a leaf
//! beside the services, because moving a process needs write access to the closest common ancestor, and because a
//! group that passes controllers on holds no processes of its own.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use super::ACCOUNT;
use super::system::Account;

const MOUNT: &str = "/sys/fs/cgroup";
/// The leaf that the console itself is in (v2).
const CONSOLE: &str = "console";
const CONTROLLERS: [&str; 2] = ["memory", "cpu"];

/// Directories below which one directory per service can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cgroup {
    /// One hierarchy per controller.
    V1 { memory: PathBuf, cpu: PathBuf },
    /// The unified hierarchy, with memory and cpu passed on to children.
    V2 { dir: PathBuf },
}

impl fmt::Display for Cgroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V1 { memory, cpu } => write!(f, "v1 {} {}", memory.display(), cpu.display()),
            Self::V2 { dir } => write!(f, "v2 {}", dir.display()),
        }
    }
}

/// Makes the cgroup and gives it to the account. Run as root; `None` where this machine doesn't let us.
pub(super) fn delegate(account: &Account) -> Option<Cgroup> {
    let root = Path::new(MOUNT);
    let found = if is_v2(root) { delegate_v2(root, account) } else { delegate_v1(root, account) };
    found.inspect_err(|error| tracing::debug!(%error, "can't delegate a cgroup")).ok()
}

/// The cgroup that the present user may already write: one that an earlier start as root left, or the one that the
/// service manager delegated to us.
pub(super) fn own() -> Option<Cgroup> {
    let root = Path::new(MOUNT);
    if is_v2(root) {
        let path = fs::read_to_string("/proc/self/cgroup").ok()?;
        let inside = path.lines().find_map(|line| line.strip_prefix("0::/"))?;
        // After a restart in place we are in the leaf already.
        let dir = root.join(inside.strip_suffix(&format!("/{CONSOLE}")).unwrap_or(inside));
        // The root group is the whole machine's, whoever may write to it.
        return (dir != root && enter_v2(&dir).is_ok()).then_some(Cgroup::V2 { dir });
    }
    let (memory, cpu) = (controller(root, "memory")?.join(ACCOUNT), controller(root, "cpu")?.join(ACCOUNT));
    (writable(&memory) && writable(&cpu)).then_some(Cgroup::V1 { memory, cpu })
}

fn is_v2(root: &Path) -> bool {
    root.join("cgroup.controllers").is_file()
}

fn delegate_v1(root: &Path, account: &Account) -> io::Result<Cgroup> {
    let group = |name| -> io::Result<PathBuf> {
        let dir =
            controller(root, name).ok_or_else(|| io::Error::other(format!("no {name} controller")))?.join(ACCOUNT);
        make(&dir)?;
        give(&dir, account, &["cgroup.procs"])?;
        Ok(dir)
    };
    Ok(Cgroup::V1 { memory: group("memory")?, cpu: group("cpu")? })
}

/// `cpu` is also mounted as `cpu,cpuacct`.
fn controller(root: &Path, name: &str) -> Option<PathBuf> {
    [name, "cpu,cpuacct"]
        .iter()
        .filter(|dir| dir.split(',').any(|part| part == name))
        .map(|dir| root.join(dir))
        .find(|dir| dir.join("cgroup.procs").is_file())
}

fn delegate_v2(root: &Path, account: &Account) -> io::Result<Cgroup> {
    pass_on(root)?;
    let dir = root.join(ACCOUNT);
    make(&dir)?;
    enter_v2(&dir)?;
    give(&dir, account, &["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"])?;
    give(&dir.join(CONSOLE), account, &["cgroup.procs"])?;
    Ok(Cgroup::V2 { dir })
}

/// Moves this process to the leaf of `dir` and passes the controllers on to the leaf's neighbours.
fn enter_v2(dir: &Path) -> io::Result<()> {
    let leaf = dir.join(CONSOLE);
    make(&leaf)?;
    fs::write(leaf.join("cgroup.procs"), std::process::id().to_string())?;
    pass_on(dir)
}

fn pass_on(dir: &Path) -> io::Result<()> {
    let passed = fs::read_to_string(dir.join("cgroup.subtree_control"))?;
    for name in CONTROLLERS {
        if !passed.split_whitespace().any(|one| one == name) {
            fs::write(dir.join("cgroup.subtree_control"), format!("+{name}"))?;
        }
    }
    Ok(())
}

fn make(dir: &Path) -> io::Result<()> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

/// The directory, so that groups can be made in it, and the named files; never the limits of the directory itself.
fn give(dir: &Path, account: &Account, files: &[&str]) -> io::Result<()> {
    let (uid, gid) = (Some(account.uid.as_raw()), Some(account.gid.as_raw()));
    chown(dir, uid, gid)?;
    for name in files.iter().map(|name| dir.join(name)).filter(|path| path.exists()) {
        chown(name, uid, gid)?;
    }
    Ok(())
}

fn writable(dir: &Path) -> bool {
    nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v1(root: &Path, names: &[&str]) {
        for name in names {
            fs::create_dir(root.join(name)).unwrap();
            fs::write(root.join(name).join("cgroup.procs"), "").unwrap();
        }
    }

    #[test]
    fn controllers_of_v1_are_found_under_both_names() {
        let temp = tempfile::tempdir().unwrap();
        v1(temp.path(), &["memory", "cpu,cpuacct"]);
        assert_eq!(controller(temp.path(), "memory"), Some(temp.path().join("memory")));
        assert_eq!(controller(temp.path(), "cpu"), Some(temp.path().join("cpu,cpuacct")));
        assert_eq!(controller(temp.path(), "pids"), None);
        assert!(!is_v2(temp.path()));
    }

    #[test]
    fn an_empty_mount_has_no_controllers() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(controller(temp.path(), "memory"), None);
        assert_eq!(controller(temp.path(), "cpu"), None);
    }

    #[test]
    fn passing_on_asks_for_what_is_missing_only() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("cgroup.subtree_control");
        fs::write(&file, "cpu io memory\n").unwrap();
        pass_on(temp.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "cpu io memory\n");
        fs::write(&file, "memory\n").unwrap();
        pass_on(temp.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "+cpu");
    }
}
