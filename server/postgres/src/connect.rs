//! Connections as the superuser, over the unix socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::error::{Error, Result};
use crate::server::Server;
use crate::{Host, disk, roles, secret};

/// How long a connection over the socket may take: a server under full load.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Session settings: work goes on while the disk watch holds the databases read-only, and no statement reaches the log.
const OPTIONS: &str = "-c default_transaction_read_only=off -c log_min_error_statement=panic";

impl Host {
    /// Signs in as the role `postgres`, to the database `postgres`. Dropping the client ends the session.
    ///
    /// # Errors
    /// [`Error::NotPrepared`], [`Error::Superuser`] if the password isn't taken, [`Error::Sql`] if the server doesn't answer.
    pub async fn superuser(&self, dir: &Path) -> Result<Client> {
        self.superuser_in(dir, "postgres").await
    }

    /// The same, to another database.
    ///
    /// # Errors
    /// As [`Host::superuser`].
    pub async fn superuser_in(&self, dir: &Path, database: &str) -> Result<Client> {
        let server = Server::at(dir)?;
        let port = server.settings()?.port;
        let password = secret::read(&server.superuser())?;
        let password = password.ok_or_else(|| Error::NotPrepared(server.dir.clone()))?;
        let result = self.connect(port, database, &password).await?;
        result.map_err(|source| match is_refusal(&source) {
            true => Error::Superuser { dir: server.dir, source },
            false => Error::Sql(source),
        })
    }

    /// Makes sure that the server takes the password noted for it. The first start of a copy finds the template's in force and replaces
    /// it; a crash in between leaves one of the two in force, and both on disk.
    pub(crate) async fn settle_superuser(&self, server: &Server, port: u16) -> Result<()> {
        let Some(own) = secret::read(&server.superuser())? else {
            // Copied from a server whose superuser isn't known here.
            return Ok(());
        };
        // The initial one first: while its file is there it is the likely one, and a failure would stand in the server's log.
        if let Some(initial) = secret::read(&server.initial_superuser())? {
            match self.connect(port, "postgres", &initial).await? {
                Ok(client) => {
                    roles::set_password(&client, "postgres", &secret::scram_verifier(&own)).await?;
                    return disk::remove_file(&server.initial_superuser());
                }
                Err(error) if is_refusal(&error) => {}
                Err(error) => return busy_or(error),
            }
        }
        match self.connect(port, "postgres", &own).await? {
            Ok(_) => disk::remove_file(&server.initial_superuser()),
            // A standby has its primary's roles, and can't be written to.
            Err(error) if is_refusal(&error) && server.is_standby() => Ok(()),
            Err(source) if is_refusal(&source) => Err(Error::Superuser { dir: server.dir.clone(), source }),
            Err(error) => busy_or(error),
        }
    }

    async fn connect(
        &self,
        port: u16,
        database: &str,
        password: &SecretString,
    ) -> Result<Result<Client, tokio_postgres::Error>> {
        let mut config = Config::new();
        config
            .host_path(self.socket_dir())
            .port(port)
            .user("postgres")
            .password(password.expose_secret())
            .dbname(database)
            .options(OPTIONS)
            .application_name("berth");
        let connected = tokio::time::timeout(TIMEOUT, config.connect(NoTls)).await;
        let connected = connected.map_err(|_| Error::Io {
            action: "connect to the socket in",
            path: self.socket_dir().to_owned(),
            source: io::ErrorKind::TimedOut.into(),
        })?;
        Ok(connected.map(|(client, connection)| {
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a superuser's session ended");
                }
            });
            client
        }))
    }
}

/// A server that answers that it is full runs.
fn busy_or(error: tokio_postgres::Error) -> Result<()> {
    match error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) {
        true => Ok(()),
        false => Err(Error::Sql(error)),
    }
}

fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::INVALID_PASSWORD) || code == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}
