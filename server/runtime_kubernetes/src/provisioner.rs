//! The port.

use std::ops::RangeInclusive;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use contract::Capabilities;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::preview::Preview;
use contract::replication::Lsn;
use contract::values::Secret;
use control::port::{
    Desired, Following, Measurement, Observed, Phase, PortError, Power, Provisioner, Publication, Removal, ServiceName,
    ServiceRef, SignIn, SignedIn, Volumes,
};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{LogParams, Patch, PatchParams};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;

use crate::answers::{failed, is};
use crate::cluster::Cluster;
use crate::session::{ask, refused};
use crate::wanted::{RESTARTED_AT, RESTARTED_FROM};
use crate::{KubernetesRuntime, names, phases};

/// The container of a pod that PostgreSQL runs in.
pub(crate) const CONTAINER: &str = "postgres";
/// Lines of an instance's log that are searched, and where nothing is looked for: the instance manager logs, too.
const LOG_LINES: i64 = 20_000;
const NEWEST_LINES: i64 = 4_000;
/// How long somebody waits for his turn to read one.
const LOG_WAIT: Duration = Duration::from_secs(5);

#[async_trait]
impl Provisioner for KubernetesRuntime {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities.clone()
    }

    fn host(&self, service: &ServiceRef) -> String {
        names::host(service)
    }

    fn ports(&self) -> Option<RangeInclusive<u16>> {
        None
    }

    async fn ensure(&self, desired: &Desired) -> Result<Observed, PortError> {
        let there = if desired.existed { self.0.look(&desired.service, None).await? } else { None };
        if desired.existed && there.is_none() {
            return Ok(Observed::at(Phase::Lost));
        }
        let known = there.and_then(|cluster| cluster.metadata.uid.clone());
        let raw = self.0.is_raw(desired).await?;
        let cluster = self.0.as_applied(desired, known, raw).await?;
        if raw && self.0.settle(&desired.service).await? {
            self.0.forget(&desired.service.name);
            return Ok(Observed::saying(Phase::Starting, "The copy is made, and has settings of its own"));
        }
        if let Some(said) = phases::stuck(&cluster) {
            return Err(PortError::retry(said));
        }
        let observed = phases::read(&cluster);
        match (desired.power, observed.phase) {
            (_, Phase::Lost) if !desired.existed => Ok(Observed { phase: Phase::Preparing, ..observed }),
            (Power::Running, Phase::Running) => self.0.as_wanted(desired, &cluster, observed).await,
            _ => Ok(observed),
        }
    }

    async fn preview(&self, desired: &Desired) -> Result<Option<Preview>, PortError> {
        self.0.preview(desired).await.map(Some)
    }

    async fn live(&self, desired: &Desired) -> Result<Option<Live>, PortError> {
        self.0.live(desired).await
    }

    async fn observe(&self, service: &ServiceRef) -> Result<Observed, PortError> {
        let Some(cluster) = self.0.look(service, None).await? else { return Ok(Observed::at(Phase::Absent)) };
        Ok(Observed { missing: self.0.seen.missing(service).map(str::to_owned), ..phases::read(&cluster) })
    }

    async fn restart(&self, at: &SignIn) -> Result<Observed, PortError> {
        let service = &at.service;
        let clusters = self.0.namespaced::<Cluster>(service);
        let Some(cluster) = clusters.get_opt(service.name.as_str()).await.map_err(failed)? else {
            return Ok(Observed::at(Phase::Absent));
        };
        let observed = phases::read(&cluster);
        if observed.phase <= Phase::Stopped {
            return Ok(observed);
        }
        self.0.forget(&service.name);
        // a primary that doesn't answer has no beginning that it could still have behind the restart
        let began = self.0.began(at).await.ok();
        let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339);
        let now = now.map_err(|error| PortError::retry(error.to_string()))?;
        let annotations = json!({ "metadata": { "annotations": { RESTARTED_AT: now, RESTARTED_FROM: began } } });
        let ours = PatchParams { field_manager: Some(names::FIELD_MANAGER.into()), ..PatchParams::default() };
        match clusters.patch(service.name.as_str(), &ours, &Patch::Merge(annotations)).await {
            Ok(_) => Ok(Observed::saying(Phase::Starting, "Its servers are restarted one after the other")),
            Err(error) if is(&error, 404) => Ok(Observed::at(Phase::Absent)),
            Err(error) => Err(failed(error)),
        }
    }

    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        self.0.forget(&service.name);
        self.0.authorities.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.name);
        self.0.delete(service).await
    }

    async fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError> {
        let began = tokio::time::Instant::now();
        let client = self.0.session(at).await?;
        let row = ask(&client, "show server_version").await?;
        let version: String = row.try_get(0).map_err(|error| refused(&error))?;
        // 17.5 (Debian 17.5-1.pgdg110+1)
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(SignedIn { version, tls: true, took: began.elapsed() })
    }

    async fn following(&self, service: &ServiceRef) -> Result<Option<Following>, PortError> {
        self.0.following(service).await
    }

    async fn written(&self, service: &ServiceRef) -> Result<Option<Lsn>, PortError> {
        self.0.written(service).await
    }

    async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        self.0.members(service).await
    }

    async fn log(&self, service: &ServiceRef, filter: &LogFilter, secret: &Secret) -> Result<LogLines, PortError> {
        let cluster = self.0.look(service, None).await?;
        let Some(primary) = cluster.and_then(|cluster| cluster.status.current_primary.clone()) else {
            return Ok(LogLines::default());
        };
        let turn = tokio::time::timeout(LOG_WAIT, self.0.logs.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(PortError::retry("too many logs are being read; try again")) };
        let newest = LogParams {
            container: Some(CONTAINER.into()),
            tail_lines: Some(if filter.q.is_empty() { NEWEST_LINES } else { LOG_LINES }),
            ..LogParams::default()
        };
        match self.0.namespaced::<Pod>(service).logs(&primary, &newest).await {
            Ok(log) => Ok(crate::logs::find(&log, filter, secret)),
            Err(error) if is(&error, 404) => Ok(LogLines::default()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn measure(&self, at: &SignIn) -> Result<Option<Measurement>, PortError> {
        self.0.measure(at).await
    }

    fn publishes(&self) -> bool {
        true
    }

    async fn publish(&self, publication: &Publication) -> Result<(), PortError> {
        self.0.publish(publication).await
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(self)
    }

    fn changes(&self) -> BoxStream<'static, ServiceName> {
        // a reader that was too slow lost hints only
        BroadcastStream::new(self.0.hints.subscribe()).filter_map(|hint| std::future::ready(hint.ok())).boxed()
    }
}
