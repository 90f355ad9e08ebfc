//! A dry run: what would be applied, and what the API server and the operator's webhooks say of it.

use std::fmt::Debug;

use contract::preview::Preview;
use contract::problem::Problem;
use control::port::{Desired, PortError, Volume};
use kube::Resource;
use kube::api::{Api, Patch, PatchParams, ValidationDirective};
use kube::core::{NamespaceResourceScope, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answers::{failed, is};
use crate::{Inner, follows, manifests, names, volumes};

#[cfg(test)]
mod tests;

/// What stands where a secret would.
pub(crate) const DOTS: &str = "••••••••";
/// A namespace that every cluster has: where that of the workspace isn't made yet, its cluster is tried there.
const ANY: &str = "default";

impl Inner {
    pub(crate) async fn preview(&self, desired: &Desired) -> Result<Preview, PortError> {
        let image = self.image(desired)?;
        let mut secret = manifests::owner(desired);
        secret.data = None;
        secret.string_data = Some(
            [("username", desired.database.clone()), ("password", DOTS.to_owned())]
                .map(|(key, value)| (key.to_owned(), value))
                .into(),
        );
        let policy = manifests::policy(desired, &self.config, &self.api_server().await?);
        let cluster = manifests::cluster(desired, &self.config, image, false);
        let source = desired.origin.follows().map(|follows| {
            let mut secret = follows::secret(desired, &follows.source);
            let keys = secret.data.take().unwrap_or_default().into_keys();
            secret.string_data = Some(keys.map(|key| (key, DOTS.to_owned())).collect());
            yaml(&secret)
        });
        let yaml = [yaml(&secret), source.unwrap_or_default(), yaml(&policy), yaml(&cluster)].concat();
        let namespace = names::namespace(desired.service.workspace);
        Ok(Preview { yaml, problems: self.refusals(&namespace, &cluster, field).await? })
    }

    pub(crate) async fn preview_volume(&self, volume: &Volume) -> Result<Preview, PortError> {
        let claim = volumes::claim(volume, &self.config);
        let problems = self.refusals(&names::namespace(volume.service.workspace), &claim, claim_field).await?;
        Ok(Preview { yaml: yaml(&claim), problems })
    }

    /// What the API server refuses of an object.
    async fn refusals<K>(&self, namespace: &str, object: &K, field: Field) -> Result<Vec<Problem>, PortError>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Serialize + DeserializeOwned + Clone + Debug,
    {
        let tried = match self.try_out(namespace, object).await {
            Err(error) if is(&error, 404) => self.try_out(ANY, object).await,
            other => other,
        };
        match tried {
            Ok(()) => Ok(Vec::new()),
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 422) => Ok(refusals(&status, field)),
            Err(error) => Err(failed(error)),
        }
    }

    async fn try_out<K>(&self, namespace: &str, object: &K) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Serialize + DeserializeOwned + Clone + Debug,
    {
        let params = PatchParams {
            dry_run: true,
            force: true,
            field_manager: Some(names::FIELD_MANAGER.into()),
            field_validation: Some(ValidationDirective::Strict),
        };
        let mut object = object.clone();
        object.meta_mut().namespace = Some(namespace.to_owned());
        let name = object.meta().name.clone().unwrap_or_default();
        Api::<K>::namespaced(self.client.clone(), namespace).patch(&name, &params, &Patch::Apply(object)).await?;
        Ok(())
    }
}

pub(crate) fn yaml(object: &impl Serialize) -> String {
    // what can't be written isn't shown; it is applied all the same
    serde_saphyr::to_string(object).map(|text| format!("---\n{}\n", text.trim_end())).unwrap_or_default()
}

/// The field of the contract that a field of an object was made of.
pub(crate) type Field = fn(path: &str, message: &str) -> &'static str;

/// What an answer refuses, by the fields of the contract. One problem a field: the first.
pub(crate) fn refusals(status: &Status, field: Field) -> Vec<Problem> {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let mut problems: Vec<Problem> = Vec::new();
    for cause in causes {
        let field = field(&cause.field, &cause.message);
        if problems.iter().all(|known| known.field != field) {
            problems.push(Problem::refused(field, &format!("{}: {}", cause.field, cause.message)));
        }
    }
    if problems.is_empty() {
        problems.push(Problem::refused("service_type", &status.message));
    }
    problems
}

/// Of a claim.
fn claim_field(path: &str, _: &str) -> &'static str {
    if path.starts_with("spec.resources") {
        "disk_size"
    } else if path.starts_with("spec.accessModes") || path.starts_with("spec.storageClassName") {
        "storage_access"
    } else {
        "service_type"
    }
}

/// Of a `Cluster`.
pub(crate) fn field(path: &str, message: &str) -> &'static str {
    let begins =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    if begins("spec.instances") || begins("spec.minSyncReplicas") || begins("spec.maxSyncReplicas") {
        "instances"
    } else if begins("spec.imageName") || begins("spec.imageCatalogRef") {
        "postgres_version"
    } else if begins("spec.storage") || begins("spec.walStorage") {
        "disk_size"
    } else if begins("spec.resources") {
        if message.contains("cpu") || message.contains("CPU") || path.contains("cpu") { "cpu_size" } else { "ram_size" }
    } else if begins("spec.postgresql") {
        "ram_size"
    } else if begins("spec.managed") {
        "public_access"
    } else if begins("spec.bootstrap") || begins("spec.externalClusters") || begins("spec.replicaCluster") {
        "creation_mode"
    } else {
        "service_type"
    }
}
