//! A cluster that follows a server outside of CloudNativePG's care, or another cluster.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use contract::replication::Lsn;
use contract::spec::{Size, Source, SourceAuth, WalArchive};
use control::port::{Desired, Following, Follows, Origin, Phase, PortError, Primary, ServiceRef, SslMode};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{AttachParams, ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::answers::failed;
use crate::cluster::{ArchiveKeys, ArchiveStore, Cluster, ExternalCluster, KeyOf, Named, Replica};
use crate::manifests::{POSTGRES, metadata};
use crate::parameters::floor;
use crate::provisioner::CONTAINER;
use crate::{Inner, names, phases};

/// The operator's: a list of instances whose PostgreSQL isn't run.
pub(crate) const FENCED: &str = "cnpg.io/fencedInstances";
pub(crate) const ALL: &str = "[\"*\"]";
/// Ours, beside the fence that we put up: somebody else may put up one of his own.
pub(crate) const RAW: &str = "berth.dev/raw";
/// The operator's role that standbys sign in as.
const STREAMING: &str = "streaming_replica";
/// What the source is called in a cluster.
pub(crate) const SOURCE: &str = "source";

/// Keys of the Secret with what is needed to sign in at a source.
const PASSWORD: &str = "password";
const KEY: &str = "tls.key";
const CERTIFICATE: &str = "tls.crt";
const AUTHORITY: &str = "ca.crt";
const ACCESS_KEY: &str = "access-key";
const SECRET_KEY: &str = "secret-key";

/// Where the operator keeps the data of an instance, and the two files that a copy brings along from its source.
const CONF: &str = "/var/lib/postgresql/data/pgdata/postgresql.conf";
const AUTO_CONF: &str = "/var/lib/postgresql/data/pgdata/postgresql.auto.conf";
/// What stands in that file where the operator has made a server itself.
const INCLUDES: &[u8] = b"include 'custom.conf'\ninclude 'override.conf'\n";

/// PostgreSQL from which on libpq can be told which ways of signing in it may use.
const REQUIRE_AUTH: u8 = 16;

/// Whatever signs in at the source.
pub(crate) fn secret(desired: &Desired, source: &Source) -> Secret {
    let mut data: BTreeMap<&str, &str> = match &source.auth {
        SourceAuth::Password { password, ca } => {
            [(PASSWORD, password.expose())].into_iter().chain(ca.as_deref().map(|ca| (AUTHORITY, ca))).collect()
        }
        SourceAuth::Tls { ca, certificate, key } => {
            [(AUTHORITY, ca.as_str()), (CERTIFICATE, certificate), (KEY, key.expose())].into()
        }
    };
    if let Some(archive) = &source.archive {
        data.extend([(ACCESS_KEY, archive.access_key.expose()), (SECRET_KEY, archive.secret_key.expose())]);
    }
    let data = data.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())));
    Secret {
        metadata: metadata(desired, names::source(&desired.service.name)),
        data: Some(data.collect()),
        ..Secret::default()
    }
}

/// The source in a cluster, and how it is followed; of one that was promoted nothing but where it was.
pub(crate) fn external(desired: &Desired) -> Option<(ExternalCluster, Replica)> {
    let replica = |enabled| Replica { enabled, source: SOURCE.into() };
    match &desired.origin {
        Origin::Fresh => None,
        Origin::Promoted { host, port, .. } => {
            let parameters = [("host", host.clone()), ("port", port.to_string())];
            let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
            let external = ExternalCluster {
                name: SOURCE.into(),
                connection_parameters: parameters,
                ..ExternalCluster::default()
            };
            Some((external, replica(false)))
        }
        Origin::Follows(follows) => Some((followed(desired, follows), replica(true))),
        Origin::Replica(primary) => Some((neighbour(desired, primary), replica(true))),
        Origin::Detached { from } => {
            let service = ServiceRef { workspace: desired.service.workspace, name: from.clone() };
            let connection_parameters = [("host".to_owned(), names::host(&service))].into();
            let name = SOURCE.into();
            Some((ExternalCluster { name, connection_parameters, ..ExternalCluster::default() }, replica(false)))
        }
    }
}

