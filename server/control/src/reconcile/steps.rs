//! The steps. Each takes no input but its row and what it observes, and may run twice.

use std::time::Duration;

use contract::connection::Address;
use contract::event::EventKind;
use contract::spec::ServiceType;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::fail_points::{Break, Point};
use super::lease::Lease;
use super::row::Row;
use super::timeline::{self, Step as Shown};
use super::{serving, state, variables, volumes};
use crate::Control;
use crate::error::Error;
use crate::port::{Observed, Phase, PortError, Power, Removal, ServiceRef, SignIn};
use crate::store::events::{self, Change};

/// A step of the reconciler, as it stands in `tasks.step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Bring the runtime to what is wanted.
    Ensure,
    /// Sign in with the credentials that the API returns.
    SignIn,
    /// Write the project's variables, and be done.
    Variables,
    /// Nothing to do but look, now and then.
    Watch,
    /// Take everything away.
    Remove,
}

impl Step {
    pub const ALL: [Step; 5] = [Self::Ensure, Self::SignIn, Self::Variables, Self::Watch, Self::Remove];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ensure => "ensure",
            Self::SignIn => "sign_in",
            Self::Variables => "variables",
            Self::Watch => "watch",
            Self::Remove => "remove",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    Go(Step),
    /// The same step again, so much later.
    Wait(Duration),
    /// All is as wanted; look again in a while.
    Settled,
    /// The service and its rows are gone.
    Gone,
}

/// Why a step ended without a next one.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Inner(#[from] Error),
    /// A newer wish or a newer holder is there: what was seen is not written.
    #[error("somebody else has the task, or wants something else of it")]
    Outdated,
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Inner(error.into())
    }
}

/// Between two looks at work that the runtime does by itself.
pub(super) const PACE: Duration = Duration::from_millis(500);

/// Does the step that a row is at.
pub async fn run(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    pass(control, row, Point::Before).await?;
    let next = carry_out(control, lease, row).await?;
    pass(control, row, Point::After).await?;
    Ok(next)
}

/// A place that a test may break into.
async fn pass(control: &Control, row: &Row, point: Point) -> Result<(), StepError> {
    match control.fail_points.pass(row.step, point) {
        None => Ok(()),
        Some(Break::Repeat) => Err(StepError::Outdated),
        Some(Break::Fail) => Err(PortError::retry("a test has broken in").into()),
        Some(Break::Hang) => std::future::pending().await,
    }
}

async fn carry_out(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    let leaves = row.step == Step::Remove;
    if row.deleting && !leaves {
        return Ok(Next::Go(Step::Remove));
    }
    if let Some(volume) = row.volume().filter(|_| !leaves) {
        return volumes::ensure(control, lease, row, &volume).await;
    }
    match row.step {
        Step::Ensure => ensure(control, lease, row).await,
        Step::SignIn => sign_in(control, lease, row).await,
        Step::Variables => write_variables(control, lease, row).await,
        Step::Watch => watch(control, lease, row).await,
        Step::Remove => remove(control, lease, row).await,
    }
}

/// Begins to write what a step saw or did.
pub(super) async fn begin(
    control: &Control,
    lease: Lease,
    row: &Row,
) -> Result<Transaction<'static, Postgres>, StepError> {
    pass(control, row, Point::Between).await?;
    lease.begin(&control.pool, Some(row.generation)).await?.ok_or(StepError::Outdated)
}

