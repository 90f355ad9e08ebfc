//! How far a cluster is, from what the operator says of it.

use control::port::{Observed, Phase};

use crate::cluster::Cluster;
use crate::manifests::HIBERNATION;

/// At most [`Phase::Running`]: whether role and settings are as wanted is no question of a look.
pub(crate) fn read(cluster: &Cluster) -> Observed {
    Observed { primary: cluster.status.current_primary.clone(), degraded: degraded(cluster), ..phase(cluster) }
}

fn degraded(cluster: &Cluster) -> Option<String> {
    let (ready, wanted) = (cluster.status.ready_instances, cluster.spec.instances);
    (0 < ready && ready < wanted).then(|| format!("{ready} of {wanted} servers are ready"))
}

/// Whether all servers are there that are wanted, none is being added, and one of them serves. Some may be down.
pub(crate) fn is_settled(cluster: &Cluster) -> bool {
    let status = &cluster.status;
    let at_rest = status.phase.as_deref().is_some_and(|words| words == HEALTHY || words == WAITING);
    at_rest && status.instances == cluster.spec.instances && status.ready_instances > 0
}

/// The same, and all of them are ready.
pub(crate) fn is_whole(cluster: &Cluster) -> bool {
    let status = &cluster.status;
    status.phase.as_deref() == Some(HEALTHY) && status.ready_instances == cluster.spec.instances
}

fn phase(cluster: &Cluster) -> Observed {
    let status = &cluster.status;
    let words = status.phase.as_deref().unwrap_or_default();
    let hibernation = status.condition(HIBERNATION);
    if cluster.annotation(HIBERNATION) == Some("on")
        && let Some(condition) = hibernation
    {
        match condition.reason.as_str() {
            "Hibernated" => return Observed::at(Phase::Stopped),
            "DeletingPods" | "WaitingPodsDeletion" => {
                return Observed::saying(Phase::Starting, "Its servers are ending");
            }
            // it waits for the cluster to be healthy first
            _ => {}
        }
    }
    let serves = status.ready_instances > 0;
    let said = || match status.phase_reason.as_deref() {
        Some(reason) if !reason.is_empty() => format!("{words}: {reason}"),
        _ => words.to_owned(),
    };
    match words {
        HEALTHY if serves => Observed::at(Phase::Running),
        UNRECOVERABLE => Observed::saying(Phase::Lost, said()),
        _ if REPLACING.contains(&words) => Observed::saying(Phase::Starting, said()),
        // a standby that is made, a setting that is reloaded, and what a later operator may come to say
        _ if serves => Observed::saying(Phase::Running, said()),
        "" => Observed::saying(Phase::Preparing, "The operator has not begun"),
        FIRST_PRIMARY => first_primary(cluster),
        _ if STARTING.contains(&words) => Observed::saying(Phase::Starting, said()),
        _ => Observed::saying(Phase::Preparing, said()),
    }
}

const HEALTHY: &str = "Cluster in healthy state";
const WAITING: &str = "Waiting for the instances to become active";
const FIRST_PRIMARY: &str = "Setting up primary";
const UNRECOVERABLE: &str = "Cluster is unrecoverable and needs manual intervention";

/// The server that takes writes is away, or goes in a moment.
const REPLACING: &[&str] = &[
    "Switchover in progress",
    "Failing over",
    "Upgrading cluster",
    "Upgrading Postgres major version",
    "Primary instance is being restarted in-place",
    "Primary instance is being restarted without a switchover",
    "Promoting to primary cluster",
];

/// The volume is there, and a server will be.
const STARTING: &[&str] =
    &[HEALTHY, WAITING, "Creating a new replica", "Applying configuration", "Online upgrade in progress"];

/// Nothing but somebody's change mends these.
const STUCK: &[&str] = &[
    "Waiting for user action",
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
    "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
    "Cluster has incomplete or invalid image catalog",
    "Cluster cannot execute instance online upgrade due to missing architecture binary",
    "Unable to create required cluster objects",
    "Invalid cluster definition",
];

/// What the operator can't go on with, in its words.
pub(crate) fn stuck(cluster: &Cluster) -> Option<String> {
    let words = cluster.status.phase.as_deref().filter(|words| STUCK.contains(words))?;
    let reason = cluster.status.phase_reason.as_deref().unwrap_or_default();
    Some(format!("The operator says: {words}: {reason}"))
}

