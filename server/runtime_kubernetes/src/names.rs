//! What objects are called, and the labels by which they are found again.

use std::collections::BTreeMap;

use control::port::{ServiceName, ServiceRef};
use uuid::Uuid;

/// Whose fields they are, for server-side apply.
pub(crate) const FIELD_MANAGER: &str = "berth";

/// Whose fields of an app they are that give it a volume: the same for no other volume, so that each is taken away by itself.
pub(crate) fn mounter(volume: &ServiceName) -> String {
    format!("{FIELD_MANAGER}/{volume}")
}

pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(crate) const WORKSPACE: &str = "berth.dev/workspace";
pub(crate) const PROJECT: &str = "berth.dev/project";
pub(crate) const SERVICE: &str = "berth.dev/service";
pub(crate) const NAME: &str = "berth.dev/name";
/// On the pods of a replica: whom they may go to.
pub(crate) const PRIMARY: &str = "berth.dev/primary";
/// The operator's, on everything that it makes for a cluster.
pub(crate) const CLUSTER: &str = "cnpg.io/cluster";

/// The namespace of a workspace.
pub(crate) fn namespace(workspace: Uuid) -> String {
    format!("berth-{workspace}")
}

/// The Service that leads to the primary, also a name in its certificate.
pub(crate) fn primary(name: &ServiceName) -> String {
    format!("{name}-rw")
}

/// The Service that leads to the primary from outside.
pub(crate) fn public(name: &ServiceName) -> String {
    format!("{name}-public")
}

/// The name of the primary's Service within the cluster.
pub(crate) fn host(service: &ServiceRef) -> String {
    format!("{}.{}.svc", primary(&service.name), namespace(service.workspace))
}

/// The Secret with the owner's user name and password.
pub(crate) fn owner(name: &ServiceName) -> String {
    format!("{name}-owner")
}

/// The Secret with what signs in at the server that it follows.
pub(crate) fn source(name: &ServiceName) -> String {
    format!("{name}-source")
}

/// The Secret with the variables of a project.
pub(crate) fn variables(project: Uuid) -> String {
    format!("variables-{project}")
}

/// The operator's Secret with the certificate that a cluster's standbys sign in with.
pub(crate) fn replication(name: &ServiceName) -> String {
    format!("{name}-replication")
}

/// The operator's Secret with the authority of a cluster's certificates.
pub(crate) fn authority(name: &ServiceName) -> String {
    format!("{name}-ca")
}

/// Selects everything that the operator has made for a cluster.
pub(crate) fn of_cluster(name: &ServiceName) -> String {
    format!("{CLUSTER}={name}")
}

/// Selects the pods of its servers.
pub(crate) fn instances(name: &ServiceName) -> String {
    format!("{CLUSTER}={name},cnpg.io/podRole=instance")
}

/// The labels of everything that is a service's, also of what the operator makes for it.
pub(crate) fn inherited(service: &ServiceRef, id: Uuid, project: Uuid) -> BTreeMap<String, String> {
    [
        (SERVICE, id.to_string()),
        (NAME, service.name.to_string()),
        (PROJECT, project.to_string()),
        (WORKSPACE, service.workspace.to_string()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// The labels of what we make ourselves.
pub(crate) fn labels(service: &ServiceRef, id: Uuid, project: Uuid) -> BTreeMap<String, String> {
    let mut labels = inherited(service, id, project);
    labels.insert(MANAGED_BY.into(), FIELD_MANAGER.into());
    labels
}
