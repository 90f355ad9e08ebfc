//! Hashing of passwords: argon2id, a few at a time, off the threads that serve requests.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use contract::ApiError;
use contract::values::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at once: bounds the memory and the cores that guessing can take.
const AT_ONCE: usize = 2;
/// How long one waits for its turn before it is told to come back.
const WAIT: Duration = Duration::from_secs(5);

/// Verified where nobody has the e-mail address, so that the answer takes as long. Random bytes: no password opens it.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$q7mW0a1xGk3vJ9bRz2LhXw$Zr8nUeTq5cVwY1oKfP3sHd7mBj0xLgA6iRtN9uEyC4Q";

/// Hashes and verifies, bounded.
#[derive(Clone)]
pub(super) struct Hasher {
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), wait: WAIT }
    }
}

impl Hasher {
    /// The text to store.
    ///
    /// # Errors
    /// 429 where too many wait.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String, Error> {
        let (turn, password) = (self.turn().await?, password.clone());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let hash: PasswordHash = argon2()?.hash_password(password.expose().as_bytes()).map_err(|_| Error::Hash)?;
            Ok(hash.to_string())
        })
        .await?
    }

    /// Whether the password is the stored one; nobody's takes as long and is never right.
    ///
    /// # Errors
    /// 429 where too many wait.
    pub(super) async fn verify(&self, password: &Secret, stored: Option<String>) -> Result<bool, Error> {
        let (turn, password) = (self.turn().await?, password.clone());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY)).map_err(|_| Error::Hash)?;
            let right = argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
            Ok(right && stored.is_some())
        })
        .await?
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        match tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(ApiError::TooMany(WAIT.as_secs()).into()),
        }
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_and_no_other_does() {
        let hasher = Hasher::default();
        let hash = hasher.hash(&Secret::new("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(&Secret::new("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(&Secret::new("correct horse batterz"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_is_hashed_with_the_same_parameters_and_never_right() {
        let params = Params::try_from(&PasswordHash::new(NOBODY).unwrap()).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        assert!(!Hasher::default().verify(&Secret::new("anything at all"), None).await.unwrap());
    }

    #[tokio::test]
    async fn waiting_for_a_turn_ends_with_come_back_later() {
        let hasher = Hasher { wait: Duration::from_millis(1), ..Hasher::default() };
        let _all = Arc::clone(&hasher.turns).acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let answer = hasher.verify(&Secret::new("x"), None).await;
        assert!(matches!(answer, Err(Error::Api(ApiError::TooMany(5)))), "{answer:?}");
    }
}
