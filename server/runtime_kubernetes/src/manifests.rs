//! What is wanted of a service, as objects of the Kubernetes API.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

use control::port::{Desired, Origin, Power};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use uuid::Uuid;

use crate::cluster::{
    Affinity, Bootstrap, Cluster, Copied, Inherited, Initdb, Managed, ManagedRole, ManagedService, ManagedServices,
    Named, Owned, Postgresql, Probe, Probes, Resources, ServiceSpec, ServiceTemplate, Spec, Storage,
};
use crate::config::Config;
use crate::follows;
use crate::names;
use crate::parameters::parameters;

pub(crate) const POSTGRES: u16 = 5432;
/// Where the operator asks an instance how it is.
pub(crate) const STATUS: u16 = 8000;
const DNS: u16 = 53;

/// The operator's: `on` stops the instances and keeps their volumes.
pub(crate) const HIBERNATION: &str = "cnpg.io/hibernation";
/// A Secret with it is read again when it changes.
const RELOAD: &str = "cnpg.io/reload";
/// Seconds that an instance may take to start; recovery from a crash is bounded by `max_wal_size`.
const START: u32 = 3600;
/// Seconds between two looks of the kubelet at an instance that starts, and at one that runs.
const STARTING: u32 = 1;
const READY: u32 = 2;
/// CPU that an instance is sure to get, in thousandths of a core: CPU is a ceiling, and never refuses a placement.
const CPU_REQUEST: u32 = 10;

/// The namespace of a workspace, where pods may do little and reach nobody; but for a project's apps, which reach whom they like.
pub(crate) fn namespace(workspace: Uuid) -> (Namespace, [NetworkPolicy; 2]) {
    let name = names::namespace(workspace);
    let labels = |more: &[(&str, &str)]| -> BTreeMap<String, String> {
        let ours = [(names::MANAGED_BY, names::FIELD_MANAGER)];
        let all = ours.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        all.chain([(names::WORKSPACE.to_owned(), workspace.to_string())]).collect()
    };
    let restricted = labels(&[("pod-security.kubernetes.io/enforce", "restricted")]);
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(name.clone()), labels: Some(restricted), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    let policy = |called: &str, spec: NetworkPolicySpec| NetworkPolicy {
        metadata: ObjectMeta {
            name: Some(called.into()),
            namespace: Some(name.clone()),
            labels: Some(labels(&[])),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
    };
    let closed = NetworkPolicySpec {
        pod_selector: Some(LabelSelector::default()),
        policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
        ..NetworkPolicySpec::default()
    };
    let has = |key: &str, operator: &str| LabelSelectorRequirement {
        key: key.into(),
        operator: operator.into(),
        values: None,
    };
    let apps = NetworkPolicySpec {
        pod_selector: Some(LabelSelector {
            match_expressions: Some(vec![has(names::PROJECT, "Exists"), has(names::CLUSTER, "DoesNotExist")]),
            ..LabelSelector::default()
        }),
        policy_types: Some(vec!["Egress".into()]),
        egress: Some(vec![NetworkPolicyEgressRule::default()]),
        ..NetworkPolicySpec::default()
    };
    (namespace, [policy("default-deny", closed), policy("apps-reach-out", apps)])
}

/// Another one for whatever else is wanted.
pub(crate) fn hash(desired: &Desired, raw: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Desired {
        service, id, project, major, instances, size, public_access, power, port, password, generation, ..
    } = desired;
    match &desired.origin {
        Origin::Fresh => 0.hash(&mut hasher),
        Origin::Follows(follows) => (1, &follows.at, raw).hash(&mut hasher),
        Origin::Promoted { .. } => 2.hash(&mut hasher),
        Origin::Replica(primary) => (3, primary.ram.mib(), &primary.settings).hash(&mut hasher),
        Origin::Detached { .. } => 4.hash(&mut hasher),
    }
    let sizes = (size.ram.mib(), size.disk.mib(), size.cpu.millis());
    (service, id, project, major.number(), instances.count(), sizes, public_access).hash(&mut hasher);
    (*power == Power::Stopped, port, password.expose(), generation).hash(&mut hasher);
    hasher.finish()
}

/// User name and password of the owner.
pub(crate) fn owner(desired: &Desired) -> Secret {
    let data = [("username", desired.database.clone()), ("password", desired.password.expose().to_owned())];
    let mut metadata = metadata(desired, names::owner(&desired.service.name));
    metadata.labels.get_or_insert_default().insert(RELOAD.into(), "true".into());
    Secret {
        metadata,
        type_: Some("kubernetes.io/basic-auth".into()),
        data: Some(data.map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes()))).into()),
        ..Secret::default()
    }
}

