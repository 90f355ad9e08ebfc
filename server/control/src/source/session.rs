//! A session on an external PostgreSQL: as a replica's, which needs the REPLICATION right only, or a plain one.
//!
//! No client library opens the former over a connection of ours: `tokio-postgres` can't ask for it and answers whatever way of
//! signing in a server asks for, a password in clear included; `pgwire-replication` dials by itself and reads keys from files. The
//! messages themselves are `postgres-protocol`'s.

use std::net::SocketAddr;
use std::time::Duration;

use contract::spec::{Source, SourceAuth};
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::bytes::BytesMut;

use super::tls::{self, Trust};
use crate::port::SslMode;

/// For everything from dialling to the first answer.
const OPEN: Duration = Duration::from_secs(10);
/// For one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Bytes that a server may have sent of one message, and of one answer.
const LONGEST: usize = 1 << 20;
/// What a row takes besides.
const ROW: usize = 64;
/// Characters of its words that are repeated to people.
const WORDS: usize = 300;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Commands of the replication protocol, and SHOW.
    Replication,
    /// SQL, in the database `postgres`.
    Query,
}

/// Why there is none, or no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("{0}")]
    Unreachable(String),
    #[error("it offers no TLS")]
    NoTls,
    #[error("its certificate isn't accepted: {0}")]
    Certificate(String),
    /// The certificate is good, for other names.
    #[error("its certificate is for other names: {0}")]
    OtherName(String),
    #[error("it asks to sign in by {0}; only SCRAM-SHA-256 is used")]
    Weak(&'static str),
    #[error("it asks for a password, not for a certificate")]
    WantsPassword,
    /// The server's own words.
    #[error("{message}")]
    Refused { code: String, message: String },
    #[error("it doesn't speak as a PostgreSQL server does: {0}")]
    Strange(String),
    #[error("it did not answer within {} s", ANSWER.as_secs())]
    Slow,
}

pub(super) struct Session {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
}

/// Columns of an answer, as texts.
pub(super) type Row = Vec<Option<String>>;

impl Session {
    /// Signs in, with TLS as the mode says.
    pub(super) async fn open(
        at: &[SocketAddr],
        source: &Source,
        mode: SslMode,
        purpose: Purpose,
    ) -> Result<Self, SessionError> {
        let opened = async {
            let stream = TcpStream::connect(at).await.map_err(|error| SessionError::Unreachable(error.to_string()))?;
            let mut session = Self { stream: encrypted(stream, source, mode).await?, buffer: BytesMut::new() };
            session.sign_in(source, purpose).await?;
            Ok(session)
        };
        tokio::time::timeout(OPEN, opened).await.unwrap_or(Err(SessionError::Slow))
    }