/// Another cluster, signed in to by the certificate of its standbys, which the operator renews.
fn neighbour(desired: &Desired, primary: &Primary) -> ExternalCluster {
    let service = ServiceRef { workspace: desired.service.workspace, name: primary.name.clone() };
    let parameters = [
        ("host", names::host(&service)),
        ("port", POSTGRES.to_string()),
        ("user", STREAMING.to_owned()),
        ("dbname", "postgres".to_owned()),
        ("sslmode", SslMode::VerifyFull.as_str().to_owned()),
        ("application_name", desired.service.name.to_string()),
    ];
    let key = |secret: String, key: &str| Some(KeyOf { name: secret, key: key.into() });
    ExternalCluster {
        name: SOURCE.into(),
        connection_parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(),
        ssl_key: key(names::replication(&primary.name), KEY),
        ssl_cert: key(names::replication(&primary.name), CERTIFICATE),
        ssl_root_cert: key(names::authority(&primary.name), AUTHORITY),
        ..ExternalCluster::default()
    }
}

/// Settings that it may not fall below.
pub(crate) fn least(desired: &Desired) -> Option<Cow<'_, BTreeMap<String, u32>>> {
    let Origin::Replica(primary) = &desired.origin else { return desired.origin.settings().map(Cow::Borrowed) };
    let mut least = floor(&Size { ram: primary.ram, ..desired.size });
    for (name, value) in &primary.settings {
        let here = least.entry(name.clone()).or_default();
        *here = (*here).max(*value);
    }
    Some(Cow::Owned(least))
}

fn followed(desired: &Desired, follows: &Follows) -> ExternalCluster {
    let Follows { source, sslmode, .. } = follows;
    let secret = names::source(&desired.service.name);
    let key = |key: &str| Some(KeyOf { name: secret.clone(), key: key.into() });
    let mut parameters = vec![
        ("host", source.host.as_str().to_owned()),
        ("port", source.port.number().to_string()),
        ("user", source.username.as_str().to_owned()),
        ("dbname", "postgres".to_owned()),
        ("sslmode", sslmode.as_str().to_owned()),
        ("application_name", desired.service.name.to_string()),
    ];
    let by_password = matches!(source.auth, SourceAuth::Password { .. });
    if by_password && desired.major.number() >= REQUIRE_AUTH {
        parameters.push(("require_auth", "scram-sha-256".to_owned()));
    } else if by_password && *sslmode == SslMode::Require {
        // nothing else keeps whoever answers from asking for the password in clear
        parameters.push(("channel_binding", "require".to_owned()));
    }
    let checked = matches!(sslmode, SslMode::VerifyFull | SslMode::VerifyCa);
    ExternalCluster {
        name: SOURCE.into(),
        connection_parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        password: by_password.then(|| key(PASSWORD)).flatten(),
        ssl_key: (!by_password).then(|| key(KEY)).flatten(),
        ssl_cert: (!by_password).then(|| key(CERTIFICATE)).flatten(),
        ssl_root_cert: checked.then(|| key(AUTHORITY)).flatten(),
        barman_object_store: source.archive.as_ref().map(|archive| store(archive, &secret)),
    }
}

/// The WAL archive. CloudNativePG 1.31 takes it from the Barman Cloud plugin's `ObjectStore` instead.
fn store(archive: &WalArchive, secret: &str) -> ArchiveStore {
    let key = |key: &str| KeyOf { name: secret.to_owned(), key: key.into() };
    let path = archive.path.as_str().trim_matches('/');
    ArchiveStore {
        destination_path: format!("s3://{}/{path}", archive.bucket.as_str()),
        endpoint_url: archive.endpoint.as_str().trim_end_matches('/').to_owned(),
        server_name: archive.server_name.as_str().to_owned(),
        s3_credentials: ArchiveKeys { access_key_id: key(ACCESS_KEY), secret_access_key: key(SECRET_KEY) },
    }
}

/// Whether a cluster that follows still has to be given settings of the operator's. One that isn't there yet has.
pub(crate) fn is_raw(desired: &Desired, there: Option<&Cluster>) -> bool {
    desired.origin.follows().is_some() && there.is_none_or(|cluster| cluster.annotation(RAW).is_some())
}

/// Where its pods have to go besides.
pub(crate) fn reaches(desired: &Desired) -> &[SocketAddr] {
    desired.origin.follows().map(|follows| follows.at.as_slice()).unwrap_or_default()
}

