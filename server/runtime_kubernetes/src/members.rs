//! The servers behind a service: their pods, and how far each follows.

use std::collections::BTreeMap;

use contract::members::Member;
use contract::service::MemberRole;
use control::port::{PortError, ServiceRef};
use k8s_openapi::api::core::v1::{ContainerState, Pod};
use kube::api::ListParams;
use prometheus_parse::{Scrape, Value};

use crate::answers::failed;
use crate::{Inner, names};

/// The operator's label: `primary` or `replica`.
const ROLE: &str = "cnpg.io/instanceRole";
/// Where an instance manager serves its numbers, and the one for what a standby hasn't replayed (from the operator's default
/// queries). A standby that doesn't stream has none: its own view of its lag reads 0 when the link is dead.
const METRICS: u16 = 9187;
const BEHIND: &str = "cnpg_pg_stat_replication_replay_diff_bytes";
const STANDBY: &str = "application_name";

impl Inner {
    pub(crate) async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        let pods = self.namespaced::<Pod>(service);
        let found = pods.list(&ListParams::default().labels(&names::instances(&service.name))).await.map_err(failed)?;
        let mut members: Vec<Member> = found.items.iter().map(member).collect();
        let primary = members.iter().find(|member| member.role == Some(MemberRole::Primary) && member.ready);
        if let Some(primary) = primary.map(|primary| primary.name.clone())
            && members.len() > 1
        {
            match self.behind(service, &primary).await {
                Ok(behind) => {
                    for standby in members.iter_mut().filter(|member| member.name != primary) {
                        standby.lag_bytes = behind.get(&standby.name).copied();
                        if standby.ready && standby.lag_bytes.is_none() {
                            standby.detail = Some("It does not stream from the primary".into());
                        }
                    }
                }
                // then nothing is known of how far they are
                Err(error) => tracing::debug!(%service, %error, "the primary does not say how far its standbys are"),
            }
        }
        members.sort_by(|a, b| {
            (a.role != Some(MemberRole::Primary), &a.name).cmp(&(b.role != Some(MemberRole::Primary), &b.name))
        });
        Ok(members)
    }

    /// Bytes that each standby hasn't replayed, as the primary says.
    async fn behind(&self, service: &ServiceRef, primary: &str) -> Result<BTreeMap<String, i64>, PortError> {
        let namespace = names::namespace(service.workspace);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{primary}:{METRICS}/proxy/metrics");
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| PortError::retry(format!("{primary} can't be asked: {error}")))?;
        let text = self.client.request_text(request).await.map_err(failed)?;
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned())));
        let scrape =
            scrape.map_err(|error| PortError::retry(format!("{primary} says nothing of its standbys: {error}")))?;
        Ok(scrape
            .samples
            .into_iter()
            .filter_map(|sample| match sample.value {
                Value::Gauge(bytes) if sample.metric == BEHIND => {
                    Some((sample.labels.get(STANDBY)?.to_owned(), bytes as i64))
                }
                _ => None,
            })
            .collect())
    }
}

fn member(pod: &Pod) -> Member {
    let status = pod.status.as_ref();
    let role = pod.metadata.labels.as_ref().and_then(|labels| labels.get(ROLE)).map(String::as_str);
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let going = pod.metadata.deletion_timestamp.is_some();
    let ready = !going && conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    Member {
        name: pod.metadata.name.clone().unwrap_or_default(),
        role: match role {
            Some("primary") => Some(MemberRole::Primary),
            Some("replica") => Some(MemberRole::Replica),
            _ => None,
        },
        ready,
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        started_at: status
            .and_then(|status| status.start_time.as_ref())
            .and_then(|at| time::OffsetDateTime::from_unix_timestamp(at.0.as_second()).ok()),
        lag_bytes: None,
        detail: if going { Some("It is ending".into()) } else { waits_for(pod) },
    }
}

/// What a pod that isn't ready waits for, in the scheduler's or the kubelet's words.
fn waits_for(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let unplaced = conditions.iter().find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
    if let Some(unplaced) = unplaced {
        return unplaced.message.clone().or_else(|| unplaced.reason.clone());
    }
    let containers = status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten());
    containers.filter_map(|container| container.state.as_ref()).find_map(said)
}

fn said(state: &ContainerState) -> Option<String> {
    if let Some(waiting) = &state.waiting {
        return waiting.message.clone().or_else(|| waiting.reason.clone());
    }
    let ended = state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    Some(ended.message.clone().unwrap_or_else(|| format!("It ended with exit code {}", ended.exit_code)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_that_is_not_placed_says_why() {
        let pod = json!({
            "metadata": { "name": "x-2", "labels": { ROLE: "replica" } },
            "status": { "conditions": [{ "type": "PodScheduled", "status": "False", "message": "0/1 nodes are available" }] },
        });
        let seen = member(&serde_json::from_value(pod).unwrap());
        assert_eq!((seen.role, seen.ready), (Some(MemberRole::Replica), false));
        assert_eq!(seen.detail.as_deref(), Some("0/1 nodes are available"));
    }

    #[test]
    fn an_image_that_is_not_there_is_said() {
        let waiting = json!({ "name": "postgres", "image": "a", "imageID": "", "ready": false, "restartCount": 0,
                              "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } } });
        let pod = json!({ "metadata": { "name": "x-1" }, "status": { "containerStatuses": [waiting] } });
        assert_eq!(member(&serde_json::from_value(pod).unwrap()).detail.as_deref(), Some("no such image"));
    }
}
