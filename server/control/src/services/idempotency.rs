//! Idempotency keys: the same key with the same body gets the same answer, for 24 hours.

use contract::problem::Problem;
use contract::{Caller, ServiceSpec};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::seal::Sealer;

const ROUTE: &str = "POST /services";
/// Longest key: twice a uuid with a prefix.
const KEY_MAX: usize = 128;

/// Claims the key for a service that is about to be made. `Some`: the service that was made with it before.
///
/// A second request with the same key waits here until the first has committed or failed.
pub(super) async fn claim(
    connection: &mut PgConnection,
    sealer: &Sealer,
    who: &Caller,
    key: &str,
    spec: &ServiceSpec,
    service: Uuid,
) -> Result<Option<Uuid>, Error> {
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(Problem::breaks("idempotency_key", "invalid", "must be 1 to 128 printable characters").into());
    }
    let body = serde_json::to_vec(spec).map_err(|_| Error::Unexpected("a spec"))?;
    let hash = sealer.fingerprint(&body)?;
    let claimed = sqlx::query!(
        "insert into idempotency_keys (user_id, workspace_id, route, key, body_hash, service_id)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (user_id, workspace_id, route, key) do update
         set body_hash = excluded.body_hash, service_id = excluded.service_id, created_at = now()
         where idempotency_keys.created_at < now() - interval '24 hours'",
        who.user_id,
        who.workspace_id,
        ROUTE,
        key,
        hash,
        service
    )
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(None);
    }
    let before = sqlx::query!(
        "select body_hash, service_id from idempotency_keys
         where user_id = $1 and workspace_id = $2 and route = $3 and key = $4",
        who.user_id,
        who.workspace_id,
        ROUTE,
        key
    )
    .fetch_one(connection)
    .await?;
    if before.body_hash != hash {
        let rest = "was used for another request; take a new one";
        return Err(Problem::breaks("idempotency_key", "reused", rest).into());
    }
    Ok(Some(before.service_id))
}
