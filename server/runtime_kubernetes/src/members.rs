//! The servers behind a service: their pods, and how far each follows.

use contract::members::Member;
use contract::service::MemberRole;
use control::port::{PortError, ServiceRef};
use k8s_openapi::api::core::v1::{ContainerState, Pod};
use kube::api::ListParams;

use crate::answers::failed;
use crate::{Inner, names};

/// The operator's label: `primary` or `replica`.
const ROLE: &str = "cnpg.io/instanceRole";

impl Inner {
    /// However many pages show them, they are asked for once in a moment.
    pub(crate) async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        let known = self.members.try_get_with(service.clone(), self.members_now(service)).await;
        known.map_err(|error| PortError::clone(&error))
    }

    async fn members_now(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        let pods = self.namespaced::<Pod>(service);
        let found = pods.list(&ListParams::default().labels(&names::instances(&service.name))).await.map_err(failed)?;
        let mut members: Vec<Member> = found.items.iter().map(member).collect();
        let primary = members.iter().find(|member| member.role == Some(MemberRole::Primary) && member.ready);
        if let Some(primary) = primary.map(|primary| primary.name.clone())
            && members.len() > 1
        {
            match self.instance(service, &primary).await {
                Ok(at) => {
                    for standby in members.iter_mut().filter(|member| member.name != primary) {
                        standby.lag_bytes = at.behind(&standby.name);
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
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    ready && pod.metadata.deletion_timestamp.is_none()
}

fn member(pod: &Pod) -> Member {
    let status = pod.status.as_ref();
    let role = pod.metadata.labels.as_ref().and_then(|labels| labels.get(ROLE)).map(String::as_str);
    let going = pod.metadata.deletion_timestamp.is_some();
    Member {
        name: pod.metadata.name.clone().unwrap_or_default(),
        role: match role {
            Some("primary") => Some(MemberRole::Primary),
            Some("replica") => Some(MemberRole::Replica),
            _ => None,
        },
        ready: is_ready(pod),
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
