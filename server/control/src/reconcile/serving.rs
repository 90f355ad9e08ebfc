//! Whether a service serves whoever it is for; and, of one that follows an external server, where that is now.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use contract::spec::Source;
use contract::values::Port;

use super::row::Row;
use super::steps::StepError;
use crate::Control;
use crate::error::Error;
use crate::outbound::OutboundError;
use crate::port::{Desired, Following, Follows, Origin, PortError, Power, SignIn, SslMode};
use crate::source::stored::{self, Stored};
use crate::source::{self, SourceError, archive};

/// How long what has arrived may lie before it counts as not being replayed.
const REPLAY: Duration = Duration::from_secs(1);

/// What was found where it serves.
pub(super) struct Served {
    /// Of the server, where somebody signed in.
    pub version: Option<String>,
    /// What is wrong all the same.
    pub degraded: Option<String>,
    /// What people read of it.
    pub words: String,
}

/// Signs in as the owner. What follows another server has to do so the first time; a copy that nobody owns yet just has to answer.
pub(super) async fn serve(control: &Control, row: &Row) -> Result<Served, StepError> {
    if row.is_unowned() {
        return follow(control, row).await;
    }
    let signed_in = control.runtime.sign_in(&credentials(control, row)?).await?;
    let words = format!("with the credentials shown here, to PostgreSQL {}", signed_in.version);
    if !row.follows() {
        return Ok(Served { version: Some(signed_in.version), degraded: None, words });
    }
    let degraded = match follow(control, row).await {
        Ok(served) => served.degraded,
        // it serves, whatever can't be asked about how it follows
        Err(StepError::Port(PortError::Retry { message, .. })) if row.was_ready => Some(message),
        Err(error) => return Err(error),
    };
    Ok(Served { version: Some(signed_in.version), degraded, words })
}

/// Whether what follows another server receives something from there, and replays it.
async fn follow(control: &Control, row: &Row) -> Result<Served, StepError> {
    let now = following(control, row).await?;
    if now.streams {
        if now.replayed < now.received {
            tokio::time::sleep(REPLAY).await;
            let then = following(control, row).await?;
            if then.replayed <= now.replayed {
                return behind(row, format!("What arrives from its {} isn't replayed", row.leader()));
            }
        }
        return Ok(Served { version: None, degraded: None, words: "it receives, and replays what arrives".into() });
    }
    let why = match opened(control, row)? {
        Some((source, Some(mode))) => source::position(&control.outbound, &source, mode).await.err(),
        _ => None,
    };
    let said = match why {
        Some(error) => format!("It receives nothing from its source: {error}"),
        None => nothing_from(control, row).await,
    };
    behind(row, said)
}

/// Why nothing arrives that isn't known to be the source's own fault.
async fn nothing_from(control: &Control, row: &Row) -> String {
    let Some((_, primary)) = row.primary() else {
        return "It receives nothing from its source, which answers".to_owned();
    };
    match control.runtime.written(&primary).await {
        // no slot keeps for it what it hasn't received
        Ok(Some(_)) => {
            "It receives nothing from its primary, which answers: what it needs may be gone there; if it stays like this, delete it and create another"
                .to_owned()
        }
        Ok(None) => "It receives nothing from its primary, which doesn't run".to_owned(),
        Err(error) => format!("It receives nothing from its primary: {error}"),
    }
}

/// One that has followed once goes on serving what it holds.
fn behind(row: &Row, said: String) -> Result<Served, StepError> {
    if row.was_ready {
        return Ok(Served { version: None, words: said.clone(), degraded: Some(said) });
    }
    Err(PortError::retry(said).into())
}

async fn following(control: &Control, row: &Row) -> Result<Following, StepError> {
    let now = control.runtime.following(&row.service()).await?;
    Ok(now.ok_or_else(|| PortError::retry("It doesn't run"))?)
}

/// What is wanted, with what it follows as that was found when it was first reached, and at the addresses that it has now.
pub(super) async fn desired(control: &Control, row: &Row) -> Result<Desired, StepError> {
    let mut desired = row.desired(&control.sealer)?;
    let (Some(stored), Some((source, pinned))) = (&row.source, opened(control, row)?) else { return Ok(desired) };
    let (settings, sslmode) = match known(row, stored, pinned) {
        Some(known) => known,
        None => {
            let reached = source::reach(&control.outbound, &source, stored.agreed).await;
            let reached = reached.map_err(|error| not_reached(&source, &error))?;
            if reached.major != Some(desired.major) {
                let runs = reached.major.map_or_else(|| "another".to_owned(), |major| major.to_string());
                let said = format!(
                    "Its source runs PostgreSQL {runs}; a replica of it can't run PostgreSQL {}",
                    desired.major
                );
                return Err(PortError::Rejected(said).into());
            }
            let mut connection = control.pool.acquire().await?;
            stored::note(&mut connection, (row.workspace, row.id), &reached).await?;
            (reached.settings, reached.sslmode)
        }
    };
    let at = match row.power {
        Power::Running => addresses(control, row, &source).await?,
        Power::Stopped => stored.addresses.clone(),
    };
    desired.origin = Origin::Follows(Box::new(Follows { source, at, sslmode, settings }));
    Ok(desired)
}

