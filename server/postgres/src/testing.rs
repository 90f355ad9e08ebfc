//! A place in which tests run real servers. For tests only: the feature `testing`.
//!
//! PostgreSQL refuses to run as root, and builds in containers often are. So [`unprivileged`], called first in each test that starts
//! servers, becomes the system account `berth` where it has to: it makes the account if missing, and replaces the whole test process by
//! itself under that account, with the same arguments. (The account is made here and nowhere else in this crate.)
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let place = postgres::testing::unprivileged().unwrap();
//! let host = postgres::Host::new(place.host_config()).unwrap();
//! // … servers below `place.path()` …
//! // Dropping `place` ends every server below it and removes it.
//! # }
//! ```
//!
//! Programs and templates are kept from run to run: in `BERTH_TEST_CACHE`, or else in `berth-test-cache` beside the build's output, or,
//! where the account can't reach that, in the system's directory for temporary files that stay.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};

use crate::{Cgroup, HostConfig, procs};

const ACCOUNT: &str = "berth";
const CACHE: &str = "BERTH_TEST_CACHE";
/// From the test as root to itself as the account: a delegated cgroup of version 1, memory and CPU.
const CGROUP: &str = "BERTH_TEST_CGROUP";

/// A private directory for one test, in which nothing outlives it.
pub struct Place {
    path: PathBuf,
    cache: PathBuf,
    cgroup: Option<Cgroup>,
}

impl Place {
    /// Where the test may put anything.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A delegated cgroup, if these tests were started as root on a machine with cgroups of version 1.
    pub fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref()
    }

    /// A host below this place that shares programs and templates with other tests.
    pub fn host_config(&self) -> HostConfig {
        HostConfig { shared: Some(self.cache.clone()), ..HostConfig::new(self.path.join("host")) }
    }
}

impl Place {
    /// The place's group, and those of servers that a test left behind.
    fn remove_cgroup(&self) {
        let Some(Cgroup::V1 { memory, cpu }) = &self.cgroup else {
            return;
        };
        for top in [memory, cpu] {
            let below = std::fs::read_dir(top).into_iter().flatten().flatten();
            for dir in below.map(|entry| entry.path()).filter(|path| path.is_dir()) {
                // Whatever stays is empty, and gone with the machine's next start.
                let _ = std::fs::remove_dir(dir);
            }
            let _ = std::fs::remove_dir(top);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for process in servers_below(&self.path) {
            process.signal(Signal::SIGKILL);
        }
        // A process that is just ending may still write: the second try finds it gone.
        for _ in 0..50 {
            let gone = servers_below(&self.path).is_empty();
            if gone && crate::disk::remove_dir(&self.path).is_ok() {
                return self.remove_cgroup();
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    }
}

/// A place to run servers in, as an account that PostgreSQL accepts. As root this call replaces the process: call it first, in every test
/// of the binary that starts servers.
///
/// # Errors
/// As root: no account `berth`, and none could be made. Otherwise: no directory could be made.
pub fn unprivileged() -> io::Result<Place> {
    /// Only one thread replaces the process.
    static REPLACING: Mutex<()> = Mutex::new(());
    if geteuid().is_root() {
        let _only = REPLACING.lock();
        return Err(become_account()?);
    }
    let cache = match std::env::var_os(CACHE) {
        Some(cache) => PathBuf::from(cache),
        None => default_cache()?,
    };
    let path = std::env::temp_dir().join(format!("berth-test-{:012x}", rand::random::<u64>() >> 16));
    for dir in [&cache, &path] {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let cgroup = delegated(&path);
    Ok(Place { path, cache, cgroup })
}

/// Doesn't return if it works.
fn become_account() -> io::Result<io::Error> {
    let account = match find_account()? {
        Some(account) => account,
        None => make_account()?,
    };
    let given = std::env::var_os(CACHE).map(PathBuf::from);
    let cache = match given {
        Some(cache) => cache,
        None => Some(default_cache()?)
            .filter(|cache| others_can_enter(cache))
            .unwrap_or_else(|| PathBuf::from("/var/tmp/berth-test-cache")),
    };
    std::fs::create_dir_all(&cache)?;
    if std::fs::metadata(&cache)?.uid() == 0 {
        chown(&cache, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
    }
    let delegated = Cgroup::delegate("berth-test", account.uid.as_raw(), account.gid.as_raw());
    let cgroup = match delegated {
        Ok(Cgroup::V1 { memory, cpu }) => std::env::join_paths([memory, cpu]).unwrap_or_default(),
        _ => OsString::new(),
    };
    let mut args = std::env::args_os();
    // The link is followed by the kernel, so that the account needs no way to where the program lies.
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0(args.next().unwrap_or_default())
        .args(args)
        .env(CACHE, &cache)
        .env(CGROUP, cgroup)
        .env("HOME", "/")
        .current_dir("/")
        .uid(account.uid.as_raw())
        .gid(account.gid.as_raw());
    Ok(command.exec())
}

fn find_account() -> io::Result<Option<User>> {
    Ok(User::from_name(ACCOUNT)?)
}

fn make_account() -> io::Result<User> {
    let output = Command::new("useradd")
        .args(["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT])
        .output()?;
    // Another test binary may have been first.
    find_account()?.ok_or_else(|| {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        io::Error::other(format!("tests as root need the account {ACCOUNT}: {why}"))
    })
}

/// Beside the build's output: a test runs as `<target>/<profile>/deps/<name>`.
fn default_cache() -> io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let target = exe.ancestors().nth(3).unwrap_or(Path::new("/var/tmp"));
    Ok(target.join("berth-test-cache"))
}

/// Whether every directory above is open to all for passing through.
fn others_can_enter(path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .all(|dir| std::fs::metadata(dir).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0))
}

/// A group for one place, below what was delegated to all.
fn delegated(path: &Path) -> Option<Cgroup> {
    let given = std::env::var_os(CGROUP)?;
    let name = path.file_name()?;
    let mut given = std::env::split_paths(&given).map(|dir| dir.join(name));
    let (memory, cpu) = (given.next()?, given.next()?);
    for dir in [&memory, &cpu] {
        std::fs::create_dir(dir).ok()?;
    }
    Some(Cgroup::V1 { memory, cpu })
}

fn servers_below(path: &Path) -> Vec<procs::Proc> {
    let mut dirs = vec![path.to_owned()];
    let mut found = Vec::new();
    while let Some(dir) = dirs.pop() {
        if dir.join("PG_VERSION").exists() {
            found.extend(procs::of_data(&dir));
            continue;
        }
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        dirs.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found
}
