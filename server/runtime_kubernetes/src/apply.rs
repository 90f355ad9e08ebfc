//! Making every object of a service what it should be.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use control::port::{Desired, Origin, PortError};
use k8s_openapi::api::core::v1::{Endpoints, Namespace};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Resource;
use kube::api::{Api, DeleteParams, Patch, PatchParams, ValidationDirective};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::answers::{failed, is};
use crate::cluster::Cluster;
use crate::remove::delete;
use crate::watch::version;
use crate::{Applied, Inner, follows, manifests, names};

/// How long what was applied is taken to be there still.
const AGAIN: Duration = Duration::from_secs(10);
pub(crate) const PROMOTED: &str = "It has been promoted meanwhile";

impl Inner {
    /// The cluster, with every object of its service as it should be. While it is on its way, what was applied a moment ago isn't
    /// applied again.
    pub(crate) async fn as_applied(
        &self,
        desired: &Desired,
        known: Option<String>,
        raw: bool,
    ) -> Result<Arc<Cluster>, PortError> {
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
            self.forget_namespace(service.workspace);
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
    pub(crate) async fn is_raw(&self, desired: &Desired) -> Result<bool, PortError> {
        if !matches!(desired.origin, Origin::Follows(_) | Origin::Replica(_)) {
            return Ok(false);
        }
        let clusters = self.namespaced::<Cluster>(&desired.service);
        let there = clusters.get_opt(desired.service.name.as_str()).await.map_err(failed)?;
        // a console that was paused for long must not make a replica of it again
        if there.as_ref().is_some_and(|cluster| was_promoted(desired, cluster)) {
            return Err(PortError::retry(PROMOTED));
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

    /// Somebody may have taken it away.
    pub(crate) fn forget_namespace(&self, workspace: Uuid) {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
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
}

/// Whether what ought to follow does so no more.
pub(crate) fn was_promoted(desired: &Desired, cluster: &Cluster) -> bool {
    let follows = matches!(desired.origin, Origin::Follows(_) | Origin::Replica(_));
    follows && cluster.spec.replica.as_ref().is_some_and(|replica| !replica.enabled)
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
