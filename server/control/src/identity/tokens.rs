//! Bearer tokens: access tokens with a refresh token each, and personal ones.

use std::time::Duration;

use contract::user::Tokens;
use contract::values::Secret;
use contract::{ApiError, Caller};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Identity;
use super::caller::Found;
use super::secret::{digest, fresh};
use super::sessions::SEEN_EVERY;
use crate::error::Error;

/// How long an access token is good.
pub const ACCESS: Duration = Duration::from_secs(ACCESS_SECONDS as u64);
const ACCESS_SECONDS: u32 = 30 * 60;
/// How long a refresh token waits for its one use.
pub const REFRESH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const ACCESS_PREFIX: &str = "bat_";
const REFRESH_PREFIX: &str = "brt_";
/// Of personal tokens, which get into files: scanners for secrets find it.
pub(super) const PERSONAL_PREFIX: &str = "berth_";

impl Identity {
    /// An access and a refresh token for somebody who has just signed in.
    ///
    /// # Errors
    /// None of the user's making.
    pub async fn issue(&self, user: Uuid) -> Result<Tokens, Error> {
        let mut transaction = self.pool.begin().await?;
        let tokens = issue_in(&mut transaction, user, Uuid::now_v7()).await?;
        transaction.commit().await?;
        Ok(tokens)
    }

    /// New tokens for a refresh token, which is good for one use: used again, it was stolen from one of the two who
    /// used it, and its whole family ends.
    ///
    /// # Errors
    /// 401.
    pub async fn refresh(&self, token: &Secret) -> Result<Tokens, Error> {
        let hash = digest(token.expose());
        let mut transaction = self.pool.begin().await?;
        let known = sqlx::query!(
            r#"select t.id, t.user_id, t.family as "family!" from tokens t
               where t.secret_hash = $1 and t.kind = 'refresh' and t.family is not null"#,
            hash
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(not_valid)?;
        // One refresh of a user at a time, and none beside a reset of the password.
        sqlx::query_scalar!("select id from users where id = $1 for no key update", known.user_id)
            .fetch_optional(&mut *transaction)
            .await?;
        let fresh = sqlx::query_scalar!(
            r#"update tokens set used_at = now()
               where id = $1 and used_at is null and expires_at > now() returning id"#,
            known.id
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if fresh.is_none() {
            sqlx::query!(
                "delete from tokens where family = $1
                 and exists (select from tokens where id = $2 and used_at is not null)",
                known.family,
                known.id
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            return Err(not_valid());
        }
        let tokens = issue_in(&mut transaction, known.user_id, known.family).await?;
        transaction.commit().await?;
        Ok(tokens)
    }

    /// Who an access or personal token belongs to, in a workspace of his; none named = his oldest.
    ///
    /// # Errors
    /// 401 for a token that isn't good, 404 for a workspace that isn't his.
    pub async fn caller_by_bearer(
        &self,
        token: &str,
        workspace: Option<Uuid>,
        request_id: &str,
    ) -> Result<Caller, Error> {
        if !token.starts_with(ACCESS_PREFIX) && !token.starts_with(PERSONAL_PREFIX) {
            return Err(not_valid());
        }
        let found = sqlx::query_as!(
            Found,
            r#"select t.id as proof,
                      coalesce(t.last_used_at < now() - make_interval(secs => $3), true) as "stale!",
                      t.user_id, u.email, m.id as "workspace_id?", m.slug as "slug?", m.name as "name?",
                      m.role as "role?"
               from tokens t
               join users u on u.id = t.user_id
               left join lateral (
                   select w.id, w.slug, w.name, m.role
                   from memberships m join workspaces w on w.id = m.workspace_id
                   where m.user_id = t.user_id and ($2::uuid is null or w.id = $2)
                   order by m.created_at, w.id limit 1
               ) m on true
               where t.secret_hash = $1 and t.kind in ('access', 'personal')
                 and (t.expires_at is null or t.expires_at > now())"#,
            digest(token),
            workspace,
            SEEN_EVERY.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or_else(not_valid)?;
        if found.stale {
            sqlx::query!("update tokens set last_used_at = now() where id = $1", found.proof)
                .execute(&self.pool)
                .await?;
        }
        found.caller(request_id)
    }
}

async fn issue_in(connection: &mut PgConnection, user: Uuid, family: Uuid) -> Result<Tokens, Error> {
    let (access, refresh) = (fresh(ACCESS_PREFIX), fresh(REFRESH_PREFIX));
    for (kind, secret, life) in [("access", &access, ACCESS), ("refresh", &refresh, REFRESH)] {
        sqlx::query!(
            "insert into tokens (id, user_id, kind, family, secret_hash, expires_at)
             values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
            Uuid::now_v7(),
            user,
            kind,
            family,
            digest(secret.expose()),
            life.as_secs_f64()
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(Tokens { access_token: access, refresh_token: refresh, expires_in: ACCESS_SECONDS })
}

fn not_valid() -> Error {
    ApiError::Unauthenticated("The token is not valid or has expired".into()).into()
}
