//! From an instance's size to PostgreSQL's parameters.

use std::collections::BTreeMap;

use contract::spec::Size;

/// MiB that the operator's instance manager takes of a pod's memory (measured: 45 to 60).
const INSTANCE_MANAGER: u32 = 64;
/// What the operator and PostgreSQL set by themselves of what a standby may not fall below.
const DEFAULTS: [(&str, u32); 4] = [
    ("max_locks_per_transaction", 64),
    ("max_prepared_transactions", 0),
    ("max_wal_senders", 10),
    ("max_worker_processes", 32),
];
/// MiB for the server's own processes.
const OVERHEAD: u32 = 16;

/// `shared_buffers` in MiB: a quarter of what the server has, as PostgreSQL's documentation recommends.
fn shared_buffers(size: &Size) -> u32 {
    (memory(size) / 4).clamp(16, 8192)
}

fn memory(size: &Size) -> u32 {
    size.ram.mib().saturating_sub(INSTANCE_MANAGER).max(64)
}

/// What a server of this size has of those settings that a standby of it may not fall below.
pub(crate) fn floor(size: &Size) -> BTreeMap<String, u32> {
    [("max_connections".to_owned(), max_connections(size))].into()
}

/// 2.5 MiB for each connection: 2 when idle, and some work.
fn max_connections(size: &Size) -> u32 {
    (memory(size).saturating_sub(shared_buffers(size) + OVERHEAD) * 2 / 5).clamp(20, 200)
}

/// What the operator doesn't set itself: it keeps ports, sockets, certificates, logging and archiving.
///
/// `least`: what another server has of those settings that a standby of it may not fall below.
pub(crate) fn parameters(size: &Size, least: Option<&BTreeMap<String, u32>>) -> BTreeMap<String, String> {
    let ram = memory(size);
    let disk = size.disk.mib();
    let mib = |value: u32| format!("{value}MB");
    let shared_buffers = shared_buffers(size);
    let max_connections = max_connections(size);
    let max_wal = (disk / 8).clamp(64, 4096);
    let own: BTreeMap<String, String> = [
        ("shared_buffers", mib(shared_buffers)),
        ("max_connections", max_connections.to_string()),
        ("work_mem", mib((ram.saturating_sub(shared_buffers) / (3 * max_connections)).clamp(1, 64))),
        ("maintenance_work_mem", mib((ram / 16).clamp(8, 1024))),
        ("effective_cache_size", mib(ram * 3 / 4)),
        ("max_wal_size", mib(max_wal)),
        ("min_wal_size", mib((max_wal / 2).clamp(32, 80))),
        // one query, or one dead standby, must not fill the disk
        ("temp_file_limit", mib((disk / 4).max(64))),
        ("max_slot_wal_keep_size", mib((disk / 4).max(64))),
        ("password_encryption", "scram-sha-256".into()),
        // no statement is logged, not even a failed one: it may hold a password
        ("log_statement", "none".into()),
        ("log_min_error_statement", "panic".into()),
        ("jit", "off".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let higher = least.into_iter().flatten().filter_map(|(name, least)| {
        let here = own.get(name).and_then(|value| value.parse().ok());
        let here = here.or_else(|| DEFAULTS.iter().find(|(known, _)| known == name).map(|(_, value)| *value));
        (*least > here.unwrap_or_default()).then(|| (name.clone(), least.to_string()))
    });
    let higher: Vec<_> = higher.collect();
    own.into_iter().chain(higher).collect()
}

#[cfg(test)]
mod tests {
    use contract::values::{Mib, MilliCores};

    use super::*;

    #[test]
    fn sizes_follow_the_table() {
        for (ram, disk, expected) in [
            (256, 1024, "48MB 51 1MB 12MB 144MB 128MB 64MB"),
            (512, 5120, "112MB 128 1MB 28MB 336MB 640MB 80MB"),
            (16_384, 102_400, "4080MB 200 20MB 1020MB 12240MB 4096MB 80MB"),
        ] {
            let all = parameters(&Size { ram: Mib::new(ram), disk: Mib::new(disk), cpu: MilliCores::new(250) }, None);
            let found = [
                "shared_buffers",
                "max_connections",
                "work_mem",
                "maintenance_work_mem",
                "effective_cache_size",
                "max_wal_size",
                "min_wal_size",
            ];
            assert_eq!(found.map(|name| all[name].as_str()).join(" "), expected, "{ram} MiB");
        }
    }

    #[test]
    fn a_standby_never_falls_below_its_source() {
        let size = Size { ram: Mib::new(256), disk: Mib::new(1024), cpu: MilliCores::new(250) };
        let least = [("max_connections", 300), ("max_wal_senders", 10), ("max_prepared_transactions", 5)];
        let least = least.map(|(name, value)| (name.to_owned(), value)).into();
        let all = parameters(&size, Some(&least));
        assert_eq!([&all["max_connections"], &all["max_prepared_transactions"]], ["300", "5"]);
        assert!(!all.contains_key("max_wal_senders"));
        let larger = floor(&Size { ram: Mib::new(512), ..size });
        assert_eq!(parameters(&size, Some(&larger))["max_connections"], "128");
        let lower = [("max_connections".to_owned(), 20)].into();
        assert_eq!(parameters(&size, Some(&lower))["max_connections"], "51");
    }
}