    async fn sign_in(&mut self, source: &Source, purpose: Purpose) -> Result<(), SessionError> {
        let replication = (purpose == Purpose::Replication).then_some(("replication", "true"));
        let all = [
            ("user", source.username.as_str()),
            ("database", "postgres"),
            ("client_encoding", "UTF8"),
            ("application_name", "berth"),
        ];
        self.send(|out| frontend::startup_message(all.into_iter().chain(replication), out)).await?;
        let mut scram: Option<ScramSha256> = None;
        let mut proved = false;
        loop {
            match (self.message().await?, &source.auth) {
                (Message::AuthenticationSasl(_), SourceAuth::Tls { .. }) => return Err(SessionError::WantsPassword),
                (Message::AuthenticationSasl(offered), SourceAuth::Password { password, .. }) => {
                    if !offered.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256)).map_err(strange)? {
                        return Err(SessionError::Weak("another mechanism"));
                    }
                    let begun = ScramSha256::new(password.expose().as_bytes(), ChannelBinding::unsupported());
                    self.send(|out| frontend::sasl_initial_response(SCRAM_SHA_256, begun.message(), out)).await?;
                    scram = Some(begun);
                }
                (Message::AuthenticationSaslContinue(answer), _) => {
                    let begun = scram.as_mut().ok_or_else(|| strange("an answer to nothing"))?;
                    begun.update(answer.data()).map_err(strange)?;
                    let message = begun.message().to_vec();
                    self.send(|out| frontend::sasl_response(&message, out)).await?;
                }
                (Message::AuthenticationSaslFinal(answer), _) => {
                    let begun = scram.as_mut().ok_or_else(|| strange("an answer to nothing"))?;
                    begun.finish(answer.data()).map_err(strange)?;
                    proved = true;
                }
                (Message::AuthenticationOk, SourceAuth::Password { .. }) if !proved => {
                    return Err(SessionError::Weak("no password at all (trust)"));
                }
                (Message::AuthenticationCleartextPassword, SourceAuth::Password { .. }) => {
                    return Err(SessionError::Weak("a password in clear"));
                }
                (Message::AuthenticationMd5Password(_), SourceAuth::Password { .. }) => {
                    return Err(SessionError::Weak("MD5"));
                }
                (Message::AuthenticationCleartextPassword | Message::AuthenticationMd5Password(_), _) => {
                    return Err(SessionError::WantsPassword);
                }
                (Message::ErrorResponse(said), _) => return Err(refused(&said)),
                (Message::ReadyForQuery(_), _) => return Ok(()),
                (
                    Message::AuthenticationOk
                    | Message::BackendKeyData(_)
                    | Message::ParameterStatus(_)
                    | Message::NoticeResponse(_),
                    _,
                ) => {}
                _ => return Err(strange("a message that doesn't belong to a sign-in")),
            }
        }
    }

    /// The rows of an answer. The query is a constant of ours: nothing of a request goes into it.
    pub(super) async fn ask(&mut self, query: &'static str) -> Result<Vec<Row>, SessionError> {
        let asked = async {
            self.send(|out| frontend::query(query, out)).await?;
            let (mut rows, mut error, mut bytes) = (Vec::new(), None, 0);
            loop {
                match self.message().await? {
                    Message::DataRow(row) => {
                        // one without columns takes room, too
                        bytes += row.buffer().len() + ROW;
                        if bytes > LONGEST {
                            return Err(strange("an answer without an end"));
                        }
                        rows.push(texts(&row)?);
                    }
                    Message::ErrorResponse(said) => error = Some(refused(&said)),
                    Message::ReadyForQuery(_) => return error.map_or(Ok(rows), Err),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(ANSWER, asked).await.unwrap_or(Err(SessionError::Slow))
    }

    /// One value.
    pub(super) async fn value(&mut self, query: &'static str) -> Result<String, SessionError> {
        let first = self.ask(query).await?.into_iter().next().and_then(|row| row.into_iter().next().flatten());
        first.map(|value| short(&value)).ok_or_else(|| strange("an empty answer"))
    }

    async fn send<E>(&mut self, write: impl FnOnce(&mut BytesMut) -> Result<(), E>) -> Result<(), SessionError>
    where
        E: std::fmt::Display,
    {
        let mut out = BytesMut::new();
        write(&mut out).map_err(strange)?;
        self.stream.write_all(&out).await.map_err(broke)?;
        self.stream.flush().await.map_err(broke)
    }

    async fn message(&mut self) -> Result<Message, SessionError> {
        loop {
            if let Some(message) = Message::parse(&mut self.buffer).map_err(strange)? {
                return Ok(message);
            }
            if self.buffer.len() > LONGEST {
                return Err(strange("a message without an end"));
            }
            if self.stream.read_buf(&mut self.buffer).await.map_err(broke)? == 0 {
                return Err(SessionError::Unreachable("it hung up".into()));
            }
        }
    }
}

/// Asks for TLS. What a server sends before it is encrypted but the one letter is never read.
async fn encrypted(mut stream: TcpStream, source: &Source, mode: SslMode) -> Result<Box<dyn Stream>, SessionError> {
    let mut out = BytesMut::new();
    frontend::ssl_request(&mut out);
    stream.write_all(&out).await.map_err(broke)?;
    let mut letter = [0];
    stream.read_exact(&mut letter).await.map_err(broke)?;
    match letter {
        [b'S'] => {}
        [b'N'] if mode == SslMode::Prefer => return Ok(Box::new(stream)),
        [b'N'] => return Err(SessionError::NoTls),
        _ => return Err(strange("an answer to a question for TLS")),
    }
    let trust = match mode {
        SslMode::VerifyFull => Trust::Name,
        SslMode::VerifyCa => Trust::Chain,
        SslMode::Require | SslMode::Prefer => Trust::Anybody,
    };
    let connector = tls::connector(source, trust)?;
    Ok(Box::new(connector.connect(tls::name(source)?, stream).await.map_err(|error| tls::failed(&error))?))
}

fn texts(row: &DataRowBody) -> Result<Row, SessionError> {
    let buffer = row.buffer();
    let text = |range: Option<std::ops::Range<usize>>| {
        range.map(|range| String::from_utf8_lossy(buffer.get(range).unwrap_or_default()).into_owned())
    };
    row.ranges().map(|range| Ok(text(range))).collect().map_err(strange)
}

/// The server's code and words.
fn refused(said: &ErrorResponseBody) -> SessionError {
    let (mut code, mut message) = (String::new(), String::new());
    let read = said.fields().for_each(|field| {
        let text = || short(&String::from_utf8_lossy(field.value_bytes()));
        match field.type_() {
            b'C' => code = text(),
            b'M' => message = text(),
            _ => {}
        }
        Ok(())
    });
    match read {
        Ok(()) => SessionError::Refused { code, message },
        Err(error) => strange(error),
    }
}

/// What a server says is repeated as far as people read it, on one line.
fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}

fn strange(what: impl std::fmt::Display) -> SessionError {
    SessionError::Strange(what.to_string())
}

fn broke(error: std::io::Error) -> SessionError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => SessionError::Unreachable("it hung up".into()),
        _ => SessionError::Unreachable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use contract::values::{Port, Secret, SourceHost, Word};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that reads what comes, and answers each time with the next of these.
    async fn rogue(answers: Vec<Vec<u8>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = BytesMut::new();
            for answer in answers {
                if stream.read_buf(&mut heard).await.unwrap_or_default() == 0
                    || stream.write_all(&answer).await.is_err()
                {
                    return;
                }
            }
            // and then it says nothing more
            std::future::pending::<()>().await;
        });
        at
    }

    fn source() -> Source {
        Source {
            host: SourceHost::new("127.0.0.1").unwrap(),
            port: Port::POSTGRES,
            username: Word::new("replicator", 100).unwrap(),
            auth: SourceAuth::Password { password: Secret::new("canary of a source"), ca: None },
            archive: None,
        }
    }

    async fn opened(mode: SslMode, answers: Vec<Vec<u8>>) -> SessionError {
        let at = rogue(answers).await;
        match Session::open(&[at], &source(), mode, Purpose::Replication).await {
            Ok(_) => unreachable!("it let us in"),
            Err(error) => error,
        }
    }

    /// A message of the protocol: its letter, its length, and what stands in it.
    fn message(letter: u8, body: &[u8]) -> Vec<u8> {
        [&[letter][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
    }

    #[tokio::test]
    async fn h27_whoever_takes_tls_away_gets_nothing() {
        assert!(matches!(opened(SslMode::Require, vec![b"N".to_vec()]).await, SessionError::NoTls));
        let error = opened(SslMode::Require, vec![b"Nothing of the kind".to_vec()]).await;
        assert!(matches!(error, SessionError::NoTls), "{error}");
        let error = opened(SslMode::VerifyFull, vec![b"E".to_vec()]).await;
        assert!(matches!(error, SessionError::Strange(_)), "{error}");
    }

    #[tokio::test]
    async fn h27_no_weaker_way_of_signing_in_is_used() {
        for (kind, more) in [(0_u32, vec![]), (3, vec![]), (5, vec![1, 2, 3, 4])] {
            let asks = message(b'R', &[&kind.to_be_bytes()[..], &more].concat());
            let error = opened(SslMode::Prefer, vec![b"N".to_vec(), asks]).await;
            assert!(matches!(error, SessionError::Weak(_)), "{kind}: {error}");
        }
    }

    #[tokio::test]
    async fn h27_what_has_no_end_is_given_up() {
        let endless = [&[b'S'][..], &0x7FFF_FFFF_u32.to_be_bytes(), &vec![0; 2 * LONGEST]].concat();
        let error = opened(SslMode::Prefer, vec![b"N".to_vec(), endless]).await;
        assert!(matches!(error, SessionError::Strange(_)), "{error}");
        let garbage = message(b'R', &[0, 0]);
        let error = opened(SslMode::Prefer, vec![b"N".to_vec(), garbage]).await;
        assert!(matches!(error, SessionError::Strange(_)), "{error}");
        let said = [&b"C28000\0M"[..], &vec![b'x'; 5000], b"\x1b[31m\0\0"].concat();
        let error = opened(SslMode::Prefer, vec![b"N".to_vec(), message(b'E', &said)]).await;
        assert!(error.to_string().len() == WORDS, "{error}");
    }

    #[tokio::test]
    async fn h27_who_says_nothing_is_waited_for_no_longer_than_is_said() {
        let began = Instant::now();
        let error = opened(SslMode::Prefer, vec![b"N".to_vec()]).await;
        assert!(matches!(error, SessionError::Slow) && began.elapsed() < 2 * OPEN, "{error}");
    }
}
