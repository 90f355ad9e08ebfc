//! What can go wrong inside, and how it becomes the one error of the contract.

use contract::error::{ApiError, Noun};
use contract::problem::{Invalid, Problem};

/// An inner error, with its source kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Meant for the caller as it stands.
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the metadata store failed")]
    Store(#[from] sqlx::Error),
    #[error("the metadata store could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("a secret could not be sealed or opened: {0}")]
    Seal(&'static str),
    /// A row holds what this code never writes.
    #[error("the metadata store holds an unexpected value in {0}")]
    Unexpected(&'static str),
    #[error("hashing a password failed")]
    Hash,
    #[error("a background task ended early")]
    Join(#[from] tokio::task::JoinError),
}

impl Error {
    pub fn not_found(noun: Noun) -> Self {
        Self::Api(ApiError::NotFound(noun))
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Api(invalid.into())
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Api(problem.into())
    }
}

/// Logs once, with the id that the user sees.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let id = uuid::Uuid::now_v7().to_string();
        match error {
            Error::Api(error) => error,
            Error::Store(error) if away(&error) => {
                tracing::warn!(%id, error = &error as &dyn std::error::Error, "the metadata store is away");
                Self::Unavailable("The metadata store is away; try again in a moment".into())
            }
            error => {
                tracing::error!(%id, error = &error as &dyn std::error::Error, "a use case failed");
                Self::Internal(id)
            }
        }
    }
}

/// True where waiting may help: no connection, or PostgreSQL shuts down, starts or has no slot left
/// (classes 08, 53 and 57 of its error codes).
fn away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}
