//! Checks of a source, each with what mends it.

use contract::new_service::SourceRequest;
use contract::preflight::Check;
use contract::spec::{Source, SourceAuth};
use contract::values::{Mib, PgMajor};

use super::archive::{self, ArchiveError};
use super::session::{Purpose, Row, Session, SessionError};
use super::{WHOLE, identify, open};
use crate::outbound::Outbound;
use crate::port::SslMode;

/// PostgreSQL's codes for what a sign-in may be refused by.
const NO_PG_HBA: &str = "28000";
const WRONG_PASSWORD: &str = "28P01";
const TOO_MANY: &str = "53300";
/// Room that a replica takes above what the source's databases take: WAL that arrives while the copy is made.
const ROOM: f64 = 1.2;

/// Everything that can be found out, as far as it goes: what can't be reached isn't asked further. And how it was signed in to.
pub(crate) async fn check(outbound: &Outbound, asked: &SourceRequest) -> (Vec<Check>, Option<SslMode>) {
    let slow = || {
        let said = format!("{} answers too slowly to be asked everything", asked.source.host.as_str());
        (vec![Check::fail("connection", said, "Look into its log")], None)
    };
    let asking = tokio::time::timeout(WHOLE, source(outbound, asked));
    let (mut found, sslmode) = asking.await.unwrap_or_else(|_| slow());
    found.extend(wal_archive(outbound, &asked.source).await);
    (found, sslmode)
}

async fn source(outbound: &Outbound, asked: &SourceRequest) -> (Vec<Check>, Option<SslMode>) {
    let source = &asked.source;
    let (host, port) = (source.host.as_str(), source.port.number());
    let at = match outbound.resolve(host, port).await {
        Ok(at) => at,
        Err(error) => {
            return (vec![Check::fail("address", error.to_string(), "Give another name or address")], None);
        }
    };
    let addresses: Vec<String> = at.iter().map(|at| at.ip().to_string()).collect();
    let mut found = vec![Check::pass("address", format!("{host} is {}", addresses.join(" and ")))];
    let (mut session, mode) = match open(&at, source, |_| true, Purpose::Replication).await {
        Ok(opened) => opened,
        Err(error) => {
            found.push(not_opened(source, &error));
            return (found, None);
        }
    };
    found.push(Check::pass("connection", format!("{host}:{port} answers")));
    found.push(encryption(source, mode));
    found.push(Check::pass("login", format!("{} may replicate", source.username.as_str())));
    if let Err(error) = asked_as_a_replica(&mut session, asked, &mut found).await {
        found.push(Check::fail("settings", format!("It doesn't say how it is set up: {error}"), "Look into its log"));
        return (found, Some(mode));
    }
    match Session::open(&at, source, mode, Purpose::Query).await {
        Ok(mut session) => {
            if let Err(error) = asked_by_sql(&mut session, asked, &mut found).await {
                found.push(unseen(source, &error));
            }
        }
        Err(error) => found.push(unseen(source, &error)),
    }
    (found, Some(mode))
}

fn not_opened(source: &Source, error: &SessionError) -> Check {
    let user = source.username.as_str();
    match error {
        SessionError::Unreachable(_) | SessionError::Slow => Check::fail(
            "connection",
            format!("{}:{} doesn't answer: {error}", source.host.as_str(), source.port.number()),
            "Let it listen there (listen_addresses), and let firewalls let us through",
        ),
        SessionError::NoTls => {
            Check::fail("tls", "It offers no TLS", "Turn ssl on there, with ssl_cert_file and ssl_key_file")
        }
        SessionError::Certificate(_) | SessionError::OtherName(_) => Check::fail(
            "tls",
            format!("Its certificate isn't accepted, or it doesn't accept ours: {error}"),
            "Give the authority that signed its certificate as ca_crt, and a certificate of ours that its ssl_ca_file knows",
        ),
        SessionError::Weak(_) => {
            Check::fail("login", format!("The source {error}"), format!("hostssl replication {user} all scram-sha-256"))
        }
        SessionError::WantsPassword => {
            Check::fail("login", format!("The source: {error}"), format!("hostssl replication {user} all cert"))
        }
        SessionError::Refused { code, message } => {
            let mend = match code.as_str() {
                NO_PG_HBA if message.contains("pg_hba") => match source.auth {
                    SourceAuth::Password { .. } => format!("hostssl replication {user} all scram-sha-256"),
                    SourceAuth::Tls { .. } => format!("hostssl replication {user} all cert"),
                },
                WRONG_PASSWORD => "Give the right user name and password".to_owned(),
                TOO_MANY => "Raise max_wal_senders and max_connections there".to_owned(),
                // words for somebody to run there: nothing of ours runs them
                _ => ["ALTER ROLE", &quoted(user), "REPLICATION LOGIN;"].join(" "),
            };
            Check::fail("login", format!("The source says: {message}"), mend)
        }
        SessionError::Strange(_) => {
            Check::fail("connection", format!("What answers isn't PostgreSQL: {error}"), "Give another host or port")
        }
    }
}

