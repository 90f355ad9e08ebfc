//! Signs in as a customer would: over TCP, with a password. The proof behind "healthy", and what a connection test shows.

use std::io;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

/// A sign-in that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// As the server's parameter `server_version` says.
    pub version: String,
    /// From the first packet to the answer of a query.
    pub took: Duration,
    /// Whether the connection was encrypted. Servers of this crate listen on loopback only, in clear.
    pub tls: bool,
    /// Host and port that were connected to.
    pub address: String,
}

/// Why a sign-in failed, in words for whoever set up the connection. Server messages stand as the server wrote them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    #[error("{address} refused the connection: nothing listens there")]
    Refused { address: String, source: tokio_postgres::Error },
    #[error("{address} cannot be reached")]
    Unreachable { address: String, source: tokio_postgres::Error },
    #[error("{address} did not answer within {seconds} s")]
    Timeout { address: String, seconds: u64 },
    #[error("the sign-in was refused: {message}")]
    Authentication { message: String, source: tokio_postgres::Error },
    #[error("the server has no such database: {message}")]
    DoesNotExist { message: String, source: tokio_postgres::Error },
    #[error("the server takes no connection now: {message}")]
    Unavailable { message: String, source: tokio_postgres::Error },
    #[error("the server answered: {message}")]
    Other { message: String, source: tokio_postgres::Error },
}

/// Connects, signs in, asks one question and leaves.
///
/// # Errors
/// See [`SignInError`]; `timeout` bounds the whole.
pub async fn sign_in(
    host: &str,
    port: u16,
    database: &str,
    user: &str,
    password: &SecretString,
    timeout: Duration,
) -> Result<SignedIn, SignInError> {
    let address = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let mut config = Config::new();
    config
        .host(host)
        .port(port)
        .dbname(database)
        .user(user)
        .password(password.expose_secret())
        .application_name("berth");
    let began = Instant::now();
    let asked = tokio::time::timeout(timeout, ask(&config)).await;
    let version = match asked {
        Ok(Ok(version)) => version,
        Ok(Err(error)) => return Err(explain(error, address)),
        Err(_) => {
            return Err(SignInError::Timeout { address, seconds: timeout.as_secs() });
        }
    };
    Ok(SignedIn { version, took: began.elapsed(), tls: false, address })
}

async fn ask(config: &Config) -> Result<String, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // It ends when the client is dropped.
    tokio::spawn(connection);
    client.query_one("SHOW server_version", &[]).await?.try_get(0)
}

fn explain(source: tokio_postgres::Error, address: String) -> SignInError {
    if let Some(error) = source.as_db_error() {
        let message = error.message().to_owned();
        let code = error.code();
        return if *code == SqlState::INVALID_PASSWORD
            || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            || *code == SqlState::INSUFFICIENT_PRIVILEGE
        {
            SignInError::Authentication { message, source }
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            SignInError::DoesNotExist { message, source }
        } else if *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS {
            SignInError::Unavailable { message, source }
        } else {
            SignInError::Other { message, source }
        };
    }
    match io_kind(&source) {
        Some(io::ErrorKind::ConnectionRefused) => SignInError::Refused { address, source },
        Some(_) => SignInError::Unreachable { address, source },
        None => SignInError::Other { message: source.to_string(), source },
    }
}

fn io_kind(error: &tokio_postgres::Error) -> Option<io::ErrorKind> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<io::Error>().map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn try_port(port: u16) -> SignInError {
        let password = SecretString::from("x");
        let timeout = Duration::from_millis(300);
        let tried = sign_in("127.0.0.1", port, "d", "u", &password, timeout).await;
        tried.unwrap_err()
    }

    #[tokio::test]
    async fn a_port_where_nothing_listens_refuses() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = try_port(port).await;
        assert!(matches!(error, SignInError::Refused { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_port_that_never_answers_times_out() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let error = try_port(listener.local_addr().unwrap().port()).await;
        assert!(matches!(error, SignInError::Timeout { .. }), "{error:?}");
    }
}
