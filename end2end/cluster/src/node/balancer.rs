//! Gives Services of type LoadBalancer their addresses, as a cloud would; kube-proxy does the rest.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::time::sleep;

use crate::api::client;

/// The addresses that the machine has a route to; see [`super`].
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 97, 0, 1);
const COUNT: u32 = 254;
const PACE: Duration = Duration::from_millis(300);

/// For as long as the API server is there.
///
/// # Errors
/// The kubeconfig can't be used.
pub async fn run(kubeconfig: &Path) -> Result<()> {
    let client = client(kubeconfig).await?;
    loop {
        // the API server may be starting, or be slow: what isn't given now is given later
        let _ = give(&Api::all(client.clone()), |namespace| Api::namespaced(client.clone(), namespace)).await;
        sleep(PACE).await;
    }
}

async fn give(all: &Api<Service>, namespaced: impl Fn(&str) -> Api<Service>) -> Result<()> {
    let services = all.list(&ListParams::default()).await?.items;
    let balanced =
        services.into_iter().filter(|s| s.spec.as_ref().and_then(|s| s.type_.as_deref()) == Some("LoadBalancer"));
    let (given, waiting): (Vec<_>, Vec<_>) = balanced.partition(|service| address(service).is_some());
    let mut taken: BTreeSet<String> = given.iter().filter_map(address).collect();
    for service in waiting {
        let mut addresses = (0..COUNT).map(|n| Ipv4Addr::from(u32::from(FIRST) + n).to_string());
        let free = addresses.find(|address| !taken.contains(address)).context("no address is free")?;
        let (name, namespace) =
            (service.metadata.name.unwrap_or_default(), service.metadata.namespace.unwrap_or_default());
        let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": free }] } } });
        namespaced(&namespace).patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await?;
        taken.insert(free);
    }
    Ok(())
}

fn address(service: &Service) -> Option<String> {
    service.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?.first()?.ip.clone()
}
