//! What the operator's webhooks say of an object that somebody else has changed: run by `cluster with`, which names a cluster in
//! KUBECONFIG.

use control::port::{Phase, Provisioner as _};
use serde_json::json;

use super::*;
use crate::faults::{config, desired};
use crate::{Access, KubernetesRuntime};

async fn made() -> (KubernetesRuntime, Desired) {
    let runtime = KubernetesRuntime::start(Access::find().await.unwrap(), config()).unwrap();
    let desired = desired();
    assert_eq!(runtime.ensure(&desired).await.unwrap().phase, Phase::Preparing);
    (runtime, desired)
}

/// Somebody else changes it; how it is then.
async fn change(runtime: &KubernetesRuntime, desired: &Desired, by: Value) -> Cluster {
    let clusters = runtime.0.namespaced::<Cluster>(&desired.service);
    let somebody = PatchParams { field_manager: Some("somebody".into()), ..PatchParams::default() };
    clusters.patch(desired.service.name.as_str(), &somebody, &Patch::Merge(by)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_can_not_be_put_back_is_shown_with_the_words_of_who_refuses_it() {
    let (runtime, desired) = made().await;
    let before = runtime.live(&desired).await.unwrap().expect("it is there");
    assert_eq!((before.drift.as_slice(), before.refused.as_deref()), (&[][..], None));
    assert!(before.yaml.contains("kind: Cluster") && !before.yaml.contains("managedFields"), "{}", before.yaml);
    change(&runtime, &desired, json!({ "spec": { "storage": { "size": "2Gi" } } })).await;
    let later = Desired { generation: 1, ..desired };
    let live = runtime.live(&later).await.unwrap().expect("it is there");
    let [size] = live.drift.as_slice() else { panic!("{:?}", live.drift) };
    assert_eq!((size.path.as_str(), size.wanted.as_deref()), ("spec.storage.size", Some("\"512Mi\"")));
    assert_eq!((size.found.as_deref(), size.by.as_deref()), (Some("\"2Gi\""), Some("somebody")));
    assert!(live.refused.as_ref().is_some_and(|words| words.contains("shrink")), "{:?}", live.refused);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn a_wish_is_applied_however_soon_it_comes_behind_the_one_before() {
    let (runtime, desired) = made().await;
    let label = |cluster: &Cluster| cluster.metadata.labels.as_ref().unwrap()[names::PROJECT].clone();
    let by = json!({ "metadata": { "labels": { names::PROJECT: "another" } } });
    assert_eq!(label(&change(&runtime, &desired, by).await), "another");
    let later = Desired { generation: 1, ..desired };
    runtime.ensure(&later).await.unwrap();
    let clusters = runtime.0.namespaced::<Cluster>(&later.service);
    assert_eq!(label(&clusters.get(later.service.name.as_str()).await.unwrap()), later.project.to_string());
}
