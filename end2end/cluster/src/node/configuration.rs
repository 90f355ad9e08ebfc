//! What each program of the node is told.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{ADDRESS, NODE, PODS, SERVICES};
use crate::images::PAUSE;
use crate::pki::Pki;

/// The files that programs read.
pub(super) fn write(place: &Path, pki: &Pki) -> Result<()> {
    let at = |name: &str| place.join(name).display().to_string();
    fs::write(place.join("resolv.conf"), format!("nameserver {ADDRESS}\n"))?;
    fs::write(place.join("containerd.toml"), containerd(&at("containerd"), &at("network")))?;
    fs::write(place.join("Corefile"), corefile(&at("admin.kubeconfig")))?;
    let yaml = |name: &str, value: Value| {
        fs::write(place.join(name), serde_json::to_vec_pretty(&value)?).map_err(anyhow::Error::from)
    };
    yaml("network/10-ptp.conflist", network())?;
    yaml("kubelet.yaml", kubelet_configuration(place, pki))?;
    yaml(
        "proxy.yaml",
        json!({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
            "mode": "nftables", "nftables": { "minSyncPeriod": "100ms" },
            "clientConnection": { "kubeconfig": at("proxy.kubeconfig") },
            "clusterCIDR": PODS, "hostnameOverride": NODE,
            // these can't be set in a network namespace
            "conntrack": { "maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s" },
        }),
    )
}

pub(super) fn etcd(place: &Path) -> Vec<String> {
    let (clients, peers) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
    vec![
        format!("--data-dir={}", place.join("etcd").display()),
        // nothing of it is kept
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
    ]
}

pub(super) fn api_server(pki: &Pki) -> Vec<String> {
    let file = |flag: &str, name: &str| format!("--{flag}={}", pki.path(name).display());
    vec![
        "--etcd-servers=http://127.0.0.1:2379".into(),
        "--bind-address=0.0.0.0".into(),
        format!("--advertise-address={ADDRESS}"),
        "--secure-port=6443".into(),
        file("tls-cert-file", "apiserver.crt"),
        file("tls-private-key-file", "apiserver.key"),
        file("client-ca-file", "ca.crt"),
        file("kubelet-client-certificate", "kubelet-client.crt"),
        file("kubelet-client-key", "kubelet-client.key"),
        "--kubelet-preferred-address-types=InternalIP".into(),
        file("service-account-key-file", "sa.pub"),
        file("service-account-signing-key-file", "sa.key"),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".into(),
        format!("--service-cluster-ip-range={SERVICES}"),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--allow-privileged=true".into(),
        "--profiling=false".into(),
    ]
}

pub(super) fn controller_manager(place: &Path) -> Vec<String> {
    let own = |name: &str| place.join("controller-manager").join(name).display().to_string();
    vec![
        format!("--kubeconfig={}", own("controller-manager.kubeconfig")),
        format!("--service-account-private-key-file={}", own("sa.key")),
        format!("--root-ca-file={}", own("ca.crt")),
        format!("--cert-dir={}", own("certificates")),
        format!("--cluster-cidr={PODS}"),
        "--use-service-account-credentials=true".into(),
        "--leader-elect=false".into(),
        "--enable-hostpath-provisioner=true".into(),
        "--controllers=*,-nodeipam,-cloud-node-lifecycle".into(),
        "--bind-address=127.0.0.1".into(),
        "--profiling=false".into(),
    ]
}

pub(super) fn scheduler(place: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", place.join("scheduler.kubeconfig").display()),
        "--leader-elect=false".into(),
        "--bind-address=127.0.0.1".into(),
        "--profiling=false".into(),
    ]
}

pub(super) fn kubelet(place: &Path) -> Vec<String> {
    let at = |name: &str| place.join(name).display().to_string();
    vec![
        format!("--config={}", at("kubelet.yaml")),
        format!("--kubeconfig={}", at("node.kubeconfig")),
        format!("--root-dir={}", at("kubelet")),
        format!("--cert-dir={}", at("kubelet/pki")),
        format!("--hostname-override={NODE}"),
        format!("--node-ip={ADDRESS}"),
    ]
}

fn kubelet_configuration(place: &Path, pki: &Pki) -> Value {
    let at = |name: &str| place.join(name).display().to_string();
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": { "enabled": false }, "webhook": { "enabled": true },
            "x509": { "clientCAFile": pki.path("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": pki.path("kubelet.crt"), "tlsPrivateKeyFile": pki.path("kubelet.key"),
        "cgroupDriver": "cgroupfs", "failCgroupV1": false, "failSwapOn": false, "enforceNodeAllocatable": ["pods"],
        "clusterDNS": [ADDRESS], "clusterDomain": "cluster.local", "resolvConf": at("resolv.conf"),
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "evictionHard": { "memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%" },
        // an image that was imported can't be pulled again
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": false, "podLogsDir": at("podlogs"), "volumePluginDir": at("plugins"),
        "syncFrequency": "10s", "nodeStatusUpdateFrequency": "5s",
    })
}

/// A wire from the node to each pod: no bridge, which would need a module of the kernel.
fn network() -> Value {
    json!({
        "cniVersion": "0.4.0", "name": "berth",
        "plugins": [
            { "type": "ptp", "mtu": 1500, "ipMasq": false, "ipam": {
                "type": "host-local", "dataDir": "/run/cni-ipam",
                "ranges": [[{ "subnet": "10.244.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }],
            } },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
}

fn containerd(root: &str, network: &str) -> String {
    format!(
        r#"version = 2
root = "{root}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
disable_apparmor = true
# root in a small machine may not lower the score
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{network}"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#
    )
}

fn corefile(kubeconfig: &str) -> String {
    format!(
        ".:53 {{
    errors
    health 127.0.0.1:8081
    ready 127.0.0.1:8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig} berth
        pods insecure
        ttl 1
    }}
    cache 1
}}
"
    )
}
