//! The durable reconciler: takes tasks by lease and drives each service to what is wanted.
//!
//! Notifications, hints of the runtime and a timer only wake it; what it does comes from rows and from what it
//! observes. A worker may die at any point: its lease runs out, and somebody else repeats the step.

pub mod derive;
pub mod fail_points;
pub mod lease;
pub mod row;
mod serving;
pub mod state;
mod steps;
pub mod timeline;
pub mod variables;
mod volumes;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use contract::spec::ServiceType;
use futures::StreamExt;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::lease::{LEASE, Lease, Then, Transition};
use self::row::Row;
pub(crate) use self::serving::remembered;
pub use self::steps::Step;
use self::steps::{Next, StepError};
use crate::Control;
use crate::error::Error;
use crate::port::{PortError, Removal, ServiceName, ServiceRef};

/// Services worked on at once by one console. Starting a server keeps a core busy for a moment.
const WORKERS: usize = 8;
/// Between two looks at the tasks where nothing wakes the reconciler.
const TIMER: Duration = Duration::from_secs(5);
/// Between two looks at a service that is as wanted.
const WATCH: Duration = Duration::from_secs(30);
/// A refusal is tried again when somebody asks; this is only so that the task isn't forgotten.
const REFUSED: Duration = Duration::from_secs(24 * 3600);
/// Between two attempts at work while the runtime is away: it says at once that it still is, and what is begun goes on soon after
/// its return. What is only watched is hinted at then.
const AWAY: Duration = Duration::from_secs(3);
/// What is said while a service that broke by itself is being mended.
const BROKE: &str = "It stopped without being asked to, and is being started again";
/// Steps done under one lease at most; a task that needs more waits its turn.
const STEPS: usize = 64;

/// Wakes the reconciler of this console.
#[derive(Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Runs until it is told to stop, and then until the steps at hand have ended.
pub async fn run(control: Control, waker: Waker, stop: CancellationToken) {
    if let Err(error) = look_at_everything(&control.pool).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "services are looked at when their time comes");
    }
    let tracker = TaskTracker::new();
    tracker.spawn(follow_hints(control.clone(), waker.clone(), stop.clone()));
    let slots = Arc::new(Semaphore::new(WORKERS));
    while !stop.is_cancelled() {
        let pause = match fill(&control, &slots, &tracker, &waker, &stop).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "tasks could not be taken");
                TIMER
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = waker.0.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    tracker.close();
    tracker.wait().await;
}

