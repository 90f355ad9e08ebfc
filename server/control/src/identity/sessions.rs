//! Sessions of browsers. The cookie holds a secret whose SHA-256 is stored.

use std::time::Duration;

use contract::values::Secret;
use contract::{ApiError, Caller};
use uuid::Uuid;

use super::Identity;
use super::caller::{Found, Wanted};
use super::secret::{digest, fresh};
use crate::error::Error;

const DAY: u64 = 24 * 60 * 60;
/// A session that nobody used for so long is over.
pub const IDLE: Duration = Duration::from_secs(7 * DAY);
/// And so is one that began so long ago.
pub const ABSOLUTE: Duration = Duration::from_secs(30 * DAY);
/// The time of last use is written at most so often.
pub(super) const SEEN_EVERY: Duration = Duration::from_secs(60);

/// Characters that are kept of what a browser says about itself.
const AGENT_MAX: usize = 256;
/// An IPv6 address with its zone fits.
const ADDRESS_MAX: usize = 64;

impl Identity {
    /// Begins a session; the answer is for the cookie.
    ///
    /// # Errors
    /// None of the user's making.
    pub async fn open_session(&self, user: Uuid, address: &str, agent: &str) -> Result<Secret, Error> {
        let secret = fresh("");
        sqlx::query!(
            "insert into sessions (id, user_id, secret_hash, address, agent, expires_at)
             values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
            Uuid::now_v7(),
            user,
            digest(secret.expose()),
            printable(address, ADDRESS_MAX),
            printable(agent, AGENT_MAX),
            ABSOLUTE.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(secret)
    }

    /// Who a session belongs to, in a workspace named by uuid or slug; none named = his oldest.
    ///
    /// # Errors
    /// 401 without a session that is good, 404 for a workspace that isn't his.
    pub async fn caller_by_session(
        &self,
        secret: &Secret,
        workspace: Option<&str>,
        request_id: &str,
    ) -> Result<Caller, Error> {
        let wanted = Wanted::parse(workspace);
        let found = sqlx::query_as!(
            Found,
            r#"select s.id as proof, s.last_seen_at < now() - make_interval(secs => $5) as "stale!",
                      s.user_id, u.email, m.id as "workspace_id?", m.slug as "slug?", m.name as "name?",
                      m.role as "role?"
               from sessions s
               join users u on u.id = s.user_id
               left join lateral (
                   select w.id, w.slug, w.name, m.role
                   from memberships m join workspaces w on w.id = m.workspace_id
                   where m.user_id = s.user_id and ($2::uuid is null or w.id = $2) and ($3::text is null or w.slug = $3)
                   order by m.created_at, w.id limit 1
               ) m on true
               where s.secret_hash = $1 and s.expires_at > now()
                 and s.last_seen_at > now() - make_interval(secs => $4)"#,
            digest(secret.expose()),
            wanted.id,
            wanted.slug,
            IDLE.as_secs_f64(),
            SEEN_EVERY.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or_else(|| ApiError::Unauthenticated("Sign in first".into()))?;
        if found.stale {
            sqlx::query!("update sessions set last_seen_at = now() where id = $1", found.proof)
                .execute(&self.pool)
                .await?;
        }
        found.caller(request_id)
    }

    /// Ends a session. One that is over already is no error.
    ///
    /// # Errors
    /// None of the user's making.
    pub async fn close_session(&self, secret: &Secret) -> Result<(), Error> {
        sqlx::query!("delete from sessions where secret_hash = $1", digest(secret.expose()))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn printable(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}
