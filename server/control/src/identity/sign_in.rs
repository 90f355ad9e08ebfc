//! Signing in with an e-mail address and a password.

use contract::ApiError;
use contract::values::Secret;
use uuid::Uuid;

use super::{Identity, rules};
use crate::error::Error;

impl Identity {
    /// The user whose password this is. An unknown address takes as long and is answered in the same words.
    ///
    /// # Errors
    /// 401 where it is not, 429 where too many are being checked.
    pub async fn sign_in(&self, email: &str, password: &Secret) -> Result<Uuid, Error> {
        let email = rules::email(email).unwrap_or_default();
        let user = sqlx::query!("select id, password_hash from users where email = $1", email)
            .fetch_optional(&self.pool)
            .await?;
        let (id, hash) = user.map(|user| (user.id, user.password_hash)).unzip();
        match (self.hasher.verify(password, hash).await?, id) {
            (true, Some(id)) => Ok(id),
            _ => Err(ApiError::Unauthenticated("E-mail address or password is wrong".into()).into()),
        }
    }
}
