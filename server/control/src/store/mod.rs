//! The metadata store: PostgreSQL through checked queries. Every table with a workspace is queried with it.

pub mod audit;
pub mod cursor;
pub mod events;

use std::collections::BTreeMap;
use std::time::Duration;

use contract::State;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::error::Error;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Connections kept at most: requests, workers and the listener share them.
const CONNECTIONS: u32 = 16;
/// How long a request waits for one before it is a 503.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A connection that nobody used for so long is asked whether it is still there; one in use just now saves the way there and back.
const UNSURE: Duration = Duration::from_millis(500);

/// Connects and brings the schema up to this program's.
///
/// # Errors
/// The server can't be reached, or a migration fails.
pub async fn open(options: PgConnectOptions) -> Result<PgPool, Error> {
    let options = options.application_name("berth");
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= UNSURE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    MIGRATIONS.run(&pool).await?;
    Ok(pool)
}

/// How many services are in each state, over all workspaces: for metrics, never for an answer.
///
/// # Errors
/// The store is away.
pub async fn services_by_state(pool: &PgPool) -> Result<Vec<(State, i64)>, Error> {
    let rows =
        sqlx::query!(r#"select state, count(*) as "count!" from services group by state"#).fetch_all(pool).await?;
    let counts: BTreeMap<State, i64> =
        rows.into_iter().filter_map(|row| Some((row.state.parse().ok()?, row.count))).collect();
    Ok(State::ALL.iter().map(|state| (*state, counts.get(state).copied().unwrap_or_default())).collect())
}

/// Whether the store answers. It was migrated when it was opened.
///
/// # Errors
/// It doesn't.
pub async fn answers(pool: &PgPool) -> Result<(), Error> {
    sqlx::query!("select 1 as one").fetch_one(pool).await?;
    Ok(())
}

/// Lets this transaction's commit give its locks back before it is on the disk, so that whoever waits for them doesn't wait
/// for the disk as well. What it says is promised to nobody before [`flush`].
///
/// Whoever builds on it meanwhile is safe: a later commit is never on the disk without it.
pub(crate) async fn flush_later(transaction: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select set_config('synchronous_commit', 'off', true) as set").fetch_one(transaction).await?;
    Ok(())
}

/// Returns when all that is committed so far is on the disk. Many at once share one flush.
pub(crate) async fn flush(connection: &mut PgConnection) -> Result<(), Error> {
    // a commit waits for its place in the log, and for all before it; one that has written nothing waits for nothing
    sqlx::query!("select pg_logical_emit_message(true, 'berth', '')::text as lsn").fetch_one(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
