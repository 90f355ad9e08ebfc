//! From limits to parameters.
//!
//! No operator of PostgreSQL derives these for us: CloudNativePG leaves PostgreSQL's defaults and recommends 25 % of memory for
//! `shared_buffers`, which PostgreSQL's own documentation calls reasonable too. The rest follows from what was measured: an idle server
//! takes about 13 MiB and each connection 2 MiB, so that a server of 64 MiB works with 12 connections.

use std::collections::BTreeMap;

use super::{Limits, Listen, Settings};
use crate::Major;

/// Memory in MiB below which a server isn't sized any smaller.
const LEAST_RAM: u64 = 64;
/// Memory in MiB from which PostgreSQL 18 gets its I/O worker processes (three of them, about 1.5 MiB).
const RAM_FOR_IO_WORKERS: u64 = 1024;
/// Room in MiB for the server's own processes.
const OVERHEAD: u64 = 16;
/// PostgreSQL's default of `max_worker_processes`, which bounds parallel workers.
const WORKER_PROCESSES: u64 = 8;

/// Those among PostgreSQL's parameters of the context `postmaster` that are set here or likely to be overridden.
pub(super) const AT_RESTART: &[&str] = &[
    "archive_mode",
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "cluster_name",
    "hot_standby",
    "huge_pages",
    "io_method",
    "listen_addresses",
    "logging_collector",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "port",
    "shared_buffers",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "unix_socket_permissions",
    "wal_buffers",
    "wal_level",
    "wal_log_hints",
];

pub(super) fn parameters(settings: &Settings) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    for (name, value) in FIXED {
        set(name, value);
    }
    set("port", &settings.port.to_string());
    set(
        "listen_addresses",
        match settings.listen {
            Listen::SocketOnly => "",
            Listen::Loopback => "127.0.0.1",
        },
    );
    for (name, value) in sized(&settings.limits) {
        set(name, &value);
    }
    if settings.major >= Major::V18 {
        let small = settings.limits.ram_mib < RAM_FOR_IO_WORKERS;
        set("io_method", if small { "sync" } else { "worker" });
    }
    all
}

/// The same for every server.
const FIXED: &[(&str, &str)] = &[
    // Durable, always.
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    // Ready for standbys and backups, so that either needs a reload only. An empty archive_command would pile up WAL.
    ("wal_level", "replica"),
    ("max_wal_senders", "10"),
    ("max_replication_slots", "10"),
    ("hot_standby", "on"),
    ("archive_mode", "on"),
    ("archive_command", "true"),
    // Sign-in.
    ("password_encryption", "scram-sha-256"),
    ("unix_socket_permissions", "0700"),
    ("ssl", "off"),
    // A week of logs. No statement is logged, not even a failed one: it may hold a password.
    ("logging_collector", "on"),
    ("log_directory", "log"),
    ("log_filename", "pg-%a.log"),
    ("log_file_mode", "0600"),
    ("log_truncate_on_rotation", "on"),
    ("log_rotation_age", "1d"),
    ("log_rotation_size", "0"),
    ("log_statement", "none"),
    ("log_min_error_statement", "panic"),
    ("log_timezone", "UTC"),
    ("timezone", "UTC"),
    ("huge_pages", "off"),
    ("jit", "off"),
];

