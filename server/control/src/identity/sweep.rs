//! Deletes what nobody needs any more. Harmless at any time and from several consoles at once.

use sqlx::PgPool;

use super::sessions::IDLE;
use crate::error::Error;

/// Deletes sessions, tokens, set-up links, idempotency keys, events, samples and failovers whose time is over; answers how many.
///
/// A refresh token that was used stays until it expires: coming again, it must be known.
///
/// # Errors
/// The store is away.
pub async fn sweep(pool: &PgPool) -> Result<u64, Error> {
    let sessions = sqlx::query!(
        "delete from sessions where expires_at <= now() or last_seen_at <= now() - make_interval(secs => $1)",
        IDLE.as_secs_f64()
    );
    let tokens = sqlx::query!("delete from tokens where expires_at <= now()");
    let links = sqlx::query!("delete from setup_links where expires_at <= now()");
    let keys = sqlx::query!("delete from idempotency_keys where created_at <= now() - interval '24 hours'");
    let events = sqlx::query!("delete from events where created_at <= now() - interval '24 hours'");
    let samples = sqlx::query!("delete from samples where slot <= now() - interval '25 hours'");
    let failovers = sqlx::query!("delete from primary_changes where at <= now() - interval '90 days'");
    let mut gone = 0;
    for query in [sessions, tokens, links, keys, events, samples, failovers] {
        gone += query.execute(pool).await?.rows_affected();
    }
    Ok(gone)
}
