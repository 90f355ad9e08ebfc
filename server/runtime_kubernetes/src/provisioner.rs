//! The port.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contract::Capabilities;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::preview::Preview;
use contract::spec::Size;
use contract::values::Secret;
use control::port::{
    Desired, Following, Measurement, Observed, Origin, Outside, Phase, PortError, Power, Provisioner, Publication,
    Removal, ServiceName, ServiceRef, SignIn, SignedIn,
};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use k8s_openapi::api::core::v1::{Endpoints, Namespace, PersistentVolumeClaim, Pod, Secret as SecretObject, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Resource;
use kube::api::{Api, DeleteParams, ListParams, LogParams, Patch, PatchParams, ValidationDirective};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;
use tokio_stream::wrappers::BroadcastStream;
use uuid::Uuid;

use crate::answers::{failed, is};
use crate::capabilities::amount;
use crate::cluster::{Cluster, Database};
use crate::manifests::POSTGRES;
use crate::members::is_ready;
use crate::parameters::shared_buffers;
use crate::session::{ask, dialled, refused};
use crate::watch::version;
use crate::{Applied, Inner, KubernetesRuntime, follows, manifests, names, phases};

/// The operator's: another value restarts the instances, one after the other.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// When the primary had begun that a restart is to replace.
const RESTARTED_FROM: &str = "berth.dev/restarted-from";
/// The container of a pod that PostgreSQL runs in.
pub(crate) const CONTAINER: &str = "postgres";
/// Between two looks at what the operator has still to do.
const SOON: Duration = Duration::from_secs(1);
/// How long what was applied is taken to be there still.
const AGAIN: Duration = Duration::from_secs(10);
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
            self.0.applied.lock().unwrap_or_else(PoisonError::into_inner).remove(&desired.service.name);
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

    async fn observe(&self, service: &ServiceRef) -> Result<Observed, PortError> {
        let cluster = self.0.look(service, None).await?;
        Ok(cluster.map_or(Observed::at(Phase::Absent), |cluster| phases::read(&cluster)))
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
        self.0.applied.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.name);
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
        self.0.applied.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.name);
        self.0.authorities.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.name);
        self.0.delete(service).await
    }

    async fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError> {
        let began = tokio::time::Instant::now();
        let client = self.0.session(&at.service, &at.host, at.port, &at.password).await?;
        let row = ask(&client, "show server_version").await?;
        let version: String = row.try_get(0).map_err(|error| refused(&error))?;
        // 17.5 (Debian 17.5-1.pgdg110+1)
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(SignedIn { version, tls: true, took: began.elapsed() })
    }

    async fn following(&self, service: &ServiceRef) -> Result<Option<Following>, PortError> {
        self.0.following(service).await
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

    fn changes(&self) -> BoxStream<'static, ServiceName> {
        // a reader that was too slow lost hints only
        BroadcastStream::new(self.0.hints.subscribe()).filter_map(|hint| std::future::ready(hint.ok())).boxed()
    }
}