/// Servers, volumes and settings.
///
/// `raw`: its servers aren't run yet.
pub(crate) fn cluster(desired: &Desired, config: &Config, image: &str, raw: bool) -> Cluster {
    let name = &desired.service.name;
    let hibernation = if desired.power == Power::Stopped { "on" } else { "off" };
    let mut metadata = metadata(desired, name.to_string());
    let fence = raw.then_some([(follows::FENCED, follows::ALL), (follows::RAW, "true")]);
    let annotations = [(HIBERNATION, hibernation)].into_iter().chain(fence.into_iter().flatten());
    metadata.annotations = Some(annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).collect());
    let cpu = desired.size.cpu.millis();
    let memory = format!("{}Mi", desired.size.ram.mib());
    let amounts = |cpu: u32| [("memory".to_owned(), memory.clone()), ("cpu".to_owned(), format!("{cpu}m"))].into();
    let (external, replica) = follows::external(desired).unzip();
    let secret = || Named { name: names::owner(name) };
    let owned = || Owned { database: desired.database.clone(), owner: desired.database.clone(), secret: secret() };
    let mut inherited = names::inherited(&desired.service, desired.id, desired.project);
    if let Origin::Replica(primary) = &desired.origin {
        inherited.insert(names::PRIMARY.into(), primary.name.to_string());
    }
    let spec = Spec {
        instances: desired.instances.count(),
        image_name: Some(image.to_owned()),
        bootstrap: Some(match &desired.origin {
            Origin::Fresh => Bootstrap { initdb: Some(Initdb { owned: owned(), data_checksums: true }), copy: None },
            Origin::Follows(_) | Origin::Promoted { .. } => {
                Bootstrap { initdb: None, copy: Some(Copied { source: follows::SOURCE.into(), owned: None }) }
            }
            Origin::Replica(_) | Origin::Detached { .. } => {
                Bootstrap { initdb: None, copy: Some(Copied { source: follows::SOURCE.into(), owned: Some(owned()) }) }
            }
        }),
        external_clusters: external.into_iter().collect(),
        replica,
        storage: Storage {
            size: format!("{}Mi", desired.size.disk.mib()),
            storage_class: config.storage_class.clone(),
        },
        resources: Resources { requests: amounts(cpu.min(CPU_REQUEST)), limits: amounts(cpu) },
        postgresql: Postgresql { parameters: parameters(&desired.size, follows::least(desired).as_deref()) },
        affinity: Affinity {
            node_selector: config.node_selector.clone(),
            enable_pod_anti_affinity: true,
            topology_key: "kubernetes.io/hostname".into(),
            // where there are fewer nodes than instances they still run
            pod_anti_affinity_type: "preferred".into(),
        },
        probes: Probes {
            startup: Probe { period_seconds: STARTING, failure_threshold: START / STARTING },
            readiness: Probe { period_seconds: READY, failure_threshold: 3 },
        },
        // with one instance it would keep a node from being drained for ever
        enable_pdb: desired.instances.count() > 1,
        smart_shutdown_timeout: 1,
        inherited_metadata: Inherited { labels: inherited },
        managed: Managed {
            services: ManagedServices {
                additional: desired.public_access.then(|| public(desired)).into_iter().collect(),
            },
            roles: match desired.origin {
                Origin::Promoted { .. } => {
                    vec![ManagedRole { name: desired.database.clone(), login: true, password_secret: secret() }]
                }
                Origin::Fresh | Origin::Follows(_) | Origin::Replica(_) | Origin::Detached { .. } => Vec::new(),
            },
        },
    };
    Cluster::new(metadata, spec)
}