async fn ensure(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    if row.restart {
        restart(control, lease, row).await?;
    }
    let desired = serving::desired(control, row).await?;
    let observed = control.runtime.ensure(&desired).await?;
    serving::note_addresses(control, row, &desired).await?;
    // what broke by itself serves again for whoever can sign in, however much of it is still to be mended
    let back = row.memo.broke && !row.signed_in && observed.phase == Phase::Running && observed.primary.is_some();
    let serves_again = back && serving::serve(control, row).await.is_ok();
    let mut transaction = begin(control, lease, row).await?;
    if observed.phase == Phase::Ready || serves_again {
        note_primary(&mut transaction, row, &observed).await?;
    }
    if serves_again {
        note_sign_in(&mut transaction, row).await?;
    }
    observe(&mut transaction, row, &observed).await?;
    for shown in passed(row.power, observed.phase) {
        let detail = observed.detail.as_deref().filter(|_| Some(shown.key) == newest(observed.phase));
        if timeline::reached(&mut transaction, row.about(), *shown, detail).await? {
            state::changed(&mut transaction, row).await?;
        }
    }
    if let Some(detail) = waits_for(&observed)
        && timeline::waiting(&mut transaction, row.about(), detail).await?
    {
        state::changed(&mut transaction, row).await?;
    }
    let next = match (row.power, observed.phase) {
        (_, Phase::Lost) => {
            timeline::end(&mut transaction, row.about(), Some("Its storage is gone")).await?;
            Next::Settled
        }
        (Power::Stopped, Phase::Stopped) => Next::Go(Step::Variables),
        (Power::Running, Phase::Ready) => Next::Go(Step::SignIn),
        (_, phase) if phase != row.phase => Next::Go(Step::Ensure),
        _ => Next::Wait(PACE),
    };
    transaction.commit().await?;
    Ok(next)
}

async fn restart(control: &Control, lease: Lease, row: &Row) -> Result<(), StepError> {
    let observed = control.runtime.restart(&serving::credentials(control, row)?).await?;
    let mut transaction = begin(control, lease, row).await?;
    sqlx::query!(
        "delete from signals where service_id = $1 and workspace_id = $2 and kind = 'restart'",
        row.id,
        row.workspace
    )
    .execute(&mut *transaction)
    .await?;
    observe(&mut transaction, row, &observed).await?;
    if timeline::reached(&mut transaction, row.about(), timeline::STOP, None).await? {
        state::changed(&mut transaction, row).await?;
    }
    Ok(transaction.commit().await?)
}

/// The steps that people see as done once a phase is reached.
fn passed(power: Power, phase: Phase) -> &'static [Shown] {
    match (power, phase) {
        (Power::Stopped, Phase::Stopped) => &[timeline::PREPARE, timeline::STOP],
        (_, Phase::Stopped | Phase::Starting) => &[timeline::PREPARE],
        (_, Phase::Running) => &[timeline::PREPARE, timeline::START],
        (_, Phase::Ready) => &[timeline::PREPARE, timeline::START, timeline::CONFIGURE],
        _ => &[],
    }
}

/// The key of the step that a phase's detail is about, where it is about one that is done.
fn newest(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Running => Some(timeline::START.key),
        Phase::Ready => Some(timeline::CONFIGURE.key),
        Phase::Stopped => Some(timeline::PREPARE.key),
        _ => None,
    }
}

/// What the runtime is doing by itself, in its words.
pub(super) fn waits_for(observed: &Observed) -> Option<&str> {
    observed.detail.as_deref().filter(|_| matches!(observed.phase, Phase::Preparing | Phase::Starting))
}

async fn sign_in(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    let served = serving::serve(control, row).await?;
    let mut transaction = begin(control, lease, row).await?;
    sqlx::query!(
        "update observations
         set signed_in = true, reason = null, server_version = coalesce($3, server_version),
             degraded = case when $5 then $4 else degraded end, observed_at = now(), broke_at = null
         where service_id = $1 and workspace_id = $2",
        row.id,
        row.workspace,
        served.version,
        served.degraded,
        row.follows()
    )
    .execute(&mut *transaction)
    .await?;
    if timeline::reached(&mut transaction, row.about(), timeline::SIGN_IN, Some(&served.words)).await? {
        state::changed(&mut transaction, row).await?;
    }
    transaction.commit().await?;
    Ok(Next::Go(Step::Variables))
}

