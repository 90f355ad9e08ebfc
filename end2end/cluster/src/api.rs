//! The API server, as the driver asks it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, Scope, oneshot};
use kube::{Client, Config};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Whose fields they are.
const FIELD_MANAGER: &str = "berth-test-cluster";
const PACE: Duration = Duration::from_millis(100);

/// Of the cluster that a file names.
///
/// # Errors
/// The file isn't a kubeconfig.
pub async fn client(kubeconfig: &Path) -> Result<Client> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Makes an object what it says here. Waits for a kind that the API server has only just been told of.
///
/// # Errors
/// The API server refuses it.
pub async fn apply(client: &Client, object: &Value) -> Result<DynamicObject> {
    let text = |at: &str| text(object, at);
    let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
    let served = served(client, &GroupVersionKind::gvk(group, version, kind)).await;
    let (resource, can) = served.with_context(|| format!("{kind} {name}"))?;
    let api: Api<DynamicObject> = match can.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    };
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch(name, &params, &Patch::Apply(object)).await.with_context(|| format!("applying {kind} {name}"))
}

/// Waits until the kinds of these definitions are served: the operator ends where one of them isn't.
pub(crate) async fn defined(client: &Client, objects: &[Value]) -> Result<()> {
    for definition in objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition") {
        let text = |at: &str| text(definition, at);
        let (group, version) = (text("/spec/group"), text("/spec/versions/0/name"));
        let kind = text("/spec/names/kind");
        served(client, &GroupVersionKind::gvk(group, version, kind)).await.with_context(|| kind.to_owned())?;
    }
    Ok(())
}

async fn served(client: &Client, kind: &GroupVersionKind) -> Result<(ApiResource, ApiCapabilities)> {
    let mut found = Err(anyhow::anyhow!("not asked"));
    until(Duration::from_secs(30), "its kind is served", async || {
        found = oneshot::pinned_kind(client, kind).await.map_err(Into::into);
        Ok(found.is_ok())
    })
    .await?;
    found
}

fn text<'a>(object: &'a Value, at: &str) -> &'a str {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

/// Asks until it is so.
pub(crate) async fn until(most: Duration, what: &str, mut asked: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !asked().await? {
        if began.elapsed() > most {
            bail!("waited {most:?} until {what}");
        }
        sleep(PACE).await;
    }
    Ok(())
}

/// Waits until the API server says that it is ready.
pub(crate) async fn ready(client: &Client, most: Duration) -> Result<()> {
    until(most, "the API server is ready", async || {
        let asked = http::Request::get("/readyz").body(Vec::new())?;
        Ok(client.request_text(asked).await.is_ok_and(|said| said == "ok"))
    })
    .await
}
