//! Limits that the kernel enforces, where a cgroup could be delegated: as root, with cgroups of version 1. Elsewhere they are advisory.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{Bench, LIMITS, SECONDS};
use postgres::{Cgroup, Host, HostConfig, Limits, LimitsEnforced, Major, Status, StopMode};

#[tokio::test]
async fn a_delegated_cgroup_holds_all_of_a_server_and_goes_with_it() {
    let bench = Bench::new();
    let Some(Cgroup::V1 { memory, cpu }) = bench.place.cgroup().cloned() else {
        eprintln!("skipped: no cgroup of version 1 could be delegated");
        return;
    };
    let host = Host::new(HostConfig { cgroup: bench.place.cgroup().cloned(), ..bench.place.host_config() }).unwrap();
    let dir = bench.dir("one");
    let settings = common::settings(Major::V17);
    host.prepare(&dir, &settings).await.unwrap();
    assert_eq!(host.start(&dir).await.unwrap().limits, LimitsEnforced::Cgroup);
    let group = only_group_in(&memory);
    let limit = || std::fs::read_to_string(group.join("memory.limit_in_bytes")).unwrap();
    assert_eq!(limit().trim(), (LIMITS.ram_mib << 20).to_string());
    let quota = || std::fs::read_to_string(only_group_in(&cpu).join("cpu.cfs_quota_us")).unwrap();
    assert_eq!(quota().trim(), "-1", "a start may take all there is");
    let inside = std::fs::read_to_string(group.join("cgroup.procs")).unwrap();
    assert!(inside.lines().count() >= 5, "postmaster and children: {inside}");

    // More memory holds at once, though the server's buffers wait for a restart.
    let mut more = settings.clone();
    more.limits = Limits { ram_mib: 256, ..LIMITS };
    let waiting = host.apply(&dir, &more).await.unwrap();
    assert_eq!(waiting, ["max_connections", "shared_buffers"]);
    assert_eq!(limit().trim(), (256_u64 << 20).to_string());
    assert_eq!(quota().trim(), (LIMITS.cpu_millis * 100).to_string());
    host.stop(&dir, StopMode::Fast, SECONDS).await.unwrap();
    assert_eq!(host.start(&dir).await.unwrap().limits, LimitsEnforced::Cgroup);

    host.remove(&dir).await.unwrap();
    assert_eq!(host.observe(&dir).unwrap(), Status::Absent);
    for top in [&memory, &cpu] {
        assert_eq!(groups_in(top).len(), 0, "left in {}", top.display());
    }
}

fn groups_in(top: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(top).unwrap().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn only_group_in(top: &std::path::Path) -> std::path::PathBuf {
    let groups = groups_in(top);
    assert_eq!(groups.len(), 1);
    groups.into_iter().next().unwrap()
}