fn encryption(source: &Source, mode: SslMode) -> Check {
    match mode {
        SslMode::VerifyFull => {
            Check::pass("tls", "Encrypted, with a certificate for its name from the authority given")
        }
        SslMode::VerifyCa => Check::warn(
            "tls",
            format!(
                "Its certificate comes from the authority given and isn't for {}: who creates the replica now agrees that the name isn't checked (verify-ca)",
                source.host.as_str()
            ),
            "Dial it by a name that its certificate is for",
        ),
        SslMode::Require => Check::warn(
            "tls",
            "Encrypted; who answers isn't checked",
            "Give the authority that signed its certificate as ca_crt",
        ),
        SslMode::Prefer => Check::warn(
            "tls",
            "It offers no TLS: who creates the replica now agrees that everything comes over in clear",
            "Turn ssl on there, with ssl_cert_file and ssl_key_file",
        ),
    }
}

/// What a session for replication may ask.
async fn asked_as_a_replica(
    session: &mut Session,
    asked: &SourceRequest,
    found: &mut Vec<Check>,
) -> Result<(), SessionError> {
    let (system, _) = identify(session).await?;
    found.push(Check::pass("system", format!("Its system identifier is {system}")));
    let version = session.value("SHOW server_version").await?;
    let number = session.value("SHOW server_version_num").await?;
    let major = number.parse::<u32>().ok().map(|number| number / 10_000);
    found.push(match asked.version {
        Some(wanted) if major != Some(u32::from(wanted.number())) => Check::fail(
            "version",
            format!("It runs PostgreSQL {version}: a replica has to be of the same major version"),
            major.and_then(|major| u8::try_from(major).ok()).and_then(PgMajor::new).map_or_else(
                || "Upgrade it to a version that Berth knows".to_owned(),
                |major| format!("Choose PostgreSQL {major}"),
            ),
        ),
        _ => Check::pass("version", format!("It runs PostgreSQL {version}")),
    });
    let level = session.value("SHOW wal_level").await?;
    found.push(match level.as_str() {
        "replica" | "logical" => Check::pass("wal_level", format!("wal_level is {level}")),
        _ => Check::fail(
            "wal_level",
            format!("wal_level is {level}: it writes too little for a replica"),
            "ALTER SYSTEM SET wal_level = 'replica'; then restart it",
        ),
    });
    let senders = session.value("SHOW max_wal_senders").await?;
    found.push(match senders.parse::<u32>() {
        // the copy takes two while it is made: one for the files, one for the WAL meanwhile
        Ok(2..) => Check::pass("wal_senders", format!("max_wal_senders is {senders}")),
        _ => Check::fail(
            "wal_senders",
            format!("max_wal_senders is {senders}: a copy takes two"),
            "ALTER SYSTEM SET max_wal_senders = 10; then restart it",
        ),
    });
    let connections = session.value("SHOW max_connections").await?;
    found.push(Check::pass(
        "standby_settings",
        format!(
            "The replica takes over max_connections ({connections}) and the others that a standby may not fall below"
        ),
    ));
    let kept = session.value("SHOW wal_keep_size").await?;
    found.push(if kept != "0" {
        Check::pass("wal_keep", format!("It keeps {kept} of WAL for a replica that falls behind"))
    } else if asked.source.archive.is_some() {
        Check::pass("wal_keep", "It keeps no WAL for a replica that falls behind; the archive does")
    } else {
        Check::warn(
            "wal_keep",
            "It keeps no WAL for a replica that falls behind, and there is no archive: one that is away for long has to be made anew",
            "ALTER SYSTEM SET wal_keep_size = '1GB'; SELECT pg_reload_conf(); or give the WAL archive in S3",
        )
    });
    Ok(())
}

