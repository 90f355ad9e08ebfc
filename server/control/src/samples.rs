//! Measurements of services over time: taken every half minute, kept for a day.

use std::time::Duration;

use contract::Caller;
use contract::metrics::{MetricPoint, Metrics, Span};
use contract::permission::Permission;
use contract::values::Port;
use futures::StreamExt as _;
use sqlx::PgPool;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Control;
use crate::error::Error;
use crate::port::{Measurement, ServiceName, ServiceRef, SignIn};
use crate::reconcile::row::password_place;
use crate::services::entity;

/// Between two measurements of a service.
const EVERY: Duration = Duration::from_secs(30);
/// Services measured at once.
const AT_ONCE: usize = 4;
/// Two measurements further apart than this say nothing of the rate in between, in seconds.
const APART: f64 = 90.0;

/// Measures every service that serves, until it is told to stop. Several consoles on one store share the work: a slot
/// of time is written once.
pub async fn run(control: Control, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // the first one comes at once; a console that starts has better things to do
    ticks.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = measure_all(&control).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "services could not be measured");
        }
    }
}

/// One measurement of each service that serves.
///
/// # Errors
/// The store is away.
pub async fn measure_all(control: &Control) -> Result<(), Error> {
    let services = sqlx::query!(
        r#"select id, workspace_id, name, port, sealed_password as "sealed_password!",
                (select r.database from replicas r
                 where r.service_id = services.id and r.workspace_id = services.workspace_id) as database
         from services
         where service_type = 'postgres' and state in ('healthy', 'degraded') and not deleting
           and not exists (select 1 from sources x where x.service_id = services.id and x.promote_at is null)"#
    )
    .fetch_all(&control.pool)
    .await?;
    let measured = futures::stream::iter(services).map(async |service| {
        let name = ServiceName::parse(&service.name).ok_or(Error::Unexpected("services.name"))?;
        let password = control.sealer.open(password_place(service.workspace_id, &name), &service.sealed_password);
        let Ok(password) = password else {
            tracing::warn!(%name, "a service isn't measured: its password can't be opened");
            return Ok(());
        };
        let port = service.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(Port::POSTGRES.number());
        let database = service.database.unwrap_or_else(|| name.database());
        let at = ServiceRef { workspace: service.workspace_id, name };
        let at = SignIn { host: control.runtime.host(&at), port, service: at, database, password };
        match control.runtime.measure(&at).await {
            Ok(Some(found)) => write(&control.pool, service.workspace_id, service.id, &found).await?,
            Ok(None) => {}
            Err(error) => tracing::debug!(service = %at.service, %error, "a service could not be measured"),
        }
        Ok::<_, Error>(())
    });
    let mut measured = std::pin::pin!(measured.buffer_unordered(AT_ONCE));
    while let Some(done) = measured.next().await {
        done?;
    }
    Ok(())
}

async fn write(pool: &PgPool, workspace: Uuid, service: Uuid, found: &Measurement) -> Result<(), Error> {
    sqlx::query!(
        "insert into samples (service_id, workspace_id, slot, connections, max_connections, transactions, blocks_hit,
                              blocks_read, size, wal, cpu_ms, memory)
         select id, workspace_id, date_bin(make_interval(secs => $12), now(), timestamptz 'epoch'),
                $3, $4, $5, $6, $7, $8, $9, $10, $11
         from services where id = $1 and workspace_id = $2
         on conflict do nothing",
        service,
        workspace,
        found.connections,
        found.max_connections,
        found.transactions,
        found.blocks_hit,
        found.blocks_read,
        found.size,
        found.wal,
        found.cpu_ms,
        found.memory,
        EVERY.as_secs_f64()
    )
    .execute(pool)
    .await?;
    Ok(())
}

impl Control {
    /// services:view. Means over the steps of a span; what a counter lost by beginning anew is left out.
    pub(crate) async fn service_metrics(&self, who: &Caller, id: &str, span: Span) -> Result<Metrics, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let service = entity::reachable(&mut connection, who, id).await?.id;
        let points = sqlx::query_as!(
            MetricPoint,
            r#"with looks as (
                 select at, connections, max_connections, size, memory,
                        extract(epoch from at - lag(at) over time)::float8 as secs,
                        transactions - lag(transactions) over time as transactions,
                        blocks_hit - lag(blocks_hit) over time as hit,
                        blocks_read - lag(blocks_read) over time as read,
                        wal - lag(wal) over time as wal,
                        cpu_ms - lag(cpu_ms) over time as cpu_ms
                 from samples
                 where service_id = $1 and workspace_id = $2
                   and at > now() - make_interval(secs => $3::float8 + $5::float8)
                 window time as (order by at)
               ), known as (
                 select *, secs <= $5::float8 and least(transactions, hit, read, wal, cpu_ms) >= 0 as rates from looks
               )
               select date_bin(make_interval(secs => $4::float8), at, timestamptz 'epoch') as "at!",
                      avg(connections)::float8 as "connections!",
                      max(max_connections)::float8 as "connections_max!",
                      (sum(transactions) filter (where rates))::float8 / sum(secs) filter (where rates) as transactions,
                      (sum(hit) filter (where rates))::float8 / nullif(sum(hit + read) filter (where rates), 0)::float8
                        as cache_hits,
                      avg(size)::float8 as "size!",
                      (sum(wal) filter (where rates))::float8 / sum(secs) filter (where rates) as wal,
                      (sum(cpu_ms) filter (where rates))::float8 / 1000 / sum(secs) filter (where rates) as cpu,
                      avg(memory)::float8 as "memory!"
               from known
               where at > now() - make_interval(secs => $3::float8)
               group by 1 order by 1"#,
            service,
            who.workspace_id,
            f64::from(span.seconds()),
            f64::from(span.step()),
            APART
        )
        .fetch_all(&mut *connection)
        .await?;
        let to = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&mut *connection).await?;
        Ok(Metrics { from: to - time::Duration::seconds(span.seconds().into()), to, points })
    }
}
