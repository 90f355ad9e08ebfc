//! Use cases about oneself: memberships, personal tokens, sessions and the password.

use contract::error::Noun;
use contract::page::{Page, PageRequest};
use contract::user::{IssuedToken, Me, Membership, NewToken, PasswordChange, Session, Token};
use contract::{ApiError, Caller, Problem};
use uuid::Uuid;

use super::secret::{digest, fresh};
use super::sessions::IDLE;
use super::tokens::PERSONAL_PREFIX;
use crate::Control;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::cursor::Window;

/// Personal tokens of one user: more than anybody can look after.
const TOKENS_MAX: i64 = 100;
/// Sessions that are listed.
const SESSIONS_MAX: i64 = 100;
/// In the audit log: somebody in a session didn't know its password.
const WRONG_PASSWORD: &str = "user.wrong_password";
/// So many in ten minutes; a session that was stolen is no place to guess.
const WRONG_MAX: i64 = 5;

impl Control {
    /// Any member: who he is and where he is a member, oldest membership first.
    ///
    /// # Errors
    /// None of the caller's making.
    pub async fn me(&self, who: &Caller) -> Result<Me, Error> {
        let rows = sqlx::query!(
            "select w.id, w.slug, w.name, m.role from memberships m join workspaces w on w.id = m.workspace_id
             where m.user_id = $1 order by m.created_at, w.id",
            who.user_id
        )
        .fetch_all(&self.pool)
        .await?;
        let workspaces = rows.into_iter().map(|row| {
            let role: contract::permission::Role =
                row.role.parse().map_err(|_| Error::Unexpected("memberships.role"))?;
            let (uuid, slug, name) = (row.id, row.slug, row.name);
            Ok(Membership { uuid, slug, name, role, permissions: role.permissions() })
        });
        let workspaces = workspaces.collect::<Result<_, Error>>()?;
        Ok(Me { uuid: who.user_id, email: who.email.clone(), workspaces })
    }