async fn write_variables(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    let at = serving::credentials(control, row)?;
    let address = address(&at);
    let mut transaction = begin(control, lease, row).await?;
    let written = variables::reconcile(&mut transaction, &control.sealer, row, &address, &at.password).await?;
    timeline::reached(&mut transaction, row.about(), timeline::VARIABLES, Some(&written.words())).await?;
    timeline::end(&mut transaction, row.about(), None).await?;
    // whoever sees it healthy for the first time sees its variables and the end of the operation with it
    sqlx::query!(
        "with mended as (update tasks set last_error = null where service_id = $1 and workspace_id = $2)
         update observations set was_ready = was_ready or signed_in where service_id = $1 and workspace_id = $2",
        row.id,
        row.workspace
    )
    .execute(&mut *transaction)
    .await?;
    state::refresh(&mut transaction, row.id).await?;
    state::changed(&mut transaction, row).await?;
    transaction.commit().await?;
    Ok(Next::Settled)
}

/// Looks whether what should be there still is.
async fn watch(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    let observed = control.runtime.observe(&row.service()).await?;
    let as_wanted = match row.power {
        _ if row.phase == Phase::Lost => true,
        Power::Stopped => observed.phase == Phase::Stopped,
        Power::Running => observed.phase == Phase::Running,
    };
    if as_wanted && row.power == Power::Running && row.phase != Phase::Lost {
        // it is only healthy while its own credentials open it
        let moved = serving::has_moved(control, row).await?.then_some("its source has moved");
        if let Some(why) = observed.missing.as_deref().or(moved) {
            tracing::info!(name = %row.name, why, "what it is made of is made anew");
            let desired = serving::desired(control, row).await?;
            match control.runtime.ensure(&desired).await {
                Ok(_) => serving::note_addresses(control, row, &desired).await?,
                Err(error) => tracing::warn!(name = %row.name, why, %error, "what it is made of can't be made anew"),
            }
        }
        let (degraded, refused) = match serving::serve(control, row).await {
            Ok(served) => (observed.degraded.clone().or(served.degraded), None),
            // what was known last stays, with its age
            Err(error @ (StepError::Port(PortError::Away(_)) | StepError::Inner(_) | StepError::Outdated)) => {
                return Err(error);
            }
            Err(StepError::Port(error)) => (None, Some(error.to_string())),
        };
        let mut transaction = begin(control, lease, row).await?;
        if refused.is_none() {
            note_primary(&mut transaction, row, &observed).await?;
        }
        sqlx::query!(
            "update observations
             set signed_in = $3, reason = $4, degraded = $5, observed_at = now(),
                 broke_at = case when $3 then null else coalesce(broke_at, now()) end
             where service_id = $1 and workspace_id = $2",
            row.id,
            row.workspace,
            refused.is_none(),
            refused.as_ref().or(observed.detail.as_ref()),
            degraded
        )
        .execute(&mut *transaction)
        .await?;
        state::refresh(&mut transaction, row.id).await?;
        transaction.commit().await?;
        return Ok(if refused.is_none() { Next::Settled } else { Next::Go(Step::Ensure) });
    }
    let mut transaction = begin(control, lease, row).await?;
    if as_wanted {
        sqlx::query!(
            "update observations set observed_at = now() where service_id = $1 and workspace_id = $2",
            row.id,
            row.workspace
        )
        .execute(&mut *transaction)
        .await?;
    } else {
        observe(&mut transaction, row, &observed).await?;
    }
    transaction.commit().await?;
    Ok(if as_wanted { Next::Settled } else { Next::Go(Step::Ensure) })
}

/// Removes what a runtime has of a service.
pub(super) async fn take_away(
    control: &Control,
    service: &ServiceRef,
    kind: ServiceType,
) -> Result<Removal, PortError> {
    match kind {
        ServiceType::Postgres => control.runtime.delete(service).await,
        ServiceType::SharedStorage => volumes::of(control)?.delete(service).await,
    }
}

