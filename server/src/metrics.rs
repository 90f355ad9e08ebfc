//! `--metrics-listen`: numbers for Prometheus, on an address of their own. Off unless it is given.
//!
//! No name of a service, project or user is ever a label: only methods, status codes, states and steps.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Seconds; a page takes milliseconds, a download of PostgreSQL some seconds.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Between two counts of services by state.
const EVERY: Duration = Duration::from_secs(15);

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    #[error("--metrics-listen {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    #[error("metrics: {0}")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
}

/// Serves `GET /metrics` until it is told to stop.
///
/// # Errors
/// The address is taken.
pub async fn serve(address: SocketAddr, pool: PgPool, stop: CancellationToken) -> Result<(), MetricsError> {
    let listener = TcpListener::bind(address).await.map_err(|e| MetricsError::Listen(address, e))?;
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS)?
        .install_recorder()?;
    tokio::spawn(upkeep(recorder.clone(), pool, stop.clone()));
    let router = Router::new().route("/metrics", get(move || std::future::ready(recorder.render())));
    tracing::info!("metrics on http://{address}/metrics");
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::warn!(%error, "the listener of the metrics failed");
        }
    });
    Ok(())
}

async fn upkeep(recorder: PrometheusHandle, pool: PgPool, stop: CancellationToken) {
    loop {
        match control::store::services_by_state(&pool).await {
            Ok(counts) => {
                for (state, count) in counts {
                    metrics::gauge!("berth_services", "state" => state.as_str()).set(count as f64);
                }
            }
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "services were not counted"),
        }
        recorder.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
