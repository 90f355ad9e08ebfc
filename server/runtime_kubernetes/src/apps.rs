//! The apps of a project: Deployments and StatefulSets with its label, which somebody else makes and changes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use contract::mount::{App, AppKind};
use control::port::{PortError, ServiceName};
use futures::future::try_join;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, Volume};
use kube::Resource;
use kube::api::{Api, ListParams};
use kube::core::NamespaceResourceScope;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::answers::failed;
use crate::watch::{Seen, Watched};
use crate::{Inner, names};

/// What runs an app's pods.
pub(crate) trait Runs:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    const KIND: AppKind;

    fn watched(seen: &Seen) -> &Watched<Self>;

    fn template(&self) -> Option<&PodTemplateSpec>;

    /// The labels of its pods.
    fn selector(&self) -> Option<&BTreeMap<String, String>>;

    /// What is waited for until every pod is as the template says.
    fn waits_for(&self) -> Option<String>;
}

/// "2 of 3 pods have it", where that isn't all.
fn counted(have: Option<i32>, want: i32) -> Option<String> {
    let have = have.unwrap_or_default().min(want);
    (have < want).then(|| format!("{have} of {want} pods have it"))
}

impl Runs for Deployment {
    const KIND: AppKind = AppKind::Deployment;

    fn watched(seen: &Seen) -> &Watched<Self> {
        &seen.deployments
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.as_ref().map(|spec| &spec.template)
    }

    fn selector(&self) -> Option<&BTreeMap<String, String>> {
        self.spec.as_ref().and_then(|spec| spec.selector.match_labels.as_ref())
    }

    fn waits_for(&self) -> Option<String> {
        let want = self.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let Some(status) = self.status.as_ref().filter(|status| status.observed_generation >= self.metadata.generation)
        else {
            return Some("Its change is taken up".to_owned());
        };
        let said = status.conditions.iter().flatten().find(|it| it.type_ == "ReplicaFailure" && it.status == "True");
        if let Some(message) = said.and_then(|condition| condition.message.clone()) {
            return Some(message);
        }
        let stale = status.replicas.unwrap_or_default() - status.updated_replicas.unwrap_or_default();
        counted(status.updated_replicas.min(status.available_replicas), want)
            .or_else(|| (stale > 0).then(|| format!("still ending without it: {stale}")))
    }
}

impl Runs for StatefulSet {
    const KIND: AppKind = AppKind::StatefulSet;

    fn watched(seen: &Seen) -> &Watched<Self> {
        &seen.stateful_sets
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.as_ref().map(|spec| &spec.template)
    }

    fn selector(&self) -> Option<&BTreeMap<String, String>> {
        self.spec.as_ref().and_then(|spec| spec.selector.match_labels.as_ref())
    }

    fn waits_for(&self) -> Option<String> {
        let want = self.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let Some(status) = self.status.as_ref().filter(|status| status.observed_generation >= self.metadata.generation)
        else {
            return Some("Its change is taken up".to_owned());
        };
        // once all are replaced, the controller counts them as the current ones
        let updated = if status.current_revision == status.update_revision {
            Some(status.replicas)
        } else {
            status.updated_replicas
        };
        counted(updated.min(status.ready_replicas), want)
    }
}

/// The volumes that the pods of a template have.
pub(crate) fn volumes(template: &PodTemplateSpec) -> Vec<ServiceName> {
    claims(template.spec.iter().flat_map(|spec| spec.volumes.iter().flatten()))
}

/// The claims that are called as a service.
pub(crate) fn claims<'a>(volumes: impl Iterator<Item = &'a Volume>) -> Vec<ServiceName> {
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.filter_map(|claim| ServiceName::parse(&claim.claim_name)).collect()
}

impl Inner {
    /// The apps of a workspace that are a project's.
    pub(crate) async fn running<K: Runs>(&self, workspace: Uuid) -> Result<Vec<Arc<K>>, PortError> {
        if let Some(all) = K::watched(&self.seen).all(workspace) {
            return Ok(all);
        }
        let apps = Api::<K>::namespaced(self.client.clone(), &names::namespace(workspace));
        let all = apps.list(&ListParams::default().labels(names::PROJECT)).await.map_err(failed)?;
        Ok(all.items.into_iter().map(Arc::new).collect())
    }