impl Inner {
    /// The cluster, with every object of its service as it should be. While it is on its way, what was applied a moment ago isn't
    /// applied again.
    async fn as_applied(&self, desired: &Desired, known: Option<String>, raw: bool) -> Result<Arc<Cluster>, PortError> {
        let name = &desired.service.name;
        let hash = manifests::hash(desired, raw);
        let before = self.applied.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some(before) = before.filter(|before| before.hash == hash && before.at.elapsed() < AGAIN)
            && let Some(cluster) = self.look(&desired.service, before.version).await?
        {
            return Ok(cluster);
        }
        let cluster = self.apply_all(desired, known, raw).await?;
        let applied = Applied { hash, version: version(&cluster), at: Instant::now() };
        let mut known = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, applied| applied.at.elapsed() < AGAIN);
        known.insert(name.clone(), applied);
        Ok(Arc::new(cluster))
    }

    /// Makes every object of a service what it should be; what needs others comes behind them. A cluster that is known by its uid
    /// isn't made anew where it has gone meanwhile: the API server answers 409.
    async fn apply_all(&self, desired: &Desired, known: Option<String>, raw: bool) -> Result<Cluster, PortError> {
        let service = &desired.service;
        let image = self.image(desired)?;
        self.namespace(service.workspace).await?;
        let secret = manifests::owner(desired);
        let policy = manifests::policy(desired, &self.config, &self.api_server().await?);
        let (secrets, policies) = (self.namespaced(service), self.namespaced(service));
        let made = futures::future::try_join(apply(&secrets, &secret), apply(&policies, &policy)).await;
        if let Err(error) = made {
            // somebody may have taken it away
            self.namespaces.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.workspace);
            return Err(match error {
                error if is(&error, 404) => PortError::retry("The namespace of its workspace is gone"),
                error => failed(error),
            });
        }
        if let Origin::Follows(follows) = &desired.origin {
            let source = follows::secret(desired, &follows.source);
            apply(&secrets, &source).await.map_err(failed)?;
        }
        let mut cluster = manifests::cluster(desired, &self.config, image, raw);
        cluster.metadata.uid = known;
        let cluster = apply(&self.namespaced(service), &cluster).await.map_err(failed)?;
        if let Origin::Promoted { .. } = desired.origin {
            apply(&self.namespaced(service), &follows::database(desired)).await.map_err(failed)?;
            // nothing names it any more
            delete(&secrets, &names::source(&service.name), &DeleteParams::default()).await?;
        }
        Ok(cluster)
    }

    /// Whether the servers of a cluster that follows have to wait for their settings. Asked of the API server itself: what the watch
    /// knows may be older, and they would be stopped again.
    async fn is_raw(&self, desired: &Desired) -> Result<bool, PortError> {
        if desired.origin.follows().is_none() {
            return Ok(false);
        }
        let clusters = self.namespaced::<Cluster>(&desired.service);
        let there = clusters.get_opt(desired.service.name.as_str()).await.map_err(failed)?;
        // a console that was paused for long must not make a replica of it again
        let promoted = there.as_ref().and_then(|cluster| cluster.spec.replica.as_ref()).is_some_and(|it| !it.enabled);
        if promoted {
            return Err(PortError::retry("It has been promoted meanwhile"));
        }
        Ok(follows::is_raw(desired, there.as_ref()))
    }

    pub(crate) fn image(&self, desired: &Desired) -> Result<&str, PortError> {
        let major = desired.major;
        self.config.image(major).ok_or_else(|| {
            PortError::Rejected(format!("The configuration of this installation names no image of PostgreSQL {major}"))
        })
    }

    /// Makes the namespace of a workspace; once in the life of this console.
    pub(crate) async fn namespace(&self, workspace: Uuid) -> Result<(), PortError> {
        if self.namespaces.lock().unwrap_or_else(PoisonError::into_inner).contains(&workspace) {
            return Ok(());
        }
        let (namespace, policies) = manifests::namespace(workspace);
        apply(&Api::<Namespace>::all(self.client.clone()), &namespace).await.map_err(failed)?;
        let there = Api::<NetworkPolicy>::namespaced(self.client.clone(), &names::namespace(workspace));
        for policy in &policies {
            apply(&there, policy).await.map_err(failed)?;
        }
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace);
        Ok(())
    }

    /// Where the API server listens, as pods see it: the operator's instance manager has to reach it.
    pub(crate) async fn api_server(&self) -> Result<Vec<(IpAddr, u16)>, PortError> {
        let endpoints = Api::<Endpoints>::namespaced(self.client.clone(), "default");
        let found = endpoints.get_opt("kubernetes").await.map_err(failed)?;
        let subsets = found.and_then(|found| found.subsets).unwrap_or_default();
        let each = subsets.iter().flat_map(|subset| {
            let ports = subset.ports.iter().flatten().filter_map(|port| u16::try_from(port.port).ok());
            let addresses = subset.addresses.iter().flatten().filter_map(|address| address.ip.parse().ok());
            addresses.flat_map(move |address| ports.clone().map(move |port| (address, port)))
        });
        Ok(each.collect())
    }

    /// Whether a cluster that runs is what is wanted, asked of the server itself as its owner.
    async fn as_wanted(&self, desired: &Desired, cluster: &Cluster, running: Observed) -> Result<Observed, PortError> {
        let service = &desired.service;
        // once it is in use, a server that is down keeps nothing else from being done
        if !(phases::is_whole(cluster) || desired.existed && phases::is_settled(cluster)) {
            return Ok(running);
        }
        // the status is still that of before for a moment; the pods show what has been done
        let members = ListParams::default().labels(&names::instances(&service.name));
        let mut pods = self.namespaced::<Pod>(service).list(&members).await.map_err(failed)?.items;
        pods.retain(is_ready);
        if cluster.annotation(RESTARTED_AT).is_some_and(|restart| !pods.iter().all(|pod| has_restarted(pod, restart))) {
            return Ok(Observed::saying(Phase::Starting, "Its servers are restarted one after the other"));
        }
        if !pods.iter().all(|pod| is_sized(pod, &desired.size)) {
            return Ok(Observed::saying(Phase::Starting, "Its servers get their new size one after the other"));
        }
        match &desired.origin {
            Origin::Fresh => {}
            Origin::Follows(_) => {
                // it answers; whether it follows is another question
                let head = running.primary.as_deref().unwrap_or_default();
                self.instance(service, head).await.map_err(soon)?;
                let Observed { primary, degraded, .. } = running;
                return Ok(Observed { primary, degraded, ..self.reached_from_outside(desired).await? });
            }
            Origin::Promoted { .. } => {
                let made = self.namespaced::<Database>(service).get_opt(service.name.as_str()).await.map_err(failed)?;
                let made = made.map(|made| made.status).unwrap_or_default();
                if made.applied != Some(true) {
                    let said = if made.message.is_empty() { String::new() } else { format!(": {}", made.message) };
                    return Ok(Observed::saying(Phase::Starting, format!("Its database is being made{said}")));
                }
            }
        }
        let looked = async {
            let host = names::host(service);
            let client = self.session(service, &host, POSTGRES, &desired.password).await?;
            let query = "select setting::bigint / 128, pg_postmaster_start_time()::text
                         from pg_settings where name = 'shared_buffers'";
            let row = ask(&client, query).await?;
            let buffers: i64 = row.try_get(0).map_err(|error| refused(&error))?;
            let began: String = row.try_get(1).map_err(|error| refused(&error))?;
            Ok::<_, PortError>((buffers, began))
        };
        Ok(match looked.await {
            Err(error) => return Err(soon(error)),
            Ok((_, began)) if cluster.annotation(RESTARTED_FROM) == Some(began.as_str()) => {
                Observed::saying(Phase::Starting, "It is about to be restarted")
            }
            Ok((buffers, _)) if buffers != i64::from(shared_buffers(&desired.size)) => {
                Observed::saying(Phase::Starting, "It is about to be restarted with its new size")
            }
            Ok(_) => {
                let Observed { primary, degraded, .. } = running;
                Observed { primary, degraded, ..self.reached_from_outside(desired).await? }
            }
        })
    }

    /// What is as wanted inside, once it is reached from outside as well, where that is wanted.
    async fn reached_from_outside(&self, desired: &Desired) -> Result<Observed, PortError> {
        let service = &desired.service;
        let ready = match desired.origin {
            Origin::Follows(_) => Observed::at(Phase::Ready),
            Origin::Fresh | Origin::Promoted { .. } => {
                Observed::saying(Phase::Ready, format!("both are called {}", service.name.database()))
            }
        };
        if !desired.public_access {
            return Ok(ready);
        }
        let leads = self.namespaced::<Service>(service).get_opt(&names::public(&service.name)).await.map_err(failed)?;
        let Some(outside) = leads.and_then(address) else {
            return Err(soon(PortError::retry("The cluster has given it no public address yet")));
        };
        let reached = match desired.origin {
            Origin::Follows(_) => dialled(&outside.host, outside.port).await.map(drop),
            Origin::Fresh | Origin::Promoted { .. } => {
                self.session_from_outside(service, &outside, &desired.password).await.map(drop)
            }
        };
        match reached {
            Ok(()) => Ok(Observed { outside: Some(outside), ..ready }),
            Err(error) => Err(soon(PortError::retry(format!("Its public address does not answer: {error}")))),
        }
    }

    /// When the primary began.
    async fn began(&self, at: &SignIn) -> Result<String, PortError> {
        let client = self.session(&at.service, &at.host, at.port, &at.password).await?;
        let row = ask(&client, "select pg_postmaster_start_time()::text").await?;
        row.try_get(0).map_err(|error| refused(&error))
    }

    /// The cluster first, and with it what the operator has made; then what is ours.
    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        let name = service.name.as_str();
        // behind everything that it owns
        if delete(&self.namespaced::<Cluster>(service), name, &DeleteParams::foreground()).await? {
            return Ok(Removal::Pending);
        }
        let members = ListParams::default().labels(&names::of_cluster(&service.name));
        let (pods, volumes) = (self.namespaced::<Pod>(service), self.namespaced::<PersistentVolumeClaim>(service));
        let pods_left = !pods.list_metadata(&members).await.map_err(failed)?.items.is_empty();
        let volumes_left = !volumes.list_metadata(&members).await.map_err(failed)?.items.is_empty();
        if pods_left || volumes_left {
            // they go by themselves, unless somebody took the cluster away from them
            let params = DeleteParams::default();
            pods.delete_collection(&params, &members).await.map_err(failed)?;
            volumes.delete_collection(&params, &members).await.map_err(failed)?;
            return Ok(Removal::Pending);
        }
        let at_once = DeleteParams::default();
        // the operator has a finalizer on it
        if delete(&self.namespaced::<Database>(service), name, &at_once).await? {
            return Ok(Removal::Pending);
        }
        for secret in [names::owner(&service.name), names::source(&service.name)] {
            delete(&self.namespaced::<SecretObject>(service), &secret, &at_once).await?;
        }
        delete(&self.namespaced::<NetworkPolicy>(service), name, &at_once).await?;
        Ok(Removal::Gone)
    }
}

