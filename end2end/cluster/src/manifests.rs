//! The operator's release manifest, cut to what each cluster needs.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::versions::CLOUDNATIVE_PG;

pub(crate) const NAMESPACE: &str = "cnpg-system";
pub(crate) const DEPLOYMENT: &str = "cnpg-controller-manager";
/// A slow machine takes its time over them.
const WEBHOOK_SECONDS: u32 = 30;

/// The objects of the release, in the order in which they can be applied.
pub(crate) struct Release {
    /// Namespace, definitions, rights, the monitoring queries and the Service of the webhooks.
    pub(crate) base: Vec<Value>,
    pub(crate) deployment: Value,
    /// Last: what they refuse or wait for, nobody else could make before.
    pub(crate) webhooks: Vec<Value>,
}

impl Release {
    pub(crate) fn read(manifest: &Path) -> Result<Self> {
        let text = fs::read_to_string(manifest)?;
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).context("the operator's release manifest")?;
        let (mut base, mut deployment, mut webhooks) = (Vec::new(), None, Vec::new());
        for object in objects.into_iter().filter(|object| !object.is_null()) {
            match object["kind"].as_str() {
                Some("Deployment") => deployment = Some(object),
                Some("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration") => webhooks.push(object),
                _ => base.push(object),
            }
        }
        for hook in webhooks.iter_mut().flat_map(hooks) {
            hook.insert("timeoutSeconds".into(), WEBHOOK_SECONDS.into());
        }
        Ok(Self { base, deployment: deployment.context("no Deployment in the release manifest")?, webhooks })
    }

    /// Webhooks of an operator that runs beside the API server, instead of behind a Service.
    pub(crate) fn webhooks_at(&self, url: &str, authority: &str) -> Result<Vec<Value>> {
        let mut webhooks = self.webhooks.clone();
        for hook in webhooks.iter_mut().flat_map(hooks) {
            let at = hook.get("clientConfig").and_then(|at| at.pointer("/service/path")).and_then(Value::as_str);
            let at = format!("{url}{}", at.context("a webhook without a path")?);
            hook.insert("clientConfig".into(), json!({ "url": at, "caBundle": authority }));
        }
        Ok(webhooks)
    }

    /// The Deployment with images of ours, as quick as a small machine allows, and with no other to elect.
    pub(crate) fn deployment_of(&self, operator: &str, postgres: &str) -> Result<Value> {
        let mut deployment = self.deployment.clone();
        let container = deployment
            .pointer_mut("/spec/template/spec/containers/0")
            .and_then(Value::as_object_mut)
            .context("a Deployment without a container")?;
        container.insert("image".into(), operator.into());
        container.insert("imagePullPolicy".into(), "IfNotPresent".into());
        // a tenth of a core is too little for a start
        container.remove("resources");
        if let Some(Value::Array(args)) = container.get_mut("args") {
            args.retain(|arg| arg != "--leader-elect");
        }
        if let Some(Value::Array(env)) = container.get_mut("env") {
            env.retain(|var| var["name"] != "OPERATOR_IMAGE_NAME");
            env.push(json!({ "name": "OPERATOR_IMAGE_NAME", "value": operator }));
            env.push(json!({ "name": "POSTGRES_IMAGE_NAME", "value": postgres }));
        }
        for (probe, failures) in [("startupProbe", 120), ("readinessProbe", 10)] {
            if let Some(Value::Object(probe)) = container.get_mut(probe) {
                probe.insert("periodSeconds".into(), 1.into());
                probe.insert("failureThreshold".into(), failures.into());
            }
        }
        Ok(deployment)
    }
}

fn hooks(configuration: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    configuration
        .get_mut("webhooks")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// What the operator is called inside: its image.
pub(crate) fn operator_image() -> String {
    format!("localhost/cloudnative-pg:{CLOUDNATIVE_PG}")
}
