//! A cgroup that Berth may fill with the services' processes: handed over by root, or found where the present user
//! may already write.

use std::fs;
use std::io;
use std::path::Path;

use nix::unistd::{AccessFlags, access};
use postgres::Cgroup;

use super::ACCOUNT;
use super::system::Account;

const MOUNT: &str = "/sys/fs/cgroup";
/// The leaf that the console itself is in (v2): a group that passes controllers on holds no processes of its own.
const CONSOLE: &str = "console";

/// Makes the cgroup and gives it to the account. Run as root; `None` where this machine doesn't let us.
pub(super) fn delegate(account: &Account) -> Option<Cgroup> {
    let delegated = Cgroup::delegate(ACCOUNT, account.uid.as_raw(), account.gid.as_raw());
    delegated.inspect_err(|error| tracing::debug!(%error, "can't delegate a cgroup")).ok()
}

/// The cgroup that the present user may already write: one that an earlier start as root left (v1), or the one that
/// the service manager delegated to us (v2).
pub(super) fn own() -> Option<Cgroup> {
    let mount = Path::new(MOUNT);
    if mount.join("cgroup.controllers").is_file() {
        return own_v2(mount, &fs::read_to_string("/proc/self/cgroup").ok()?);
    }
    let (memory, cpu) = (mount.join("memory").join(ACCOUNT), mount.join("cpu").join(ACCOUNT));
    (writable(&memory) && writable(&cpu)).then_some(Cgroup::V1 { memory, cpu })
}

/// `lines` are those of `/proc/self/cgroup`.
fn own_v2(mount: &Path, lines: &str) -> Option<Cgroup> {
    let inside = lines.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // After a restart in place we are in the leaf already. The root group is the whole machine's, whoever may write it.
    let above = inside.strip_suffix(CONSOLE).map_or(inside, |above| above.trim_end_matches('/'));
    let dir = mount.join(above);
    (!above.is_empty() && enter(&dir).is_ok()).then_some(Cgroup::V2 { dir })
}

/// Moves this process to the leaf of `dir` and passes the controllers on to the leaf's neighbours.
fn enter(dir: &Path) -> io::Result<()> {
    let leaf = dir.join(CONSOLE);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::write(leaf.join("cgroup.procs"), std::process::id().to_string())?;
    fs::write(dir.join("cgroup.subtree_control"), "+memory +cpu")
}

fn writable(dir: &Path) -> bool {
    access(dir, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // A plain directory stands in for the kernel's tree.
    #[test]
    fn a_group_delegated_by_the_service_manager_is_used_from_outside_and_from_its_leaf() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("system.slice/berth.service");
        fs::create_dir_all(&dir).unwrap();
        for lines in ["0::/system.slice/berth.service\n", "0::/system.slice/berth.service/console\n"] {
            assert_eq!(own_v2(mount.path(), lines), Some(Cgroup::V2 { dir: dir.clone() }));
        }
        assert_eq!(fs::read_to_string(dir.join("cgroup.subtree_control")).unwrap(), "+memory +cpu");
    }

    #[test]
    fn the_root_group_and_a_group_that_isnt_there_are_left_alone() {
        let mount = tempfile::tempdir().unwrap();
        for lines in ["0::/\n", "0::/console\n", "0::/absent\n", "4:memory:/x\n", ""] {
            assert_eq!(own_v2(mount.path(), lines), None, "{lines:?}");
        }
    }
}