/// Whether an instance has begun behind the last restart that was asked for.
fn has_restarted(pod: &Pod, restart: &str) -> bool {
    pod.metadata.annotations.as_ref().and_then(|all| all.get(RESTARTED_AT)).is_some_and(|at| at == restart)
}

/// Whether an instance has the limits that are wanted.
fn is_sized(pod: &Pod, size: &Size) -> bool {
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let limits = containers.iter().find(|container| container.name == CONTAINER);
    let limits = limits.and_then(|container| container.resources.as_ref()?.limits.as_ref());
    let is = |of: &str, wanted: f64| {
        limits.and_then(|limits| limits.get(of)).is_some_and(|limit| (amount(limit) - wanted).abs() < 1e-6)
    };
    is("cpu", size.cpu.cores()) && is("memory", f64::from(size.ram.mib()) * f64::from(1 << 20))
}

/// The operator and the cluster work on it: another look is worth it in a moment. What is served meanwhile stays served.
fn soon(error: PortError) -> PortError {
    match error {
        PortError::Retry { message, .. } => PortError::Retry { message, after: Some(SOON) },
        other => other,
    }
}

/// What a load balancer has been given.
fn address(service: Service) -> Option<Outside> {
    let given = service.status?.load_balancer?.ingress?.into_iter().next()?;
    Some(Outside { host: given.hostname.or(given.ip)?, port: POSTGRES })
}

/// Makes an object what is wanted, whoever else set those fields; anything that the API server doesn't know is refused.
pub(crate) async fn apply<K>(api: &Api<K>, wanted: &K) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = ()> + Serialize + DeserializeOwned + Clone + std::fmt::Debug,
{
    let params = PatchParams {
        field_manager: Some(names::FIELD_MANAGER.into()),
        field_validation: Some(ValidationDirective::Strict),
        force: true,
        dry_run: false,
    };
    api.patch(wanted.meta().name.as_deref().unwrap_or_default(), &params, &Patch::Apply(wanted)).await
}

/// Takes an object away; answers whether it was still there.
pub(crate) async fn delete<K>(api: &Api<K>, name: &str, how: &DeleteParams) -> Result<bool, PortError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + std::fmt::Debug,
{
    match api.delete(name, how).await {
        Ok(_) => Ok(true),
        Err(error) if is(&error, 404) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}
