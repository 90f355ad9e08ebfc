//! A project's variables: one Secret, and the apps that read it.

use control::port::{PortError, Publication};
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;

use crate::answers::{failed, is};
use crate::apply::apply;
use crate::apps::Runs;
use crate::remove::delete;
use crate::{Inner, names};

/// On the pods of an app: which version of the variables they began with. No hash: whoever reads it could try out values.
const VERSION: &str = "berth.dev/variables";

impl Inner {
    pub(crate) async fn publish(&self, publication: &Publication) -> Result<(), PortError> {
        let Publication { workspace, project, version, vars } = publication;
        let namespace = names::namespace(*workspace);
        let secrets = Api::<Secret>::namespaced(self.client.clone(), &namespace);
        let name = names::variables(*project);
        let Some(vars) = vars else {
            delete(&secrets, &name, &DeleteParams::default()).await?;
            return Ok(());
        };
        self.namespace(*workspace).await?;
        let labels = [
            (names::MANAGED_BY, names::FIELD_MANAGER.to_owned()),
            (names::PROJECT, project.to_string()),
            (names::WORKSPACE, workspace.to_string()),
        ];
        let data = vars.iter().map(|(key, value)| (key.clone(), ByteString(value.expose().as_bytes().to_vec())));
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: Some(namespace.clone()),
                labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
                ..ObjectMeta::default()
            },
            data: Some(data.collect()),
            ..Secret::default()
        };
        apply(&secrets, &secret).await.map_err(failed)?;
        let apps = ListParams::default().labels(&format!("{}={project}", names::PROJECT));
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), &namespace);
        roll_out(&deployments, &apps, &name, *version).await?;
        let stateful = Api::<StatefulSet>::namespaced(self.client.clone(), &namespace);
        roll_out(&stateful, &apps, &name, *version).await
    }
}

/// Gives the pods of those apps that read the Secret another annotation, for which their controller replaces them one by one.
async fn roll_out<K: Runs>(api: &Api<K>, apps: &ListParams, secret: &str, version: i64) -> Result<(), PortError> {
    let version = version.to_string();
    for app in api.list(apps).await.map_err(failed)? {
        let Some(template) = app.template().filter(|template| reads(template, secret)) else { continue };
        let annotations = template.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
        if annotations.and_then(|all| all.get(VERSION)) == Some(&version) {
            continue;
        }
        let change = json!({ "spec": { "template": { "metadata": { "annotations": { VERSION: version } } } } });
        let ours = PatchParams { field_manager: Some(names::FIELD_MANAGER.into()), ..PatchParams::default() };
        let name = app.meta().name.as_deref().unwrap_or_default();
        match api.patch(name, &ours, &Patch::Merge(change)).await {
            Err(error) if !is(&error, 404) => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(())
}

fn reads(template: &PodTemplateSpec, secret: &str) -> bool {
    let containers = template.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let sources = containers.iter().flat_map(|container| container.env_from.iter().flatten());
    sources.filter_map(|source| source.secret_ref.as_ref()).any(|source| source.name == secret)
}