    /// The apps of a project, by name.
    pub(crate) async fn apps_of(&self, workspace: Uuid, project: Uuid) -> Result<Vec<App>, PortError> {
        let (deployments, stateful) =
            try_join(self.running::<Deployment>(workspace), self.running::<StatefulSet>(workspace)).await?;
        let mut all: Vec<_> = described(&deployments, project).chain(described(&stateful, project)).collect();
        all.sort_by(|one, other| (&one.name, &one.app_id).cmp(&(&other.name, &other.app_id)));
        Ok(all)
    }
}

fn described<K: Runs>(apps: &[Arc<K>], project: Uuid) -> impl Iterator<Item = App> {
    apps.iter().filter(move |app| is_of(app.as_ref(), project)).filter_map(|app| {
        let name = app.meta().name.clone()?;
        Some(App { app_id: format!("{}/{name}", K::KIND), kind: K::KIND, name })
    })
}

/// Whether an app is a project's.
pub(crate) fn is_of(app: &impl Resource, project: Uuid) -> bool {
    let labels: Option<&BTreeMap<String, String>> = app.meta().labels.as_ref();
    labels.and_then(|labels| labels.get(names::PROJECT)).is_some_and(|of| *of == project.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(status: serde_json::Value) -> Deployment {
        let spec = json!({ "replicas": 2, "selector": {}, "template": { "spec": { "containers": [], "volumes": [
            { "name": "a", "persistentVolumeClaim": { "claimName": "storage-abcdef" } },
            { "name": "b", "persistentVolumeClaim": { "claimName": "No.Service" } },
            { "name": "c", "emptyDir": {} },
        ] } } });
        let whole = json!({ "metadata": { "name": "web", "generation": 2 }, "spec": spec, "status": status });
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn an_app_is_done_once_every_pod_is_new_and_serves() {
        let status = |of: u32, updated: u32, available: u32, all: u32| {
            let status = json!({ "observedGeneration": of, "updatedReplicas": updated, "availableReplicas": available,
                                 "replicas": all });
            deployment(status).waits_for()
        };
        assert_eq!(status(1, 2, 2, 2).as_deref(), Some("Its change is taken up"));
        assert_eq!(status(2, 1, 2, 3).as_deref(), Some("1 of 2 pods have it"));
        assert_eq!(status(2, 2, 1, 3).as_deref(), Some("1 of 2 pods have it"));
        assert_eq!(status(2, 2, 2, 3).as_deref(), Some("still ending without it: 1"));
        assert_eq!(status(2, 2, 2, 2), None);
        let refused = json!({ "observedGeneration": 2, "conditions": [
            { "type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity" },
        ] });
        assert_eq!(deployment(refused).waits_for().as_deref(), Some("violates PodSecurity"));
    }

    #[test]
    fn a_stateful_set_is_done_once_its_new_revision_is_the_current_one() {
        let set = |status: serde_json::Value| {
            let spec = json!({ "replicas": 2, "serviceName": "x", "selector": {}, "template": {} });
            let whole = json!({ "metadata": { "name": "queue", "generation": 1 }, "spec": spec, "status": status });
            serde_json::from_value::<StatefulSet>(whole).unwrap().waits_for()
        };
        let rolling = json!({ "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 1,
                              "currentRevision": "a", "updateRevision": "b" });
        assert_eq!(set(rolling).as_deref(), Some("1 of 2 pods have it"));
        let done = json!({ "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "currentRevision": "b",
                           "updateRevision": "b" });
        assert_eq!(set(done), None);
    }

    #[test]
    fn only_claims_that_are_called_as_a_service_are_volumes_of_ours() {
        let app = deployment(json!({}));
        let names: Vec<_> = volumes(app.template().unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["storage-abcdef"]);
    }
}