/// After a start of this console nobody knows what happened meanwhile: every service is looked at soon.
async fn look_at_everything(pool: &sqlx::PgPool) -> Result<(), Error> {
    sqlx::query!(
        "update tasks set run_at = now() where step = 'watch' and run_at between now() and now() + interval '1 hour'"
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes what is due, as long as there are slots; answers how long to pause.
async fn fill(
    control: &Control,
    slots: &Arc<Semaphore>,
    tracker: &TaskTracker,
    waker: &Waker,
    stop: &CancellationToken,
) -> Result<Duration, Error> {
    loop {
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else { return Ok(TIMER) };
        let Some(lease) = lease::take(&control.pool).await? else { break };
        let (control, waker, stop) = (control.clone(), waker.clone(), stop.clone());
        tracker.spawn(async move {
            work(&control, lease, &stop).await;
            drop(slot);
            waker.wake();
        });
    }
    Ok(lease::next_due(&control.pool).await?.unwrap_or(TIMER).min(TIMER))
}

/// How the task stands after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    GoOn,
    /// The lease has ended as it should.
    Ended,
    /// Somebody else has it, or the service is gone.
    Lost,
}

/// Works on one service until it has to wait, and holds the lease meanwhile.
async fn work(control: &Control, lease: Lease, stop: &CancellationToken) {
    let span = tracing::info_span!("task", service = %lease.service, fence = lease.fence);
    let service = OnceLock::new();
    let work = async {
        lease.show(&control.pool).await?;
        for _ in 0..STEPS {
            // also before the first: the lease may have been taken while the end was asked for
            if stop.is_cancelled() {
                break;
            }
            match once(control, lease, &service).await? {
                Turn::GoOn => {}
                ended => return Ok(ended),
            }
        }
        lease.release(&control.pool).await?;
        Ok::<_, Error>(Turn::Ended)
    };
    let work = tracing::Instrument::instrument(work, span);
    let turn = tokio::select! {
        turn = work => turn,
        () = hold(control, lease) => Ok(Turn::Lost),
    };
    let done = match (turn, service.get()) {
        (Ok(Turn::Lost), Some(service)) => undo(control, lease, service, stop).await,
        (turn, _) => turn.map(drop),
    };
    if let Err(error) = done {
        tracing::warn!(service = %lease.service, error = &error as &dyn std::error::Error, "a task could not go on");
    }
}

/// A console that was paused for longer than its lease may make, on waking, what somebody else has removed meanwhile: the
/// runtime knows no fence. Names are given once, so that whoever lost a lease may take away what a service that is gone
/// still has.
async fn undo(
    control: &Control,
    lease: Lease,
    (service, kind): &(ServiceRef, ServiceType),
    stop: &CancellationToken,
) -> Result<(), Error> {
    tracing::warn!(%service, "the lease was lost");
    let there =
        sqlx::query_scalar!(r#"select exists (select 1 from services where id = $1) as "there!""#, lease.service);
    if there.fetch_one(&control.pool).await? {
        return Ok(());
    }
    let gone = async {
        while !matches!(steps::take_away(control, service, *kind).await, Ok(Removal::Gone)) {
            tokio::time::sleep(TIMER).await;
        }
    };
    tokio::select! {
        () = gone => {}
        () = stop.cancelled() => {}
    }
    Ok(())
}

/// Renews the lease, and shows a deadline that passes meanwhile; ends when the lease is lost.
async fn hold(control: &Control, lease: Lease) {
    let mut misses = 0;
    loop {
        tokio::time::sleep(LEASE / 3).await;
        let held = match lease.renew(&control.pool).await {
            Ok(true) => lease.show(&control.pool).await,
            lost => lost,
        };
        match held {
            Ok(true) => misses = 0,
            Ok(false) => return,
            Err(_) if misses < 1 => misses += 1,
            Err(_) => return,
        }
    }
}

/// One step. Sets what the runtime is asked about.
async fn once(control: &Control, lease: Lease, service: &OnceLock<(ServiceRef, ServiceType)>) -> Result<Turn, Error> {
    let mut connection = control.pool.acquire().await?;
    let Some(row) = Row::load(&mut connection, lease.service).await? else { return Ok(Turn::Ended) };
    drop(connection);
    service.get_or_init(|| (row.service(), row.service_type()));
    let (step, began) = (row.step, Instant::now());
    let outcome = match tokio::time::timeout(lease::DEADLINE, steps::run(control, lease, &row)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(PortError::retry("The runtime does not answer").into()),
    };
    let ok = if outcome.is_ok() { "true" } else { "false" };
    metrics::counter!("berth_steps_total", "step" => step.as_str(), "ok" => ok).increment(1);
    metrics::histogram!("berth_step_seconds", "step" => step.as_str()).record(began.elapsed());
    let mut memo = row.memo.clone();
    if let (Step::Watch, Ok(Next::Go(_))) = (step, &outcome) {
        memo.died(row.now.unix_timestamp());
    }
    let transition = match &outcome {
        Ok(Next::Gone) => return Ok(Turn::Ended),
        Ok(Next::Go(next)) if step == Step::Watch && !row.deleting => {
            let then = memo.pause().map_or(Then::GoOn, Then::After);
            Transition { error: Some(BROKE), ..transition(*next, &row, then) }
        }
        // what went wrong before stays said until it is mended
        Ok(Next::Go(next)) => Transition { error: row.last_error.as_deref(), ..transition(*next, &row, Then::GoOn) },
        Ok(Next::Wait(wait)) => transition(step, &row, Then::After(*wait)),
        Ok(Next::Settled) => {
            memo.broke = false;
            Transition { settled: true, ..transition(Step::Watch, &row, Then::After(WATCH)) }
        }
        Err(StepError::Outdated) => return still_held(control, lease).await,
        Err(StepError::Port(PortError::Retry { message, after })) => {
            tracing::warn!(name = %row.name, step = step.as_str(), attempt = row.attempt, message, "a step will be repeated");
            let then = after.map_or(Then::Backoff, Then::After);
            // a server that doesn't let us in may have died since: begin at its beginning
            let again = if step == Step::SignIn { Step::Ensure } else { step };
            Transition { error: Some(message), ..transition(again, &row, then) }
        }
        Err(StepError::Port(PortError::Away(message))) => {
            tracing::warn!(name = %row.name, step = step.as_str(), attempt = row.attempt, message, "the runtime is away");
            let then = if step == Step::Watch { Then::Backoff } else { Then::After(AWAY) };
            Transition { error: Some(message), ..transition(step, &row, then) }
        }
        Err(StepError::Port(PortError::Rejected(message))) => {
            tracing::warn!(name = %row.name, step = step.as_str(), message, "the runtime refused");
            refuse(control, lease, &row, message).await?;
            Transition { error: Some(message), settled: true, ..transition(step, &row, Then::After(REFUSED)) }
        }
        Err(StepError::Inner(error)) => {
            tracing::error!(name = %row.name, step = step.as_str(), error = error as &dyn std::error::Error, "a step failed");
            let said = "Something went wrong on our side; the log has it";
            Transition { error: Some(said), ..transition(step, &row, Then::Backoff) }
        }
    };
    let transition = Transition { memo: &memo, ..transition };
    advance(control, lease, &row, &transition).await
}

fn transition(step: Step, row: &Row, then: Then) -> Transition<'_> {
    let memo = &row.memo;
    Transition { step: step.as_str(), memo, generation: row.generation, then, error: None, settled: false }
}

async fn still_held(control: &Control, lease: Lease) -> Result<Turn, Error> {
    Ok(if lease.renew(&control.pool).await? { Turn::GoOn } else { Turn::Lost })
}

/// Writes the transition. What goes on is the next step or, where a newer wish is there, its first.
async fn advance(control: &Control, lease: Lease, row: &Row, transition: &Transition<'_>) -> Result<Turn, Error> {
    let Some(mut transaction) = lease.begin(&control.pool, Some(row.generation)).await? else {
        return still_held(control, lease).await;
    };
    lease.advance(&mut transaction, transition).await?;
    if let Some(error) = transition.error
        && timeline::waiting(&mut transaction, row.about(), error).await?
    {
        state::changed(&mut transaction, row).await?;
    }
    transaction.commit().await?;
    Ok(if transition.then == Then::GoOn { Turn::GoOn } else { Turn::Ended })
}

/// The runtime won't: the operation has failed, and nothing is tried until somebody changes something.
async fn refuse(control: &Control, lease: Lease, row: &Row, message: &str) -> Result<(), Error> {
    let Some(mut transaction) = lease.begin(&control.pool, Some(row.generation)).await? else { return Ok(()) };
    sqlx::query!(
        "update observations set rejected = true, reason = $3, observed_at = now()
         where service_id = $1 and workspace_id = $2",
        row.id,
        row.workspace,
        message
    )
    .execute(&mut *transaction)
    .await?;
    timeline::end(&mut transaction, row.about(), Some(message)).await?;
    Ok(transaction.commit().await?)
}

/// Looks at once at services that the runtime says have changed, once more at those that somebody looks at just now; what
/// failed waits for its time all the same.
async fn follow_hints(control: Control, waker: Waker, stop: CancellationToken) {
    let mut hints = control.runtime.changes();
    loop {
        let name = tokio::select! {
            () = stop.cancelled() => return,
            name = hints.next() => name,
        };
        let Some(name) = name else { return stop.cancelled().await };
        match hint(&control, &name).await {
            Ok(()) => waker.wake(),
            Err(error) => tracing::warn!(%name, error = &error as &dyn std::error::Error, "a hint was lost"),
        }
    }
}

async fn hint(control: &Control, name: &ServiceName) -> Result<(), Error> {
    let task = sqlx::query_scalar!(
        "update tasks t set run_at = least(t.run_at, now()), hinted = true from services s
         where s.id = t.service_id and s.name = $1
           and (t.step in ('watch', 'remove') or t.last_error is null) returning t.service_id",
        name.as_str()
    );
    let _: Option<Uuid> = task.fetch_optional(&control.pool).await?;
    Ok(())
}

/// Wakes the task of a service for a new wish: from the beginning, with a new deadline. Part of the wish's transaction.
pub async fn wish(connection: &mut sqlx::PgConnection, workspace: Uuid, service: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "update tasks t set step = 'ensure', generation = generation + 1, attempt = 0, run_at = now(), last_error = null,
                deadline_at = now() + make_interval(secs => $3::float8 + case
                  when not o.was_ready and (s.creation_mode = 'external_replica' or exists (
                    select 1 from replicas r where r.service_id = s.id and r.workspace_id = s.workspace_id)) then s.disk_mib / $4::int4 else 0 end),
                memo = '{}'
         from services s join observations o on o.service_id = s.id
         where t.service_id = $1 and t.workspace_id = $2 and s.id = t.service_id and s.workspace_id = t.workspace_id",
        service,
        workspace,
        lease::DEADLINE.as_secs_f64(),
        lease::COPIED.cast_signed()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update observations set rejected = false, reason = null where service_id = $1 and workspace_id = $2",
        service,
        workspace
    )
    .execute(&mut *connection)
    .await?;
    crate::store::events::wake(&mut *connection, service).await?;
    state::refresh(connection, service).await
}
