//! Users, as the command line makes and lists them.

use contract::permission::Role;
use contract::problem::{Invalid, Problem};
use contract::values::Secret;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Identity, rules};
use crate::error::Error;

/// Rows that [`Identity::list_users`] reads at most.
const MOST: i64 = 10_000;

/// A user, as the command line lists him.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub email: String,
    /// Slugs of workspaces, and what he is there; oldest first.
    pub roles: Vec<(String, Role)>,
    pub created_at: OffsetDateTime,
    /// By a session or a token that is still there.
    pub last_seen_at: Option<OffsetDateTime>,
}

impl Identity {
    /// Makes a user with a role in a workspace; none named = the oldest.
    ///
    /// # Errors
    /// Every problem of `email`, `password`, `role` and `workspace`.
    pub async fn add_user(
        &self,
        email: &str,
        password: &Secret,
        workspace: Option<&str>,
        role: &str,
    ) -> Result<Uuid, Error> {
        let (email, role) = check(email, password, role)?;
        let hash = self.hasher.hash(password).await?;
        let mut transaction = self.pool.begin().await?;
        let workspace = sqlx::query_scalar!(
            "select id from workspaces where $1::text is null or slug = $1 order by created_at, id limit 1",
            workspace
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Problem::breaks("workspace", "unknown", "is none that exists"))?;
        let id = insert(&mut transaction, &email, &hash, workspace, role).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Sets a new password, and ends the user's sessions and tokens.
    ///
    /// # Errors
    /// Every problem of `email` and `password`.
    pub async fn reset_password(&self, email: &str, password: &Secret) -> Result<(), Error> {
        let (email, _) = check(email, password, Role::Viewer.as_str())?;
        let hash = self.hasher.hash(password).await?;
        let mut transaction = self.pool.begin().await?;
        let id = sqlx::query_scalar!(
            "update users set password_hash = $2, updated_at = now() where email = $1 returning id",
            email,
            hash
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Problem::breaks("email", "unknown", "is no user's"))?;
        sqlx::query!("delete from sessions where user_id = $1", id).execute(&mut *transaction).await?;
        sqlx::query!("delete from tokens where user_id = $1", id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Every user, by e-mail address.
    ///
    /// # Errors
    /// The store is away.
    pub async fn list_users(&self) -> Result<Vec<User>, Error> {
        let rows = sqlx::query!(
            r#"select u.email, u.created_at, w.slug as "slug?", m.role as "role?",
                      greatest((select max(s.last_seen_at) from sessions s where s.user_id = u.id),
                               (select max(t.last_used_at) from tokens t where t.user_id = u.id)) as last_seen_at
               from users u
               left join memberships m on m.user_id = u.id
               left join workspaces w on w.id = m.workspace_id
               order by u.email, m.created_at, w.id limit $1"#,
            MOST
        )
        .fetch_all(&self.pool)
        .await?;
        let mut users: Vec<User> = Vec::new();
        for row in rows {
            if users.last().is_none_or(|last| last.email != row.email) {
                let (email, created_at, last_seen_at) = (row.email, row.created_at, row.last_seen_at);
                users.push(User { email, roles: Vec::new(), created_at, last_seen_at });
            }
            if let (Some(user), Some(slug), Some(role)) = (users.last_mut(), row.slug, row.role) {
                let role = role.parse().map_err(|_| Error::Unexpected("memberships.role"))?;
                user.roles.push((slug, role));
            }
        }
        Ok(users)
    }
}

/// Every problem at once.
pub(super) fn check(email: &str, password: &Secret, role: &str) -> Result<(String, Role), Invalid> {
    let (email, password, role) = (rules::email(email), rules::password(password), rules::role(role));
    match (email, password, role) {
        (Ok(email), Ok(()), Ok(role)) => Ok((email, role)),
        (email, password, role) => {
            let problems = [email.err(), password.err(), role.err()];
            Err(Invalid { problems: problems.into_iter().flatten().collect() })
        }
    }
}

/// The user and his membership.
pub(super) async fn insert(
    connection: &mut PgConnection,
    email: &str,
    hash: &str,
    workspace: Uuid,
    role: Role,
) -> Result<Uuid, Error> {
    let id = sqlx::query_scalar!(
        "insert into users (id, email, password_hash) values ($1, $2, $3)
         on conflict (email) do nothing returning id",
        Uuid::now_v7(),
        email,
        hash
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| Problem::breaks("email", "taken", "is taken by another user"))?;
    sqlx::query!(
        "insert into memberships (workspace_id, user_id, role) values ($1, $2, $3)",
        workspace,
        id,
        role.as_str()
    )
    .execute(connection)
    .await?;
    Ok(id)
}