/// What only SQL tells.
async fn asked_by_sql(
    session: &mut Session,
    asked: &SourceRequest,
    found: &mut Vec<Check>,
) -> Result<(), SessionError> {
    let roles = session.ask("select rolname, rolsuper, rolreplication and rolcanlogin from pg_roles where rolname in ('postgres', 'streaming_replica')").await?;
    let has = |name: &str, column: usize| {
        let is =
            |row: &Row| row.first() == Some(&Some(name.to_owned())) && row.get(column) == Some(&Some("t".to_owned()));
        roles.iter().any(is)
    };
    found.push(if has("postgres", 1) {
        Check::pass("superuser", "It has the superuser postgres, which the replica is run by")
    } else {
        Check::fail(
            "superuser",
            "It has no superuser called postgres, which the replica is run by",
            "CREATE ROLE postgres SUPERUSER;",
        )
    });
    if asked.instances.count() > 1 {
        found.push(if has("streaming_replica", 2) {
            Check::pass("standbys", "It has the role streaming_replica, which the replica's own standbys sign in as")
        } else {
            Check::fail(
                "standbys",
                "It has no role streaming_replica, which the replica's own standbys sign in as",
                "CREATE ROLE streaming_replica REPLICATION LOGIN;",
            )
        });
    }
    let taken = session.value("select sum(pg_database_size(oid))::bigint from pg_database").await?;
    let taken: f64 = taken.parse().unwrap_or_default();
    let mib = (taken / f64::from(1 << 20)).ceil();
    let needed = (mib * ROOM).ceil();
    found.push(if needed <= f64::from(asked.disk.mib()) {
        Check::pass("size", format!("Its databases take {mib} MiB"))
    } else {
        let least = Mib::new(needed as u32).gib().ceil();
        Check::fail(
            "size",
            format!("Its databases take {mib} MiB, and the replica has {} MiB", asked.disk.mib()),
            format!("Give it a disk of {least} GiB or more"),
        )
    });
    Ok(())
}

/// What isn't known without SQL. A replica may still work.
fn unseen(source: &Source, error: &SessionError) -> Check {
    let user = source.username.as_str();
    Check::warn(
        "size",
        format!("How much it holds and which roles it has isn't known: {error}"),
        format!("hostssl postgres {user} all scram-sha-256, and GRANT pg_read_all_stats TO {};", quoted(user)),
    )
}

async fn wal_archive(outbound: &Outbound, source: &Source) -> Option<Check> {
    let archive = source.archive.as_ref()?;
    let at = format!("s3://{}/{}", archive.bucket.as_str(), archive.path.as_str().trim_matches('/'));
    Some(match archive::holds_wal(outbound, archive).await {
        Ok(true) => Check::pass("archive", format!("{at} holds WAL of {}", archive.server_name.as_str())),
        Ok(false) => Check::warn(
            "archive",
            format!("{at} can be read and holds no WAL of {}", archive.server_name.as_str()),
            "Give the path and the server name that barman-cloud-wal-archive was called with",
        ),
        Err(error @ ArchiveError::Refused(_)) => Check::fail(
            "archive",
            format!("{at} can't be read: {error}"),
            "Give keys that may list and read the bucket",
        ),
        Err(error) => Check::fail("archive", format!("{at} can't be read: {error}"), "Give another endpoint or bucket"),
    })
}

/// A name as SQL writes it, for people to copy.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
