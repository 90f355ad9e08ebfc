//! The first start: nobody is there yet, and somebody has to become the owner. Once there is a user, never again.

use std::time::Duration;

use contract::ApiError;
use contract::permission::Role;
use contract::values::Secret;
use sqlx::PgConnection;
use uuid::Uuid;

use super::secret::{digest, fresh};
use super::{Identity, seed, users};
use crate::error::Error;

/// How long a set-up link is good; a restart prints another.
pub const LINK: Duration = Duration::from_secs(24 * 60 * 60);

/// What a start found or did about users.
#[derive(Clone, Debug, PartialEq)]
pub enum FirstStart {
    /// There are users; nothing was done.
    Done,
    /// The admin of the configuration was made; this is his id.
    AdminMade(Uuid),
    /// There is no user yet; whoever has this secret becomes the owner.
    Link(Secret),
}

impl Identity {
    /// # Errors
    /// The store is away.
    pub async fn has_users(&self) -> Result<bool, Error> {
        has_users(&mut *self.pool.acquire().await?).await
    }

    /// Makes the owner from the configuration, or a set-up link where it names none. Where there are users, nothing.
    ///
    /// # Errors
    /// Every problem of `email` and `password`.
    pub async fn bootstrap(&self, admin: Option<(&str, &Secret)>) -> Result<FirstStart, Error> {
        if self.has_users().await? {
            return Ok(FirstStart::Done);
        }
        let Some((email, password)) = admin else {
            return Ok(FirstStart::Link(self.create_setup_link().await?));
        };
        let (email, role) = users::check(email, password, Role::Owner.as_str())?;
        let hash = self.hasher.hash(password).await?;
        let mut transaction = self.pool.begin().await?;
        if !alone(&mut transaction).await? {
            return Ok(FirstStart::Done);
        }
        let id = become_owner(&mut transaction, &email, &hash, role).await?;
        transaction.commit().await?;
        Ok(FirstStart::AdminMade(id))
    }

    /// A new single-use secret for the first user; older ones end.
    ///
    /// # Errors
    /// 403 where there are users.
    pub async fn create_setup_link(&self) -> Result<Secret, Error> {
        let secret = fresh("");
        let mut transaction = self.pool.begin().await?;
        if !alone(&mut transaction).await? {
            return Err(set_up());
        }
        sqlx::query!("delete from setup_links").execute(&mut *transaction).await?;
        sqlx::query!(
            "insert into setup_links (secret_hash, expires_at) values ($1, now() + make_interval(secs => $2))",
            digest(secret.expose()),
            LINK.as_secs_f64()
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(secret)
    }

    /// Makes the first user the owner. A problem of the fields doesn't use the link up.
    ///
    /// # Errors
    /// 403 where the link isn't good or there are users; every problem of `email` and `password`.
    pub async fn use_setup_link(&self, secret: &Secret, email: &str, password: &Secret) -> Result<Uuid, Error> {
        let link = digest(secret.expose());
        let good = sqlx::query_scalar!(
            r#"select exists (select from setup_links where secret_hash = $1 and expires_at > now()) as "good!""#,
            link
        )
        .fetch_one(&self.pool)
        .await?;
        if !good {
            return Err(no_link());
        }
        let (email, role) = users::check(email, password, Role::Owner.as_str())?;
        let hash = self.hasher.hash(password).await?;
        let mut transaction = self.pool.begin().await?;
        if !alone(&mut transaction).await? {
            return Err(set_up());
        }
        sqlx::query_scalar!(
            r#"delete from setup_links where secret_hash = $1 and expires_at > now() returning true as "used!""#,
            link
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(no_link)?;
        let id = become_owner(&mut transaction, &email, &hash, role).await?;
        transaction.commit().await?;
        Ok(id)
    }
}

async fn has_users(connection: &mut PgConnection) -> Result<bool, Error> {
    let any = sqlx::query_scalar!(r#"select exists (select from users) as "any!""#).fetch_one(connection).await?;
    Ok(any)
}

/// True where there is no user, and until the transaction ends nobody else makes one.
async fn alone(connection: &mut PgConnection) -> Result<bool, Error> {
    sqlx::query!("lock table users in share row exclusive mode").execute(&mut *connection).await?;
    Ok(!has_users(connection).await?)
}

async fn become_owner(connection: &mut PgConnection, email: &str, hash: &str, role: Role) -> Result<Uuid, Error> {
    let workspace = seed::workspace(&mut *connection).await?;
    sqlx::query!("delete from setup_links").execute(&mut *connection).await?;
    users::insert(connection, email, hash, workspace, role).await
}

fn no_link() -> Error {
    ApiError::Refused("This set-up link is not valid, was used or has expired".into()).into()
}

fn set_up() -> Error {
    ApiError::Refused("Berth is set up already; sign in instead".into()).into()
}
