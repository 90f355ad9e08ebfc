//! The fields of CloudNativePG's `Cluster` that we set or read (API version `postgresql.cnpg.io/v1`, operator 1.30).

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::Resource;
use kube::core::{NamespaceResourceScope, TypeMeta};
use serde::{Deserialize, Serialize};

/// A PostgreSQL cluster: one primary and its standbys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cluster {
    #[serde(flatten, default)]
    pub(crate) types: Option<TypeMeta>,
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: Spec,
    #[serde(default, skip_serializing)]
    pub(crate) status: Status,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    pub(crate) instances: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bootstrap: Option<Bootstrap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) external_clusters: Vec<ExternalCluster>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replica: Option<Replica>,
    pub(crate) storage: Storage,
    pub(crate) resources: Resources,
    pub(crate) postgresql: Postgresql,
    pub(crate) affinity: Affinity,
    pub(crate) probes: Probes,
    #[serde(rename = "enablePDB")]
    pub(crate) enable_pdb: bool,
    /// Seconds that sessions have to end by themselves, where a server is asked to stop.
    pub(crate) smart_shutdown_timeout: u32,
    pub(crate) inherited_metadata: Inherited,
    pub(crate) managed: Managed,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bootstrap {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) initdb: Option<Initdb>,
    #[serde(rename = "pg_basebackup", skip_serializing_if = "Option::is_none")]
    pub(crate) copy: Option<Copied>,
}

/// A copy of a server that runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Copied {
    pub(crate) source: String,
    /// What the operator takes for the database of applications, and for its owner.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) owned: Option<Owned>,
}

/// A database, and who owns it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Owned {
    pub(crate) database: String,
    pub(crate) owner: String,
    pub(crate) secret: Named,
}

/// A server that isn't one of the cluster's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExternalCluster {
    pub(crate) name: String,
    pub(crate) connection_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<KeyOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ssl_key: Option<KeyOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ssl_cert: Option<KeyOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ssl_root_cert: Option<KeyOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) barman_object_store: Option<ArchiveStore>,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeyOf {
    pub(crate) name: String,
    pub(crate) key: String,
}

/// A bucket that barman writes to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ArchiveStore {
    pub(crate) destination_path: String,
    #[serde(rename = "endpointURL")]
    pub(crate) endpoint_url: String,
    pub(crate) server_name: String,
    pub(crate) s3_credentials: ArchiveKeys,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ArchiveKeys {
    pub(crate) access_key_id: KeyOf,
    pub(crate) secret_access_key: KeyOf,
}

/// Whether the cluster follows another server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Replica {
    pub(crate) enabled: bool,
    pub(crate) source: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Initdb {
    #[serde(flatten)]
    pub(crate) owned: Owned,
    pub(crate) data_checksums: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Storage {
    pub(crate) size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_class: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Resources {
    pub(crate) requests: BTreeMap<String, String>,
    pub(crate) limits: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Postgresql {
    pub(crate) parameters: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Affinity {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) node_selector: BTreeMap<String, String>,
    pub(crate) enable_pod_anti_affinity: bool,
    pub(crate) topology_key: String,
    pub(crate) pod_anti_affinity_type: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Probes {
    pub(crate) startup: Probe,
    pub(crate) readiness: Probe,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Probe {
    pub(crate) period_seconds: u32,
    pub(crate) failure_threshold: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Inherited {
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Managed {
    pub(crate) services: ManagedServices,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<ManagedRole>,
}

/// A role that the operator keeps as it is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedRole {
    pub(crate) name: String,
    pub(crate) login: bool,
    pub(crate) password_secret: Named,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ManagedServices {
    pub(crate) additional: Vec<ManagedService>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedService {
    pub(crate) selector_type: String,
    pub(crate) service_template: ServiceTemplate,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceTemplate {
    pub(crate) metadata: Named,
    pub(crate) spec: ServiceSpec,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceSpec {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// What the operator says of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    pub(crate) phase: Option<String>,
    pub(crate) phase_reason: Option<String>,
    pub(crate) instances: u8,
    pub(crate) ready_instances: u8,
    pub(crate) job_count: u32,
    pub(crate) current_primary: Option<String>,
    #[serde(rename = "initializingPVC")]
    pub(crate) initializing_pvc: Vec<String>,
    pub(crate) conditions: Vec<Condition>,
}

impl Cluster {
    pub(crate) fn new(metadata: ObjectMeta, spec: Spec) -> Self {
        let types = TypeMeta { api_version: Self::api_version(&()).into(), kind: Self::kind(&()).into() };
        Self { types: Some(types), metadata, spec, status: Status::default() }
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.annotations.as_ref()?.get(key).map(String::as_str)
    }
}

impl Status {
    pub(crate) fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == kind)
    }
}

/// A database in a cluster that wasn't made with it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Database {
    #[serde(flatten, default)]
    pub(crate) types: Option<TypeMeta>,
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: DatabaseSpec,
    #[serde(default, skip_serializing)]
    pub(crate) status: DatabaseStatus,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DatabaseSpec {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) template: String,
    pub(crate) cluster: Named,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DatabaseStatus {
    pub(crate) applied: Option<bool>,
    #[serde(default)]
    pub(crate) message: String,
}

impl Database {
    /// Owned by a role of its own name, and empty. Not from `template1`: PostgreSQL refuses that where its collations are those of
    /// another system's libraries, as a copy's may be.
    pub(crate) fn new(metadata: ObjectMeta, name: String, cluster: Named) -> Self {
        let types = TypeMeta { api_version: Self::api_version(&()).into(), kind: Self::kind(&()).into() };
        let spec = DatabaseSpec { owner: name.clone(), name, template: "template0".into(), cluster };
        Self { types: Some(types), metadata, spec, status: DatabaseStatus::default() }
    }
}

impl Resource for Database {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(_: &()) -> Cow<'_, str> {
        "Database".into()
    }

    fn group(_: &()) -> Cow<'_, str> {
        "postgresql.cnpg.io".into()
    }

    fn version(_: &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural(_: &()) -> Cow<'_, str> {
        "databases".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Resource for Cluster {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(_: &()) -> Cow<'_, str> {
        "Cluster".into()
    }

    fn group(_: &()) -> Cow<'_, str> {
        "postgresql.cnpg.io".into()
    }

    fn version(_: &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural(_: &()) -> Cow<'_, str> {
        "clusters".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
