//! Leases: who works on a task, and how long. Taking one also pushes the next attempt out, so that a worker which
//! dies needs no cleaning up.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use super::row::Memo;
use super::state;
use crate::error::Error;

/// How long a worker holds a task without a word; it renews every third of that.
pub const LEASE: Duration = Duration::from_secs(15);
/// First wait after a failure; doubled with every further one.
const BACKOFF_FIRST: f64 = 0.5;
/// Longest wait between two attempts.
const BACKOFF_MOST: f64 = 30.0;
/// How long one piece of work may take before it shows as failing: a download of programs included.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// The right to work on a service until somebody else has it. A write with an older fence changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub service: Uuid,
    pub fence: i64,
}

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// The holder goes on at once.
    GoOn,
    /// The lease ends; the next attempt is when taking it said: later with every failure.
    Backoff,
    /// The lease ends; the next attempt is so much later.
    After(Duration),
}

/// What a worker writes at the end of a step.
#[derive(Clone, Debug)]
pub struct Transition<'a> {
    pub step: &'a str,
    pub memo: &'a Memo,
    /// Of the row that the step worked on; an older one loses.
    pub generation: i64,
    pub then: Then,
    pub error: Option<&'a str>,
    /// The work is done: there is no deadline any more, and attempts are counted anew.
    pub settled: bool,
}

/// Takes the task that has waited longest, where one is due.
pub async fn take(pool: &PgPool) -> Result<Option<Lease>, Error> {
    let taken = sqlx::query!(
        "update tasks
         set fence = fence + 1, attempt = attempt + 1,
             lease_until = now() + make_interval(secs => $1),
             run_at = now() + make_interval(secs => least($2 * 2 ^ least(attempt, 16), $3) * (0.75 + random() / 2))
         where service_id = (
             select service_id from tasks
             where run_at <= now() and (lease_until is null or lease_until < now())
             order by run_at limit 1
             for update skip locked)
         returning service_id, fence",
        LEASE.as_secs_f64(),
        BACKOFF_FIRST,
        BACKOFF_MOST
    )
    .fetch_optional(pool)
    .await?;
    Ok(taken.map(|t| Lease { service: t.service_id, fence: t.fence }))
}

/// When the next task is due, from now.
pub async fn next_due(pool: &PgPool) -> Result<Option<Duration>, Error> {
    let due = sqlx::query_scalar!(
        r#"select extract(epoch from min(greatest(run_at, lease_until)) - now())::float8
           from tasks where run_at < now() + interval '1 minute'"#
    )
    .fetch_one(pool)
    .await?;
    Ok(due.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
}

impl Lease {
    /// Holds on for another while. False: somebody else has it, or the service is gone.
    pub async fn renew(&self, pool: &PgPool) -> Result<bool, Error> {
        let renewed = sqlx::query!(
            "update tasks set lease_until = now() + make_interval(secs => $3) where service_id = $1 and fence = $2",
            self.service,
            self.fence,
            LEASE.as_secs_f64()
        )
        .execute(pool)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Gives the task back, to be taken again at once.
    pub async fn release(&self, pool: &PgPool) -> Result<(), Error> {
        sqlx::query!(
            "update tasks set lease_until = null, run_at = least(run_at, now()) where service_id = $1 and fence = $2",
            self.service,
            self.fence
        )
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Writes how a step ended and what the state is now. False: a newer wish or a newer holder is there.
    ///
    pub async fn advance(
        &self,
        connection: &mut sqlx::PgConnection,
        transition: &Transition<'_>,
    ) -> Result<bool, Error> {
        let after = match transition.then {
            Then::After(wait) => Some(wait.as_secs_f64()),
            Then::GoOn | Then::Backoff => None,
        };
        let memo = serde_json::to_value(transition.memo).map_err(|_| Error::Unexpected("tasks.memo"))?;
        let written = sqlx::query!(
            "update tasks
             set step = $4, memo = $5, last_error = $6,
                 attempt = case when $7 then 0 else attempt end,
                 deadline_at = case when $7 then null else deadline_at end,
                 lease_until = case when $8 then lease_until end,
                 run_at = coalesce(now() + make_interval(secs => $9::float8), run_at)
             where service_id = $1 and fence = $2 and generation = $3",
            self.service,
            self.fence,
            transition.generation,
            transition.step,
            memo,
            transition.error,
            transition.settled,
            transition.then == Then::GoOn,
            after
        )
        .execute(&mut *connection)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        state::refresh(connection, self.service).await?;
        Ok(true)
    }
}
