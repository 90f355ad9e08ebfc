//! External PostgreSQL servers that replicas follow: what they say of themselves, whatever runtime runs the replica.

pub(crate) mod agreed;
pub(crate) mod archive;
pub(crate) mod preflight;
mod session;
pub(crate) mod stored;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use contract::replication::Lsn;
use contract::spec::{Source, SourceAuth};
use contract::values::PgMajor;

use self::session::{Purpose, Session, SessionError};
use crate::outbound::{Outbound, OutboundError};
use crate::port::SslMode;

/// Settings of a source that a standby may not fall below: recovery ends where it meets more of them
/// (<https://www.postgresql.org/docs/18/hot-standby.html#HOT-STANDBY-ADMIN>).
const STANDBY_SETTINGS: [(&str, &str); 5] = [
    ("max_connections", "SHOW max_connections"),
    ("max_locks_per_transaction", "SHOW max_locks_per_transaction"),
    ("max_prepared_transactions", "SHOW max_prepared_transactions"),
    ("max_wal_senders", "SHOW max_wal_senders"),
    ("max_worker_processes", "SHOW max_worker_processes"),
];

/// For a whole conversation, however slowly each answer comes.
const WHOLE: Duration = Duration::from_secs(20);

/// Why a source can't be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("{0}")]
    Session(#[from] SessionError),
    /// It can be had with less of TLS.
    #[error("{}", not_agreed(*.0))]
    NotAgreed(SslMode),
}

fn not_agreed(less: SslMode) -> &'static str {
    match less {
        SslMode::Prefer => {
            "it offers no TLS, and nobody has agreed to do without: turn ssl on there, or check the source and create the \
             replica anew"
        }
        _ => {
            "its certificate is for other names, and nobody has agreed to that: dial it by one of them, or check the source \
             and create the replica anew"
        }
    }
}

/// What a source says of itself to whoever may replicate it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub at: Vec<SocketAddr>,
    /// What it was reached by, and has to be from then on.
    pub sslmode: SslMode,
    pub major: Option<PgMajor>,
    /// Another number for every `initdb`.
    pub system: String,
    pub position: Lsn,
    pub settings: BTreeMap<String, u32>,
}

/// Signs in as the replica would, and asks what it has to know. `agreed`: what may be instead of all of TLS.
pub(crate) async fn reach(
    outbound: &Outbound,
    source: &Source,
    agreed: Option<SslMode>,
) -> Result<Reached, SourceError> {
    let asked = tokio::time::timeout(WHOLE, ask(outbound, source, agreed)).await;
    asked.unwrap_or(Err(SourceError::Session(SessionError::Slow)))
}

async fn ask(outbound: &Outbound, source: &Source, agreed: Option<SslMode>) -> Result<Reached, SourceError> {
    let at = outbound.resolve(source.host.as_str(), source.port.number()).await?;
    let opened = open(&at, source, |less| agreed == Some(less), Purpose::Replication).await;
    let (mut session, sslmode) = opened.map_err(|error| match (error, ways(source).1) {
        (SessionError::NoTls | SessionError::OtherName(_), Some(less)) if agreed != Some(less) => {
            SourceError::NotAgreed(less)
        }
        (error, _) => error.into(),
    })?;
    let (system, position) = identify(&mut session).await?;
    let mut settings = BTreeMap::new();
    for (name, query) in STANDBY_SETTINGS {
        let value = session.value(query).await?;
        let value = value.parse().map_err(|_| SessionError::Strange(format!("{name} is {value}")))?;
        settings.insert(name.to_owned(), value);
    }
    let version = session.value("SHOW server_version_num").await?;
    let major = version.parse::<u32>().ok().and_then(|version| u8::try_from(version / 10_000).ok());
    Ok(Reached { at, sslmode, major: major.and_then(PgMajor::new), system, position, settings })
}

/// Where a source writes.
pub(crate) async fn position(outbound: &Outbound, source: &Source, pinned: SslMode) -> Result<Lsn, SourceError> {
    let asked = async {
        let at = outbound.resolve(source.host.as_str(), source.port.number()).await?;
        let mut session = Session::open(&at, source, pinned, Purpose::Replication).await?;
        Ok(identify(&mut session).await?.1)
    };
    tokio::time::timeout(WHOLE, asked).await.unwrap_or(Err(SourceError::Session(SessionError::Slow)))
}

/// All of TLS that there can be, and what there may be instead.
fn ways(source: &Source) -> (SslMode, Option<SslMode>) {
    match &source.auth {
        // where the name can't match, the chain still does: the source is dialled by its address, or by a name of its own
        SourceAuth::Tls { .. } => (SslMode::VerifyFull, Some(SslMode::VerifyCa)),
        SourceAuth::Password { ca: Some(_), .. } => (SslMode::VerifyFull, None),
        SourceAuth::Password { ca: None, .. } => (SslMode::Require, Some(SslMode::Prefer)),
    }
}

/// Signs in with all of TLS, or with what there is instead, where that may be.
async fn open(
    at: &[SocketAddr],
    source: &Source,
    may: impl Fn(SslMode) -> bool,
    purpose: Purpose,
) -> Result<(Session, SslMode), SessionError> {
    let (all, less) = ways(source);
    match (Session::open(at, source, all, purpose).await, less) {
        (Err(SessionError::OtherName(_) | SessionError::NoTls), Some(less)) if may(less) => {
            Ok((Session::open(at, source, less, purpose).await?, less))
        }
        (opened, _) => Ok((opened?, all)),
    }
}

/// The system identifier, and where it writes.
async fn identify(session: &mut Session) -> Result<(String, Lsn), SessionError> {
    let strange = || SessionError::Strange("its answer to IDENTIFY_SYSTEM".into());
    let row = session.ask("IDENTIFY_SYSTEM").await?.into_iter().next().ok_or_else(strange)?;
    // systemid, timeline, xlogpos, dbname
    let [Some(system), _, Some(position), ..] = row.as_slice() else { return Err(strange()) };
    Ok((system.clone(), position.parse().map_err(|_| strange())?))
}