impl Inner {
    /// A copy has its source's settings: sockets and directories that aren't there, and nothing that includes what the operator
    /// writes (<https://github.com/cloudnative-pg/cloudnative-pg/issues/1338>). As soon as the first instance is there, and before
    /// its server runs, these files become what they are where the operator has made them. True: it is done.
    pub(crate) async fn settle(&self, service: &ServiceRef) -> Result<bool, PortError> {
        let pods = self.namespaced::<Pod>(service);
        let found = pods.list(&ListParams::default().labels(&names::instances(&service.name))).await.map_err(failed)?;
        let Some(pod) = found.items.iter().find(|pod| runs(pod)).and_then(|pod| pod.metadata.name.clone()) else {
            return Ok(false);
        };
        self.execute(service, &pod, &["tee", CONF], INCLUDES).await?;
        self.execute(service, &pod, &["rm", "-f", AUTO_CONF], &[]).await?;
        let lifted = json!({ "metadata": { "annotations": { FENCED: null, RAW: null } } });
        let ours = PatchParams { field_manager: Some(names::FIELD_MANAGER.into()), ..PatchParams::default() };
        let clusters = self.namespaced::<Cluster>(service);
        clusters.patch(service.name.as_str(), &ours, &Patch::Merge(lifted)).await.map_err(failed)?;
        Ok(true)
    }

    async fn execute(&self, service: &ServiceRef, pod: &str, command: &[&str], input: &[u8]) -> Result<(), PortError> {
        let broke = |error: &dyn std::fmt::Display| PortError::retry(format!("Its settings can't be written: {error}"));
        let how = AttachParams::default().container(CONTAINER).stdin(true).stdout(false).stderr(false);
        let mut process =
            self.namespaced::<Pod>(service).exec(pod, command.iter().copied(), &how).await.map_err(failed)?;
        if let Some(mut stdin) = process.stdin() {
            stdin.write_all(input).await.map_err(|error| broke(&error))?;
            stdin.shutdown().await.map_err(|error| broke(&error))?;
        }
        let ended = process.take_status();
        process.join().await.map_err(|error| broke(&error))?;
        let ended = match ended {
            Some(ended) => ended.await,
            None => None,
        };
        match ended.and_then(|status| status.status) {
            Some(status) if status == "Success" => Ok(()),
            _ => Err(broke(&format_args!("{} failed", command.join(" ")))),
        }
    }

    /// What the instance at the head of a cluster says of its source.
    pub(crate) async fn following(&self, service: &ServiceRef) -> Result<Option<Following>, PortError> {
        let Some(cluster) = self.look(service, None).await? else { return Ok(None) };
        let replicates = cluster.spec.replica.as_ref().is_some_and(|replica| replica.enabled);
        let Some(head) = cluster.status.current_primary.as_deref().filter(|_| replicates) else { return Ok(None) };
        let at = self.instance(service, head).await?;
        let (received, replayed): (Option<Lsn>, Option<Lsn>) = (at.received_lsn, at.replay_lsn);
        Ok(Some(Following { streams: at.is_wal_receiver_active, received, replayed }))
    }

    /// What the instance that takes writes says of itself.
    pub(crate) async fn written(&self, service: &ServiceRef) -> Result<Option<Lsn>, PortError> {
        let Some(cluster) = self.look(service, None).await? else { return Ok(None) };
        let Some(primary) = cluster.status.current_primary.as_deref() else { return Ok(None) };
        if phases::read(&cluster).phase <= Phase::Stopped {
            return Ok(None);
        }
        Ok(self.instance(service, primary).await?.current_lsn)
    }
}

/// Whether the container that PostgreSQL runs in is there.
fn runs(pod: &Pod) -> bool {
    let containers = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    let runs = |state: &k8s_openapi::api::core::v1::ContainerState| state.running.is_some();
    containers.iter().any(|container| container.name == CONTAINER && container.state.as_ref().is_some_and(runs))
}

/// The role of an owner who comes with a promotion.
pub(crate) fn database(desired: &Desired) -> crate::cluster::Database {
    let name = &desired.service.name;
    crate::cluster::Database::new(
        metadata(desired, name.to_string()),
        desired.database.clone(),
        Named { name: name.to_string() },
    )
}