/// What was found when its source was reached. What shall not run needs nothing of it.
fn known(row: &Row, stored: &Stored, pinned: Option<SslMode>) -> Option<(BTreeMap<String, u32>, SslMode)> {
    match (stored.settings.clone(), pinned) {
        (Some(settings), Some(sslmode)) => Some((settings, sslmode)),
        (settings, pinned) if row.power == Power::Stopped => {
            Some((settings.unwrap_or_default(), pinned.unwrap_or(SslMode::VerifyFull)))
        }
        _ => None,
    }
}

/// The same from what is known of its source already, which isn't asked. `None` where it hasn't been reached yet.
pub(crate) fn remembered(control: &Control, row: &Row) -> Result<Option<Desired>, Error> {
    let mut desired = row.desired(&control.sealer)?;
    let (Some(stored), Some((source, pinned))) = (&row.source, opened(control, row)?) else { return Ok(Some(desired)) };
    let Some((settings, sslmode)) = known(row, stored, pinned) else { return Ok(None) };
    let at = stored.addresses.clone();
    desired.origin = Origin::Follows(Box::new(Follows { source, at, sslmode, settings }));
    Ok(Some(desired))
}

/// Whether its source is at other addresses than those that pods may go to. One that isn't found, or may not be gone to any more, has
/// moved nowhere.
pub(super) async fn has_moved(control: &Control, row: &Row) -> Result<bool, StepError> {
    let (Some(stored), Some((source, _))) = (&row.source, opened(control, row)?) else { return Ok(false) };
    Ok(addresses(control, row, &source).await.is_ok_and(|at| at != stored.addresses))
}

/// Notes where pods may go now, once that is so.
pub(super) async fn note_addresses(control: &Control, row: &Row, desired: &Desired) -> Result<(), StepError> {
    let (Some(stored), Some(follows)) = (&row.source, desired.origin.follows()) else { return Ok(()) };
    if follows.at != stored.addresses {
        let mut connection = control.pool.acquire().await?;
        stored::note_addresses(&mut connection, (row.workspace, row.id), &follows.at).await?;
    }
    Ok(())
}

/// Where a source and its archive are. Where nobody can say, they are where they were.
async fn addresses(control: &Control, row: &Row, source: &Source) -> Result<Vec<SocketAddr>, StepError> {
    let before = row.source.as_ref().map(|stored| stored.addresses.clone()).unwrap_or_default();
    let found = async {
        let mut at = control.outbound.resolve(source.host.as_str(), source.port.number()).await?;
        if let Some(archive) = &source.archive {
            at.extend(archive::addresses(&control.outbound, archive).await?);
        }
        Ok(at)
    };
    let mut at = match found.await {
        Err(OutboundError::Unknown(_)) if !before.is_empty() => return Ok(before),
        Err(error) => return Err(not_reached(source, &SourceError::Outbound(error)).into()),
        Ok(at) => at,
    };
    at.sort_unstable();
    at.dedup();
    Ok(at)
}

fn not_reached(source: &Source, error: &SourceError) -> PortError {
    PortError::retry(format!("Its source {}:{} can't be used: {error}", source.host.as_str(), source.port.number()))
}

/// The source with its secrets, and how it was reached before.
fn opened(control: &Control, row: &Row) -> Result<Option<(Source, Option<SslMode>)>, Error> {
    let Some(stored) = &row.source else { return Ok(None) };
    let source = stored.open(&control.sealer, row.workspace, &row.name)?;
    Ok(source.map(|source| (source, stored.sslmode)))
}

/// How its owner signs in.
pub(super) fn credentials(control: &Control, row: &Row) -> Result<SignIn, Error> {
    let Desired { service, database, password, .. } = row.desired(&control.sealer)?;
    Ok(SignIn {
        host: control.runtime.host(&service),
        service,
        port: row.port.unwrap_or(Port::POSTGRES.number()),
        database,
        password,
    })
}
