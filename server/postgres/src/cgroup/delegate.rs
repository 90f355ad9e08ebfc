//! Hands a part of the cgroup tree to the user that servers will run as. The one thing in this crate that root does.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;

use super::Cgroup;

/// Where systemd and everybody else mount the hierarchies.
const MOUNT: &str = "/sys/fs/cgroup";

impl Cgroup {
    /// Makes the group `name` at the top of the tree, lets `uid` and `gid` make groups below it, and (version 2) moves this process into it,
    /// since only what is inside may be moved within. For a process that is still root; repeating it is harmless.
    ///
    /// # Errors
    /// Not root, no cgroup mounted, or one without control of memory and CPU: limits are advisory then.
    pub fn delegate(name: &str, uid: u32, gid: u32) -> io::Result<Cgroup> {
        delegate_below(Path::new(MOUNT), name, uid, gid)
    }
}

fn delegate_below(mount: &Path, name: &str, uid: u32, gid: u32) -> io::Result<Cgroup> {
    if mount.join("cgroup.controllers").exists() {
        return delegate_v2(mount, name, uid, gid);
    }
    let (memory, cpu) = (mount.join("memory").join(name), mount.join("cpu").join(name));
    for dir in [&memory, &cpu] {
        make(dir)?;
        hand_over(dir, &["cgroup.procs"], uid, gid)?;
    }
    Ok(Cgroup::V1 { memory, cpu })
}

fn delegate_v2(mount: &Path, name: &str, uid: u32, gid: u32) -> io::Result<Cgroup> {
    const BOTH: &str = "+memory +cpu";
    let dir = mount.join(name);
    std::fs::write(mount.join("cgroup.subtree_control"), BOTH)?;
    make(&dir)?;
    // A group with processes of its own can't give control to groups below it: this process goes one deeper.
    let own = dir.join("console");
    make(&own)?;
    std::fs::write(own.join("cgroup.procs"), std::process::id().to_string())?;
    std::fs::write(dir.join("cgroup.subtree_control"), BOTH)?;
    hand_over(&own, &["cgroup.procs"], uid, gid)?;
    hand_over(&dir, &["cgroup.procs", "cgroup.subtree_control"], uid, gid)?;
    Ok(Cgroup::V2 { dir })
}

fn make(dir: &Path) -> io::Result<()> {
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn hand_over(dir: &Path, files: &[&str], uid: u32, gid: u32) -> io::Result<()> {
    chown(dir, Some(uid), Some(gid))?;
    files.iter().try_for_each(|file| chown(dir.join(file), Some(uid), Some(gid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // A plain directory stands in for the kernel's tree.
    #[test]
    fn version_2_gets_one_group_with_the_console_inside() {
        let mount = tempfile::tempdir().unwrap();
        std::fs::write(mount.path().join("cgroup.controllers"), "memory cpu").unwrap();
        let dir = mount.path().join("b");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("cgroup.procs"), "").unwrap();
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        let group = delegate_below(mount.path(), "b", uid.as_raw(), gid.as_raw()).unwrap();
        assert_eq!(group, Cgroup::V2 { dir: dir.clone() });
        let inside = std::fs::read_to_string(dir.join("console/cgroup.procs")).unwrap();
        assert_eq!(inside, std::process::id().to_string());
    }

    #[test]
    fn without_a_tree_it_fails() {
        let mount = tempfile::tempdir().unwrap();
        assert!(delegate_below(mount.path(), "b", 1, 1).is_err());
    }
}