fn sized(limits: &Limits) -> Vec<(&'static str, String)> {
    let ram = limits.ram_mib.max(LEAST_RAM);
    let mib = |value: u64| format!("{value}MB");
    let shared_buffers = (ram / 4).clamp(16, 8192);
    // 2.5 MiB for each connection: 2 when idle, and some work.
    let max_connections = ((ram - shared_buffers - OVERHEAD) * 2 / 5).clamp(10, 200);
    let work_mem = ((ram - shared_buffers) / (3 * max_connections)).clamp(1, 64);
    let max_wal = (limits.disk_mib / 8).clamp(64, 4096);
    let workers = ((u64::from(limits.cpu_millis) + 500) / 1000).min(WORKER_PROCESSES);
    vec![
        ("shared_buffers", mib(shared_buffers)),
        ("max_connections", max_connections.to_string()),
        ("work_mem", mib(work_mem)),
        ("maintenance_work_mem", mib((ram / 16).clamp(8, 1024))),
        ("effective_cache_size", mib(ram * 3 / 4)),
        ("max_wal_size", mib(max_wal)),
        // At least two segments of 16 MiB.
        ("min_wal_size", mib((max_wal / 2).clamp(32, 80))),
        ("max_worker_processes", WORKER_PROCESSES.to_string()),
        ("max_parallel_workers", workers.to_string()),
        ("max_parallel_workers_per_gather", workers.min(2).to_string()),
        // One query, or one dead standby, must not fill the disk.
        ("temp_file_limit", mib((limits.disk_mib / 4).max(64))),
        ("max_slot_wal_keep_size", mib((limits.disk_mib / 4).max(64))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(ram_mib: u64, disk_mib: u64, cpu_millis: u32) -> Settings {
        let limits = Limits { ram_mib, disk_mib, cpu_millis };
        Settings::new(Major::V17, limits, Listen::Loopback, 15432)
    }

    #[test]
    fn sizes_follow_the_table() {
        // ram, disk, cpu -> shared_buffers, max_connections, work_mem, maintenance_work_mem, max_wal_size, min_wal_size, workers
        let table = [
            (1, 0, 100, "16MB 12 1MB 8MB 64MB 32MB 0"),
            (64, 512, 250, "16MB 12 1MB 8MB 64MB 32MB 0"),
            (128, 1024, 500, "32MB 32 1MB 8MB 128MB 64MB 1"),
            (256, 1024, 250, "64MB 70 1MB 16MB 128MB 64MB 0"),
            (512, 5120, 1000, "128MB 147 1MB 32MB 640MB 80MB 1"),
            (1024, 10_240, 2000, "256MB 200 1MB 64MB 1280MB 80MB 2"),
            (16_384, 102_400, 4000, "4096MB 200 20MB 1024MB 4096MB 80MB 4"),
            (131_072, 1_024_000, 64_000, "8192MB 200 64MB 1024MB 4096MB 80MB 8"),
        ];
        for (ram, disk, cpu, expected) in table {
            let all = settings(ram, disk, cpu).parameters();
            let found = [
                "shared_buffers",
                "max_connections",
                "work_mem",
                "maintenance_work_mem",
                "max_wal_size",
                "min_wal_size",
                "max_parallel_workers",
            ]
            .map(|name| all[name].as_str())
            .join(" ");
            assert_eq!(found, expected, "{ram} MiB, {disk} MiB, {cpu} m");
        }
    }

    #[test]
    fn a_server_is_durable_quiet_and_ready_for_standbys() {
        let all = settings(256, 1024, 250).parameters();
        assert_eq!(all["fsync"], "on");
        assert_eq!(all["wal_level"], "replica");
        assert_eq!(all["archive_command"], "true");
        assert_eq!(all["log_statement"], "none");
        assert_eq!(all["temp_file_limit"], "256MB");
        assert!(!all.contains_key("io_method"), "18 only");
    }

    #[test]
    fn only_18_knows_an_io_method() {
        let mut settings = settings(256, 1024, 250);
        settings.major = Major::V18;
        assert_eq!(settings.parameters()["io_method"], "sync");
        settings.limits.ram_mib = 2048;
        assert_eq!(settings.parameters()["io_method"], "worker");
    }

    #[test]
    fn a_socket_only_server_listens_nowhere() {
        let mut settings = settings(256, 1024, 250);
        settings.listen = Listen::SocketOnly;
        assert_eq!(settings.parameters()["listen_addresses"], "");
    }

    #[test]
    fn more_memory_needs_a_restart_and_more_disk_does_not() {
        let old = settings(256, 1024, 250);
        let names = Settings::needs_restart(&old, &settings(512, 1024, 250));
        assert_eq!(names, ["max_connections", "shared_buffers"]);
        assert!(Settings::needs_restart(&old, &settings(256, 9999, 2000)).is_empty());
        let named = old.clone().with("cluster_name", "m1").unwrap();
        assert_eq!(Settings::needs_restart(&old, &named), ["cluster_name"]);
    }

    #[test]
    fn an_override_wins_and_an_odd_name_is_refused() {
        let settings = settings(256, 1024, 250);
        let with = settings.clone().with("max_connections", "300").unwrap();
        assert_eq!(with.parameters()["max_connections"], "300");
        for name in ["", "x = 1", "X", "a\nb", "1a", "include 'x'"] {
            assert!(settings.clone().with(name, "1").is_err(), "{name}");
        }
        assert!(settings.with("a", "\0").is_err());
    }
}
