//! Taking every object of a service away.

use control::port::{PortError, Removal, ServiceRef};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Resource;
use kube::api::{Api, DeleteParams, ListParams};
use serde::de::DeserializeOwned;

use crate::answers::{failed, is};
use crate::cluster::{Cluster, Database};
use crate::{Inner, names};

impl Inner {
    /// The cluster first, and with it what the operator has made; then what is ours.
    pub(crate) async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
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
            delete(&self.namespaced::<Secret>(service), &secret, &at_once).await?;
        }
        delete(&self.namespaced::<NetworkPolicy>(service), name, &at_once).await?;
        Ok(Removal::Gone)
    }
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
