//! What can be done on a cluster, and what its nodes have.

use contract::Capabilities;
use contract::capabilities::{Choice, Range, Runtime};
use contract::spec::StorageAccess;
use contract::values::PgMajor;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::Client;
use kube::api::{Api, ListParams};
use kube_quantity::ParsedQuantity;

use crate::config::Config;

const NO_CLASS: &str = "the configuration of this installation names no storage class for it";
/// The oldest that the operator supports.
const OLDEST: u8 = 14;
/// MiB below which an instance has no room beside the operator's instance manager.
const RAM_MIB: Range = Range { min: 256.0, ..Capabilities::RAM_MIB };

/// Kubernetes' own: a node that is down, or is being drained, comes back.
const MOMENTARY: &str = "node.kubernetes.io/";

/// What databases and volumes may have together: the configured quota, or what the nodes have for pods that they are placed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    pub ram_mib: u64,
    pub disk_mib: u64,
    pub cpu_millis: u32,
}

pub(crate) fn of(config: &Config) -> Capabilities {
    let today = time::OffsetDateTime::now_utc().date();
    let mut can = Capabilities::everything(Runtime::Kubernetes, today);
    if config.volume_class(StorageAccess::Rwx).is_none() {
        can.storage_access = vec![Choice::yes(StorageAccess::Rwo), Choice::no(StorageAccess::Rwx, NO_CLASS)];
    }
    can.ram_size = RAM_MIB;
    for major in PgMajor::all() {
        let reason = match config.image(major) {
            _ if major.number() < OLDEST => Some("CloudNativePG does not support it any more".to_owned()),
            None => Some("the configuration of this installation names no image for it".to_owned()),
            Some(_) => None,
        };
        if let Some(version) = can.postgres_versions.iter_mut().find(|v| v.value == major.to_string()) {
            version.available = reason.is_none();
            version.reason = reason;
        }
    }
    can
}

impl Capacity {
    pub(crate) async fn of(client: &Client, config: &Config) -> Result<Self, kube::Error> {
        let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await?;
        Ok(Self::among(&nodes.items, config))
    }

    fn among(nodes: &[Node], config: &Config) -> Self {
        let ours: Vec<&Node> = nodes.iter().filter(|node| is_open(node) && is_chosen(node, config)).collect();
        let sum = |of: &str| -> f64 {
            let allocatable = ours.iter().filter_map(|node| node.status.as_ref()?.allocatable.as_ref()?.get(of));
            allocatable.map(amount).sum()
        };
        let mib = |quota: Option<u32>, of: &str| match quota {
            Some(gib) => u64::from(gib) << 10,
            None => (sum(of) / f64::from(1 << 20)) as u64,
        };
        Self {
            ram_mib: mib(config.quota.ram_gib, "memory"),
            disk_mib: mib(config.quota.disk_gib, "ephemeral-storage"),
            cpu_millis: (sum("cpu") * 1000.0) as u32,
        }
    }
}

/// Whether pods without tolerations are placed there, when it is well.
fn is_open(node: &Node) -> bool {
    let taints = node.spec.iter().filter_map(|spec| spec.taints.as_ref()).flatten();
    taints.filter(|taint| !taint.key.starts_with(MOMENTARY)).all(|taint| taint.effect == "PreferNoSchedule")
}

fn is_chosen(node: &Node, config: &Config) -> bool {
    let has = |(key, value): (&String, &String)| {
        node.metadata.labels.as_ref().and_then(|labels| labels.get(key)) == Some(value)
    };
    config.node_selector.iter().all(has)
}

/// Bytes, or cores; nothing where it can't be read.
pub(crate) fn amount(quantity: &Quantity) -> f64 {
    ParsedQuantity::try_from(quantity).ok().and_then(|parsed| parsed.to_bytes_f64()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_api_server_writes_them() {
        for (text, expected) in
            [("2", 2.0), ("1500m", 1.5), ("24Ki", 24_576.0), ("3Gi", 3_221_225_472.0), ("5G", 5e9), ("x", 0.0)]
        {
            assert_eq!(amount(&Quantity(text.into())), expected, "{text}");
        }
    }

    #[test]
    fn nodes_that_take_no_pods_of_ours_do_not_count() {
        let node = |spec| serde_json::from_value(serde_json::json!({ "metadata": {}, "spec": spec })).unwrap();
        let tainted = |effect| node(serde_json::json!({ "taints": [{ "key": "k", "effect": effect }] }));
        assert!(is_open(&node(serde_json::json!({}))) && is_open(&tainted("PreferNoSchedule")));
        assert!(!is_open(&tainted("NoSchedule")) && !is_open(&tainted("NoExecute")));
        let drained = serde_json::json!([{ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }]);
        assert!(is_open(&node(serde_json::json!({ "unschedulable": true, "taints": drained }))));
    }

    #[test]
    fn what_there_is_is_what_the_chosen_nodes_have_or_the_quota() {
        let node = |pool: &str| {
            let has = serde_json::json!({ "memory": "8Gi", "ephemeral-storage": "100Gi", "cpu": "1500m" });
            serde_json::from_value(serde_json::json!({
                "metadata": { "labels": { "pool": pool } }, "spec": {}, "status": { "allocatable": has },
            }))
            .unwrap()
        };
        let nodes = [node("databases"), node("databases"), node("apps")];
        let among = |config: &str| {
            let Capacity { ram_mib, disk_mib, cpu_millis } = Capacity::among(&nodes, &Config::parse(config).unwrap());
            (ram_mib, disk_mib, cpu_millis)
        };
        assert_eq!(among("{}"), (24 << 10, 300 << 10, 4500));
        assert_eq!(among("node_selector: { pool: databases }"), (16 << 10, 200 << 10, 3000));
        assert_eq!(among("node_selector: { pool: none }"), (0, 0, 0));
        assert_eq!(among("{ node_selector: { pool: apps }, quota: { disk_gib: 5000 } }"), (8 << 10, 5000 << 10, 1500));
        assert_eq!(among("quota: { ram_gib: 4 }"), (4 << 10, 300 << 10, 4500));
    }

    #[test]
    fn a_volume_of_many_apps_needs_a_class_that_can() {
        let rwx = |config: &Config| of(config).storage_access.into_iter().find(|choice| choice.value == "RWX").unwrap();
        assert!(rwx(&Config::default()).reason.unwrap().contains("no storage class"));
        let classes = [("RWX".to_owned(), "nfs".to_owned())].into();
        assert!(rwx(&Config { volume_classes: classes, ..Config::default() }).available);
    }

    #[test]
    fn versions_without_an_image_say_so() {
        let can = of(&Config::default());
        let available = |major: &str| can.postgres_versions.iter().find(|v| v.value == major).unwrap().available;
        assert!(available("17") && !available("13"));
        let none = of(&Config { images: [("17".to_owned(), "a:17".to_owned())].into(), ..Config::default() });
        let why = none.postgres_versions.iter().find(|v| v.value == "16").unwrap().reason.clone();
        assert!(why.unwrap().contains("no image"));
    }
}
