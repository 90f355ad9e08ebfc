//! Leases: who works on a task, and how long. Taking one also pushes the next attempt out, so that a worker which
//! dies needs no cleaning up.

use std::time::Duration;

use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::row::Memo;
use super::state;
use crate::error::Error;

/// How long a worker holds a task without a word; it renews every third of that. So long nothing happens to a service
/// whose console died in the middle of a step.
pub const LEASE: Duration = Duration::from_secs(5);
/// First wait after a failure; doubled with every further one.
const BACKOFF_FIRST: f64 = 0.5;
/// Longest wait between two attempts.
const BACKOFF_MOST: f64 = 30.0;
/// How long one piece of work may take before it shows as failing: a download of programs included.
pub const DEADLINE: Duration = Duration::from_secs(300);
/// MiB of its disk that a replica of an external server is given a second more for, until it has been made: the slowest copy over a
/// network that isn't stuck.
pub const COPIED: u32 = 10;

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
    /// The lease ends; the next attempt is so much later, or at once where a hint came meanwhile and nothing is wrong.
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
         set fence = fence + 1, attempt = attempt + 1, hinted = false,
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
    /// Holds on for another while. False: somebody else has it, it was given back meanwhile, or the service is gone.
    pub async fn renew(&self, pool: &PgPool) -> Result<bool, Error> {
        let renewed = sqlx::query!(
            "update tasks set lease_until = now() + make_interval(secs => $3)
             where service_id = $1 and fence = $2 and lease_until is not null",
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

    /// Begins to write about the service: until it ends neither a wish nor another worker does. Locks the service
    /// first and then its task, as the use cases do, so that nobody waits for somebody who waits for him.
    ///
    /// `None`: a newer holder or, where a generation is given, a newer wish is there; what this holder saw is worth
    /// nothing.
    pub async fn begin(
        &self,
        pool: &PgPool,
        generation: Option<i64>,
    ) -> Result<Option<Transaction<'static, Postgres>>, Error> {
        let mut transaction = pool.begin().await?;
        sqlx::query!("select id from services where id = $1 for no key update", self.service)
            .fetch_optional(&mut *transaction)
            .await?;
        let held = sqlx::query!(
            "select fence from tasks
             where service_id = $1 and fence = $2 and ($3::bigint is null or generation = $3) for update",
            self.service,
            self.fence,
            generation
        );
        let held = held.fetch_optional(&mut *transaction).await?;
        Ok(held.map(|_| transaction))
    }

    /// Shows what has changed by the mere passing of time. False: somebody else has it, or the service is gone.
    pub async fn show(&self, pool: &PgPool) -> Result<bool, Error> {
        let Some(mut transaction) = self.begin(pool, None).await? else { return Ok(false) };
        state::refresh(&mut transaction, self.service).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Writes how a step ended and what the state is now. Part of a transaction of [`Self::begin`].
    pub async fn advance(&self, connection: &mut sqlx::PgConnection, transition: &Transition<'_>) -> Result<(), Error> {
        let after = match transition.then {
            Then::After(wait) => Some(wait.as_secs_f64()),
            Then::GoOn | Then::Backoff => None,
        };
        let memo = serde_json::to_value(transition.memo).map_err(|_| Error::Unexpected("tasks.memo"))?;
        sqlx::query!(
            "update tasks
             set step = $4, memo = $5, last_error = $6,
                 attempt = case when $7 then 0 when $9::float8 is not null and $6::text is null then least(attempt, 1)
                           else attempt end,
                 deadline_at = case when $7 then null else deadline_at end,
                 lease_until = case when $8 then lease_until end,
                 run_at = case when hinted and $9::float8 is not null and $6::text is null then now()
                          else coalesce(now() + make_interval(secs => $9::float8), run_at) end
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
        state::refresh(connection, self.service).await
    }
}