/// A way in from outside, to whichever server takes writes.
fn public(desired: &Desired) -> ManagedService {
    ManagedService {
        selector_type: "rw".into(),
        service_template: ServiceTemplate {
            metadata: Named { name: names::public(&desired.service.name) },
            spec: ServiceSpec { kind: "LoadBalancer".into() },
        },
    }
}

/// Who may talk to the instances, and whom they may talk to.
pub(crate) fn policy(desired: &Desired, config: &Config, api_server: &[(IpAddr, u16)]) -> NetworkPolicy {
    let name = &desired.service.name;
    let pods = |key: &str, value: String| NetworkPolicyPeer {
        pod_selector: Some(selector(key, value)),
        ..NetworkPolicyPeer::default()
    };
    let namespace = |name: &str| NetworkPolicyPeer {
        namespace_selector: Some(selector("kubernetes.io/metadata.name", name.to_owned())),
        ..NetworkPolicyPeer::default()
    };
    let members = || pods(names::CLUSTER, name.to_string());
    let replicas = || pods(names::PRIMARY, name.to_string());
    let mut ingress = vec![
        from(vec![namespace(&config.operator_namespace)], &[POSTGRES, STATUS]),
        from(vec![members()], &[POSTGRES, STATUS]),
        from(vec![replicas()], &[POSTGRES]),
        from(vec![pods(names::PROJECT, desired.project.to_string())], &[POSTGRES]),
    ];
    ingress.extend(config.berth_namespace.as_deref().map(|berth| from(vec![namespace(berth)], &[POSTGRES])));
    if desired.public_access {
        ingress.push(NetworkPolicyIngressRule { from: None, ports: Some(vec![port("TCP", POSTGRES)]) });
    }
    let dns = NetworkPolicyEgressRule { ports: Some(vec![port("UDP", DNS), port("TCP", DNS)]), to: None };
    let one = |(address, at): (IpAddr, u16)| {
        let address = address.to_canonical();
        let cidr = format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 });
        let to = NetworkPolicyPeer { ip_block: Some(IPBlock { cidr, except: None }), ..NetworkPolicyPeer::default() };
        NetworkPolicyEgressRule { ports: Some(vec![port("TCP", at)]), to: Some(vec![to]) }
    };
    let outside = api_server.iter().copied().chain(follows::reaches(desired).iter().map(|at| (at.ip(), at.port())));
    let members = NetworkPolicyEgressRule {
        ports: Some(vec![port("TCP", POSTGRES), port("TCP", STATUS)]),
        to: Some(vec![members()]),
    };
    let primary = match &desired.origin {
        Origin::Replica(primary) => Some(NetworkPolicyEgressRule {
            ports: Some(vec![port("TCP", POSTGRES)]),
            to: Some(vec![pods(names::CLUSTER, primary.name.to_string())]),
        }),
        _ => None,
    };
    NetworkPolicy {
        metadata: metadata(desired, name.to_string()),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(names::CLUSTER, name.to_string())),
            policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
            ingress: Some(ingress),
            egress: Some([dns, members].into_iter().chain(primary).chain(outside.map(one)).collect()),
        }),
    }
}

pub(crate) fn metadata(desired: &Desired, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(names::namespace(desired.service.workspace)),
        labels: Some(names::labels(&desired.service, desired.id, desired.project)),
        ..ObjectMeta::default()
    }
}

fn selector(key: &str, value: String) -> LabelSelector {
    LabelSelector { match_labels: Some([(key.to_owned(), value)].into()), ..LabelSelector::default() }
}

fn from(peers: Vec<NetworkPolicyPeer>, ports: &[u16]) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: Some(peers), ports: Some(ports.iter().map(|at| port("TCP", *at)).collect()) }
}

fn port(protocol: &str, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(number.into())),
        protocol: Some(protocol.into()),
        ..NetworkPolicyPort::default()
    }
}

#[cfg(test)]
mod tests;