async fn remove(control: &Control, lease: Lease, row: &Row) -> Result<Next, StepError> {
    if has_replicas(control, row).await?
        || take_away(control, &row.service(), row.service_type()).await? == Removal::Pending
    {
        return Ok(Next::Wait(PACE));
    }
    let mut transaction = begin(control, lease, row).await?;
    let vars = sqlx::query!("delete from vars where workspace_id = $1 and service_id = $2", row.workspace, row.id);
    let vars = vars.execute(&mut *transaction).await?.rows_affected();
    state::changed(&mut transaction, row).await?;
    let touched = [(EventKind::Resource, row.resource), (EventKind::Project, row.project)];
    let touched = touched.into_iter().filter(|(kind, _)| *kind == EventKind::Resource || vars > 0);
    let change = |(kind, id)| Change { workspace: row.workspace, kind, id, project: Some(row.project) };
    let changes: Vec<_> = touched.map(change).collect();
    events::emit(&mut transaction, &changes).await?;
    sqlx::query!("delete from services where workspace_id = $1 and id = $2", row.workspace, row.id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Next::Gone)
}

/// They were told to go with it, and go before it.
async fn has_replicas(control: &Control, row: &Row) -> Result<bool, Error> {
    let replicas = sqlx::query_scalar!(
        r#"select exists (select 1 from replicas where workspace_id = $1 and primary_id = $2) as "exists!""#,
        row.workspace,
        row.id
    );
    Ok(replicas.fetch_one(&control.pool).await?)
}

/// Writes down what was seen, and the state that follows from it: no transaction ends with a service that is healthy and
/// lets nobody in. Whoever isn't running isn't signed in.
pub(super) async fn observe(connection: &mut PgConnection, row: &Row, observed: &Observed) -> Result<(), Error> {
    // what a finished step found stands in the timeline; here stands what is waited for, or what is wrong
    let reason = waits_for(observed);
    let serving = observed.phase >= Phase::Running && observed.phase != Phase::Lost;
    sqlx::query!(
        "update observations
         set phase = $3, reason = $4, signed_in = signed_in and $5, degraded = case when $11 then coalesce($10, degraded) else $10 end, rejected = false, observed_at = now(),
             broke_at = case when $9 and not $5 then coalesce(broke_at, now()) else broke_at end,
             outside_host = case when $6 then $7 else outside_host end,
             outside_port = case when $6 then $8 else outside_port end
         where service_id = $1 and workspace_id = $2",
        row.id,
        row.workspace,
        observed.phase.as_str(),
        reason,
        serving,
        observed.phase == Phase::Ready,
        observed.outside.as_ref().map(|outside| &outside.host),
        observed.outside.as_ref().map(|outside| i32::from(outside.port)),
        row.was_ready && row.power == Power::Running,
        observed.degraded,
        // what is wrong with its link isn't the runtime's to say
        row.follows()
    )
    .execute(&mut *connection)
    .await?;
    state::refresh(connection, row.id).await
}

/// Notes that another server takes writes now, and for how long nobody could sign in. Comes before that is over: with the
/// sign-in, or with what the runtime signed in for itself.
async fn note_primary(connection: &mut PgConnection, row: &Row, observed: &Observed) -> Result<(), Error> {
    let Some(primary) = &observed.primary else { return Ok(()) };
    sqlx::query!(
        "insert into primary_changes (id, workspace_id, service_id, from_name, to_name, ms)
         select $3, workspace_id, service_id, primary_name, $4, (extract(epoch from now() - broke_at) * 1000)::bigint
         from observations where service_id = $1 and workspace_id = $2 and primary_name <> $4",
        row.id,
        row.workspace,
        Uuid::now_v7(),
        primary
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update observations set primary_name = $3 where service_id = $1 and workspace_id = $2 and primary_name is distinct from $3",
        row.id,
        row.workspace,
        primary
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Somebody could sign in again.
async fn note_sign_in(connection: &mut PgConnection, row: &Row) -> Result<(), Error> {
    sqlx::query!(
        "update observations set signed_in = true, broke_at = null where service_id = $1 and workspace_id = $2",
        row.id,
        row.workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn address(at: &SignIn) -> Address {
    Address { host: at.host.clone(), port: at.port, database: at.database.clone(), username: at.database.clone() }
}
