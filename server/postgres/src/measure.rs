//! What a running server does and takes.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::disk::blocking;
use crate::error::{Error, Result};
use crate::server::Server;
use crate::{Host, Status, procs};

/// One look. Counters grow from some beginning of their own, and begin anew where statistics are reset or the server restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Sessions of clients other than this one.
    pub connections: i64,
    pub max_connections: i64,
    /// Counter: committed and rolled back, in all databases.
    pub transactions: i64,
    /// Counter: blocks found in shared buffers.
    pub blocks_hit: i64,
    /// Counter: blocks asked of the operating system.
    pub blocks_read: i64,
    /// Bytes of all databases.
    pub size: i64,
    /// Counter: bytes of WAL written.
    pub wal: i64,
    /// Counter: milliseconds of CPU time of all its processes.
    pub cpu_ms: i64,
    /// Bytes of all its processes; shared memory counts once.
    pub memory: i64,
}

/// How long a server may take: one that stands still holds up no other's measurement for longer.
const TIMEOUT: Duration = Duration::from_secs(5);

// One round trip. A standby writes no WAL: what it has replayed says as much.
const MEASURE: &str = "select
    (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()),
    current_setting('max_connections')::bigint,
    (select sum(xact_commit + xact_rollback)::bigint from pg_stat_database),
    (select sum(blks_hit)::bigint from pg_stat_database),
    (select sum(blks_read)::bigint from pg_stat_database),
    (select sum(pg_database_size(oid))::bigint from pg_database),
    coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0'), 0)::bigint";

impl Host {
    /// Measures the server in `dir`; `None` while it takes no connections.
    ///
    /// # Errors
    /// It refuses the superuser, or doesn't answer.
    pub async fn measure(&self, dir: &Path) -> Result<Option<Measurement>> {
        if !matches!(self.observe(dir)?, Status::Running { .. }) {
            return Ok(None);
        }
        let client = self.superuser(dir).await?;
        let row = tokio::time::timeout(TIMEOUT, client.query_one(MEASURE, &[])).await;
        let row = row.map_err(|_| Error::Io {
            action: "measure the server in",
            path: dir.to_owned(),
            source: io::ErrorKind::TimedOut.into(),
        })??;
        let data = Server::at(dir)?.data();
        let load = blocking(move || Ok(procs::load(&data))).await?;
        Ok(Some(Measurement {
            connections: row.try_get(0)?,
            max_connections: row.try_get(1)?,
            transactions: row.try_get(2)?,
            blocks_hit: row.try_get(3)?,
            blocks_read: row.try_get(4)?,
            size: row.try_get(5)?,
            wal: row.try_get(6)?,
            cpu_ms: i64::try_from(load.cpu_ms).unwrap_or(i64::MAX),
            memory: i64::try_from(load.memory).unwrap_or(i64::MAX),
        }))
    }
}
