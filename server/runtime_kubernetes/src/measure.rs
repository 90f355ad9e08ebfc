//! What a running service does and takes: the database says what it does, the kubelet what its pods take.

use std::collections::HashMap;
use std::sync::Arc;

use control::port::{Measurement, Phase, PortError, ServiceRef, SignIn};
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;

use crate::Inner;
use crate::answers::failed;
use crate::names;
use crate::phases;
use crate::session::{ask, refused};

// One round trip. The owner sees no more of other databases than that they are there.
const MEASURE: &str = "select
    (select greatest(sum(numbackends)::bigint - 1, 0) from pg_stat_database where datname = current_database()),
    current_setting('max_connections')::bigint,
    (select sum(xact_commit + xact_rollback)::bigint from pg_stat_database),
    (select sum(blks_hit)::bigint from pg_stat_database),
    (select sum(blks_read)::bigint from pg_stat_database),
    pg_database_size(current_database()),
    coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0'), 0)::bigint";

/// The part of the kubelet's summary that is read: <https://kubernetes.io/docs/reference/instrumentation/node-metrics/>.
#[derive(Deserialize)]
struct Summary {
    pods: Vec<PodStats>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodStats {
    pod_ref: PodRef,
    #[serde(default)]
    cpu: Cpu,
    #[serde(default)]
    memory: Memory,
}

#[derive(Deserialize)]
struct PodRef {
    name: String,
    namespace: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cpu {
    usage_core_nano_seconds: u64,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Memory {
    working_set_bytes: u64,
}

/// What each pod of a node takes, by namespace and name.
pub(crate) type Loads = Arc<HashMap<(String, String), (Cpu, Memory)>>;

impl Inner {
    pub(crate) async fn measure(&self, at: &SignIn) -> Result<Option<Measurement>, PortError> {
        let service = &at.service;
        let cluster = self.look(service, None).await?;
        let Some(cluster) = cluster.filter(|cluster| phases::read(cluster).phase == Phase::Running) else {
            return Ok(None);
        };
        let Some(primary) = &cluster.status.current_primary else { return Ok(None) };
        let Some((cpu, memory)) = self.load(service, primary).await? else { return Ok(None) };
        let client = self.session(at).await?;
        let row = ask(&client, MEASURE).await?;
        let number = |at: usize| row.try_get::<_, i64>(at).map_err(|error| refused(&error));
        Ok(Some(Measurement {
            connections: number(0)?,
            max_connections: number(1)?,
            transactions: number(2)?,
            blocks_hit: number(3)?,
            blocks_read: number(4)?,
            size: number(5)?,
            wal: number(6)?,
            cpu_ms: i64::try_from(cpu.usage_core_nano_seconds / 1_000_000).unwrap_or(i64::MAX),
            memory: i64::try_from(memory.working_set_bytes).unwrap_or(i64::MAX),
        }))
    }

    /// What a pod takes; nothing where its kubelet hasn't looked at it yet.
    async fn load(&self, service: &ServiceRef, pod: &str) -> Result<Option<(Cpu, Memory)>, PortError> {
        let key = (names::namespace(service.workspace), pod.to_owned());
        let known = self.nodes.get(&key).await;
        let node = match known {
            Some(node) => node,
            None => {
                let there = self.namespaced::<Pod>(service).get_opt(pod).await.map_err(failed)?;
                let Some(node) = there.and_then(|pod| pod.spec?.node_name) else { return Ok(None) };
                self.nodes.insert(key.clone(), node.clone()).await;
                node
            }
        };
        let loads = self.loads.try_get_with(node.clone(), self.loads(&node)).await;
        let loads = loads.map_err(|error| PortError::clone(&error))?;
        let found = loads.get(&key).copied();
        if found.is_none() {
            // another pod of its name may be on another node
            self.nodes.invalidate(&key).await;
        }
        // zero where the kubelet knows of the pod and hasn't looked at it yet
        let looked = |(cpu, memory): &(Cpu, Memory)| cpu.usage_core_nano_seconds > 0 && memory.working_set_bytes > 0;
        Ok(found.filter(looked))
    }

    async fn loads(&self, node: &str) -> Result<Loads, PortError> {
        let request = http::Request::get(format!("/api/v1/nodes/{node}/proxy/stats/summary")).body(Vec::new());
        let request = request.map_err(|error| PortError::retry(format!("{node} can't be asked: {error}")))?;
        let summary: Summary = self.client.request(request).await.map_err(failed)?;
        let each =
            summary.pods.into_iter().map(|pod| ((pod.pod_ref.namespace, pod.pod_ref.name), (pod.cpu, pod.memory)));
        Ok(Arc::new(each.collect()))
    }
}
