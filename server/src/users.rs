//! `berth user`: users of the metadata in a data directory or a database, made and mended from the shell.

use crate::account::{self, AccountError};
use crate::config::UserCommand;

/// Why it wasn't done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("this build can't reach the metadata store yet")]
    Unwired,
}

/// Carries the command out.
pub fn run(command: &UserCommand) -> Result<(), UserError> {
    let _ground = account::settle(&command.place().data_dir)?;
    // COMPOSITION: reach the metadata server (of a running console by its socket, else start it under the lock).
    Err(UserError::Unwired)
}
