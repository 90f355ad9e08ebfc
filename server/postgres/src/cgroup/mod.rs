//! Hard limits of memory and CPU, where a cgroup was delegated to this user.

mod delegate;

use std::io;
use std::path::{Path, PathBuf};

use crate::settings::Limits;

const MIB: u64 = 1024 * 1024;
/// Period of the CPU quota in microseconds: the kernel's default.
const CPU_PERIOD: u64 = 100_000;
/// The least quota that the kernel takes, in microseconds.
const LEAST_QUOTA: u64 = 1_000;

/// A cgroup below which this user may make one for each server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cgroup {
    /// Directories below the `memory` and the `cpu` hierarchy.
    V1 { memory: PathBuf, cpu: PathBuf },
    /// A directory whose `cgroup.subtree_control` has, or may be given, `memory` and `cpu`.
    V2 { dir: PathBuf },
}

/// Whether the ceiling of CPU time holds. A server that starts, recovers or is set up is given all there is: at a tenth of a core that
/// would take ten times as long, and nobody is served meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cpu {
    Unlimited,
    Limited,
}

/// Whether the limits of a running server hold against its will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitsEnforced {
    /// The kernel enforces memory and CPU.
    Cgroup,
    /// The server is sized to its memory, and nothing stops it from taking more.
    Advisory,
}

impl Cgroup {
    /// Makes the server's group if needed, and sets its limits.
    pub(crate) fn set(&self, name: &str, limits: &Limits, cpu: Cpu) -> io::Result<()> {
        let memory = limits.ram_mib.saturating_mul(MIB).to_string();
        let quota = (u64::from(limits.cpu_millis) * CPU_PERIOD / 1000).max(LEAST_QUOTA);
        let (v1_quota, v2_quota) = match cpu {
            Cpu::Limited => (quota.to_string(), quota.to_string()),
            Cpu::Unlimited => ("-1".to_owned(), "max".to_owned()),
        };
        if let Cgroup::V2 { dir } = self {
            // Already enabled, or not ours to enable: the writes below tell.
            let _ = std::fs::write(dir.join("cgroup.subtree_control"), "+memory +cpu");
        }
        for dir in self.groups(name) {
            match std::fs::create_dir(&dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        match self {
            Cgroup::V1 { memory: above, cpu } => {
                std::fs::write(above.join(name).join("memory.limit_in_bytes"), memory)?;
                let cpu = cpu.join(name);
                std::fs::write(cpu.join("cpu.cfs_period_us"), CPU_PERIOD.to_string())?;
                std::fs::write(cpu.join("cpu.cfs_quota_us"), v1_quota)
            }
            Cgroup::V2 { dir } => {
                let dir = dir.join(name);
                std::fs::write(dir.join("memory.max"), &memory)?;
                std::fs::write(dir.join("memory.high"), memory)?;
                std::fs::write(dir.join("cpu.max"), format!("{v2_quota} {CPU_PERIOD}"))
            }
        }
    }

    /// Moves a process into the server's group. Its later children are born there.
    pub(crate) fn join(&self, name: &str, pid: i32) -> io::Result<()> {
        for dir in self.groups(name) {
            std::fs::write(dir.join("cgroup.procs"), pid.to_string())?;
        }
        Ok(())
    }

    /// Removes the server's group, which must have no process left; none there is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        for dir in self.groups(name) {
            crate::disk::gone(std::fs::remove_dir(&dir))?;
        }
        Ok(())
    }

    fn groups(&self, name: &str) -> Vec<PathBuf> {
        match self {
            Cgroup::V1 { memory, cpu } => vec![memory.join(name), cpu.join(name)],
            Cgroup::V2 { dir } => vec![dir.join(name)],
        }
    }
}

/// The group's name: the directory's own, and a checksum of its path to tell servers of one name apart.
pub(crate) fn name_for(dir: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let checksum = crc32c::crc32c(dir.as_os_str().as_bytes());
    format!("postgres-{name}-{checksum:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { ram_mib: 256, disk_mib: 1024, cpu_millis: 250 };

    fn read(path: PathBuf) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    // Plain directories stand in for the kernel's: the files and what is written to them are the point.
    #[test]
    fn v2_gets_memory_and_cpu() {
        let dir = tempfile::tempdir().unwrap();
        let group = Cgroup::V2 { dir: dir.path().to_owned() };
        group.set("a", &LIMITS, Cpu::Limited).unwrap();
        group.set("a", &LIMITS, Cpu::Limited).unwrap();
        group.join("a", 42).unwrap();
        let at = dir.path().join("a");
        assert_eq!(read(at.join("memory.max")), "268435456");
        assert_eq!(read(at.join("cpu.max")), "25000 100000");
        assert_eq!(read(at.join("cgroup.procs")), "42");
        group.remove("none").unwrap();
    }

    #[test]
    fn v1_gets_memory_and_cpu_in_two_places() {
        let (memory, cpu) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let group = Cgroup::V1 { memory: memory.path().to_owned(), cpu: cpu.path().to_owned() };
        group.set("a", &LIMITS, Cpu::Limited).unwrap();
        group.join("a", 42).unwrap();
        let limit = memory.path().join("a/memory.limit_in_bytes");
        assert_eq!(read(limit), "268435456");
        assert_eq!(read(cpu.path().join("a/cpu.cfs_quota_us")), "25000");
        assert_eq!(read(cpu.path().join("a/cgroup.procs")), "42");
    }

    #[test]
    fn without_rights_it_fails() {
        let group = Cgroup::V2 { dir: PathBuf::from("/proc/none") };
        assert!(group.set("a", &LIMITS, Cpu::Limited).is_err());
    }

    #[test]
    fn names_differ_by_path() {
        let (one, other) = (name_for(Path::new("/a/m")), name_for(Path::new("/b/m")));
        assert!(one.starts_with("postgres-m-"));
        assert_ne!(one, other);
    }
}