fn first_primary(cluster: &Cluster) -> Observed {
    let status = &cluster.status;
    let copied = cluster.spec.bootstrap.as_ref().is_some_and(|bootstrap| bootstrap.copy.is_some());
    if copied && status.job_count > 0 {
        // pg_basebackup asks for a checkpoint that is spread, as is kind to the source
        let said = "The source is being copied; that begins with a checkpoint there, which may take minutes";
        return Observed::saying(Phase::Preparing, said);
    }
    if status.job_count > 0 || !status.initializing_pvc.is_empty() {
        return Observed::saying(Phase::Preparing, "The volume is asked for, and initdb runs on it");
    }
    if status.instances > 0 {
        return Observed::saying(Phase::Starting, "The volume is ready");
    }
    Observed::saying(Phase::Preparing, "The volume is being asked for")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(annotations: Value, status: Value) -> Phase {
        let cluster = json!({ "metadata": { "name": "x", "annotations": annotations }, "status": status });
        read(&serde_json::from_value(cluster).unwrap()).phase
    }

    #[test]
    fn the_whole_table() {
        let primary = "Setting up primary";
        for (status, phase) in [
            (json!({}), Phase::Preparing),
            (json!({ "phase": primary }), Phase::Preparing),
            (json!({ "phase": primary, "jobCount": 1, "instances": 1 }), Phase::Preparing),
            (json!({ "phase": primary, "initializingPVC": ["x-1"], "instances": 1 }), Phase::Preparing),
            (json!({ "phase": primary, "instances": 1 }), Phase::Starting),
            (json!({ "phase": "Waiting for the instances to become active", "instances": 1 }), Phase::Starting),
            (json!({ "phase": HEALTHY, "readyInstances": 1 }), Phase::Running),
            (json!({ "phase": HEALTHY }), Phase::Starting),
            (json!({ "phase": "Creating a new replica", "readyInstances": 1 }), Phase::Running),
            (json!({ "phase": "Failing over", "readyInstances": 2 }), Phase::Starting),
            (json!({ "phase": "Primary instance is being restarted in-place", "readyInstances": 1 }), Phase::Starting),
            (json!({ "phase": UNRECOVERABLE }), Phase::Lost),
            (json!({ "phase": "Something that a later version says" }), Phase::Preparing),
            (json!({ "phase": "Something that a later version says", "readyInstances": 1 }), Phase::Running),
        ] {
            assert_eq!(seen(json!({}), status.clone()), phase, "{status}");
        }
    }

    #[test]
    fn a_hibernated_cluster_is_stopped_once_its_pods_are_gone() {
        let condition = |reason: &str| {
            json!([{ "type": HIBERNATION, "status": "False", "reason": reason, "message": "",
                     "lastTransitionTime": "2026-01-01T00:00:00Z" }])
        };
        let stopping = |reason: &str| {
            seen(
                json!({ HIBERNATION: "on" }),
                json!({ "phase": HEALTHY, "readyInstances": 1, "conditions": condition(reason) }),
            )
        };
        assert_eq!(stopping("Hibernated"), Phase::Stopped);
        assert_eq!(stopping("DeletingPods"), Phase::Starting);
        assert_eq!(stopping("WaitingPodsDeletion"), Phase::Starting);
        assert_eq!(stopping("WaitingForHealthy"), Phase::Running);
    }

    #[test]
    fn a_server_that_is_down_is_said_and_one_that_is_added_is_waited_for() {
        let cluster = |status: Value| -> Cluster {
            serde_json::from_value(json!({ "metadata": {}, "spec": { "instances": 3 }, "status": status })).unwrap()
        };
        let down = cluster(json!({ "phase": WAITING, "instances": 3, "readyInstances": 2 }));
        assert_eq!(read(&down).degraded.as_deref(), Some("2 of 3 servers are ready"));
        assert!(is_settled(&down) && !is_whole(&down));
        let added = cluster(json!({ "phase": "Creating a new replica", "instances": 2, "readyInstances": 2 }));
        assert!(!is_settled(&added));
        let whole = cluster(json!({ "phase": HEALTHY, "instances": 3, "readyInstances": 3 }));
        assert!(is_settled(&whole) && is_whole(&whole) && read(&whole).degraded.is_none());
    }

    #[test]
    fn what_the_operator_can_not_go_on_with_is_said_in_its_words() {
        let cluster = |phase: &str| {
            let cluster = json!({ "metadata": {}, "status": { "phase": phase, "phaseReason": "no rights" } });
            stuck(&serde_json::from_value(cluster).unwrap())
        };
        assert!(cluster("Unable to create required cluster objects").unwrap().ends_with(": no rights"));
        assert_eq!(cluster(HEALTHY), None);
    }
}
