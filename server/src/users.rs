//! `berth user`: users of the metadata in a data directory or a database, made and mended from the shell.

use std::io::{BufRead as _, Write as _};

use contract::values::Secret;
use control::identity::Identity;
use rand::distr::{Alphanumeric, SampleString as _};
use time::format_description::well_known::Rfc3339;

use crate::account::{self, AccountError};
use crate::compose::{self, ComposeError};
use crate::config::UserCommand;
use crate::lock::{Lock, LockError};

/// Of a password that nobody chose: 119 bits.
const PASSWORD_LETTERS: usize = 20;

/// Why it wasn't done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Compose(Box<ComposeError>),
    #[error("{0}")]
    Refused(Box<contract::ApiError>),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<ComposeError> for UserError {
    fn from(error: ComposeError) -> Self {
        Self::Compose(Box::new(error))
    }
}

impl From<control::Error> for UserError {
    fn from(error: control::Error) -> Self {
        Self::Refused(Box::new(error.into()))
    }
}

/// Carries the command out.
pub fn run(command: &UserCommand) -> Result<(), UserError> {
    let ground = account::settle(&command.place().data_dir)?;
    // a console that runs holds the lock, and keeps the metadata server up for us
    let lock = match Lock::take(&ground.data_dir) {
        Ok(lock) => Some(lock),
        Err(LockError::Held { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (metadata, options) = compose::store_of(command.place().database_url.as_ref(), &ground.data_dir).await?;
        let pool = control::store::open(options).await?;
        let done = match control::identity::seed_workspace(&pool).await {
            Ok(_) => carry_out(command, &Identity::new(pool.clone())).await,
            Err(error) => Err(error.into()),
        };
        pool.close().await;
        if let (Some(metadata), Some(_)) = (metadata, &lock) {
            metadata.stop().await;
        }
        done
    })
}

async fn carry_out(command: &UserCommand, identity: &Identity) -> Result<(), UserError> {
    match command {
        UserCommand::Add { email, role, workspace, password_stdin, .. } => {
            let password = Chosen::new(*password_stdin)?;
            identity.add_user(email, &password.secret, workspace.as_deref(), role).await?;
            password.say(&format!("{email} can sign in as {role}."))
        }
        UserCommand::Reset { email, password_stdin, .. } => {
            let password = Chosen::new(*password_stdin)?;
            identity.reset_password(email, &password.secret).await?;
            password.say(&format!("{email} has a new password; all sessions and tokens have ended."))
        }
        UserCommand::List { .. } => list(identity).await,
    }
}

async fn list(identity: &Identity) -> Result<(), UserError> {
    let mut out = std::io::stdout().lock();
    for user in identity.list_users().await? {
        let roles: Vec<String> = user.roles.iter().map(|(workspace, role)| format!("{workspace}:{role}")).collect();
        let seen = user.last_seen_at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| "never".into());
        let made = user.created_at.format(&Rfc3339).unwrap_or_default();
        writeln!(out, "{}\t{}\tmade {made}\tseen {seen}", user.email, roles.join(","))?;
    }
    Ok(())
}

/// A password that was typed, or one that was made and has to be shown once.
struct Chosen {
    secret: Secret,
    made: bool,
}

impl Chosen {
    fn new(from_stdin: bool) -> Result<Self, UserError> {
        if !from_stdin {
            let secret = Secret::new(Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LETTERS));
            return Ok(Self { secret, made: true });
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(Self { secret: Secret::new(line.trim_end_matches(['\r', '\n'])), made: false })
    }

    fn say(&self, words: &str) -> Result<(), UserError> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{words}")?;
        if self.made {
            writeln!(out, "Password: {}", self.secret.expose())?;
        }
        Ok(())
    }
}