    /// The caller's own personal tokens, newest first, without their secrets.
    ///
    /// # Errors
    /// 400 for a page that isn't one.
    pub async fn list_tokens(&self, who: &Caller, page: PageRequest) -> Result<Page<Token>, Error> {
        let window = Window::of(&page)?;
        let rows = sqlx::query_as!(
            Token,
            "select id as uuid, label, created_at, expires_at, last_used_at from tokens
             where user_id = $1 and kind = 'personal' and id < $2 order by id desc limit $3",
            who.user_id,
            window.before,
            window.rows
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(window.page(rows, |token| token.uuid))
    }

    /// A new personal token. The only answer that holds its secret.
    ///
    /// # Errors
    /// 400 or 422; `too_many` where he has as many as he may.
    pub async fn create_token(&self, who: &Caller, new: NewToken) -> Result<IssuedToken, Error> {
        let (label, days) = new.parse()?;
        let token = fresh(PERSONAL_PREFIX);
        let mut transaction = self.pool.begin().await?;
        // One at a time for a user, so that the count below holds.
        sqlx::query_scalar!("select id from users where id = $1 for no key update", who.user_id)
            .fetch_optional(&mut *transaction)
            .await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from tokens where user_id = $1 and kind = 'personal'"#,
            who.user_id
        )
        .fetch_one(&mut *transaction)
        .await?;
        if count >= TOKENS_MAX {
            let rest = format!("can't be given to another token: you have {count}, revoke one first");
            return Err(Problem::breaks("label", "too_many", &rest).into());
        }
        let about = sqlx::query_as!(
            Token,
            "insert into tokens (id, user_id, kind, label, secret_hash, expires_at)
             values ($1, $2, 'personal', $3, $4, now() + make_interval(days => $5))
             returning id as uuid, label, created_at, expires_at, last_used_at",
            Uuid::now_v7(),
            who.user_id,
            label.as_str(),
            digest(token.expose()),
            days.map(i32::from)
        )
        .fetch_one(&mut *transaction)
        .await?;
        let entry = Entry { action: "token.create", entity_id: Some(about.uuid), entity: &about.label, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        transaction.commit().await?;
        Ok(IssuedToken { about, token })
    }

    /// Ends one of the caller's own personal tokens.
    ///
    /// # Errors
    /// 404 `Token not found`.
    pub async fn revoke_token(&self, who: &Caller, token: Uuid) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        let label = sqlx::query_scalar!(
            "delete from tokens where user_id = $1 and id = $2 and kind = 'personal' returning label",
            who.user_id,
            token
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Error::not_found(Noun::Token))?;
        let entry = Entry { action: "token.revoke", entity_id: Some(token), entity: &label, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
    /// The browsers in which the caller is signed in, the one that was used last first.
    ///
    /// # Errors
    /// None of the caller's making.
    pub async fn list_sessions(&self, who: &Caller) -> Result<Vec<Session>, Error> {
        let sessions = sqlx::query_as!(
            Session,
            r#"select id as uuid, address, agent, created_at, last_seen_at, id = $2 as "current!" from sessions
               where user_id = $1 and expires_at > now() and last_seen_at > now() - make_interval(secs => $3)
               order by id = $2 desc, last_seen_at desc limit $4"#,
            who.user_id,
            who.proof,
            IDLE.as_secs_f64(),
            SESSIONS_MAX
        );
        Ok(sessions.fetch_all(&self.pool).await?)
    }

    /// Signs the caller out in one of his browsers.
    ///
    /// # Errors
    /// 404 `Session not found`.
    pub async fn end_session(&self, who: &Caller, session: Uuid) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        let address = sqlx::query_scalar!(
            "delete from sessions where user_id = $1 and id = $2 returning address",
            who.user_id,
            session
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Error::not_found(Noun::Session))?;
        let entry = Entry { action: "session.end", entity_id: Some(session), entity: &address, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A new password. Every other session ends, and every token that a sign-in was answered with; personal tokens
    /// are listed, and stay.
    ///
    /// # Errors
    /// 422 for a current password that is wrong, and for a new one that breaks a rule; 429 where too many are checked, or too many
    /// were wrong.
    pub async fn change_password(&self, who: &Caller, change: PasswordChange) -> Result<(), Error> {
        let (current, new) = change.parse()?;
        super::rules::password(&new).map_err(|problem| Problem { field: "new_password".into(), ..problem })?;
        let mut transaction = self.pool.begin().await?;
        // One at a time for a user: nobody keeps the others from signing in by having his password checked again and again.
        let known = sqlx::query_scalar!(
            "select password_hash from users where id = $1 for no key update skip locked",
            who.user_id
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(ApiError::TooMany(1))?;
        let wrong = sqlx::query_scalar!(
            r#"select count(*) as "count!" from audit
               where workspace_id = $1 and user_id = $2 and action = $3 and at > now() - interval '10 minutes'"#,
            who.workspace_id,
            who.user_id,
            WRONG_PASSWORD
        )
        .fetch_one(&mut *transaction)
        .await?;
        if wrong >= WRONG_MAX {
            // dropped, it would hold the row for a moment longer than the answer takes
            transaction.rollback().await?;
            return Err(ApiError::TooMany(600).into());
        }
        let audited = |action| Entry { action, entity_id: Some(who.user_id), entity: &who.email, reason: None };
        let hasher = &self.identity.hasher;
        if !hasher.verify(&current, Some(known)).await? {
            audit::write(&mut transaction, who, audited(WRONG_PASSWORD)).await?;
            transaction.commit().await?;
            return Err(Problem::breaks("current_password", "wrong", "is not your password").into());
        }
        let hash = hasher.hash(&new).await?;
        sqlx::query!("update users set password_hash = $2, updated_at = now() where id = $1", who.user_id, hash)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("delete from sessions where user_id = $1 and id <> $2", who.user_id, who.proof)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "delete from tokens where user_id = $1 and kind <> 'personal' and id <> $2",
            who.user_id,
            who.proof
        )
        .execute(&mut *transaction)
        .await?;
        audit::write(&mut transaction, who, audited("user.password")).await?;
        transaction.commit().await?;
        Ok(())
    }
}
