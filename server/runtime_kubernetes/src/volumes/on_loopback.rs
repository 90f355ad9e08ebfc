//! What the API server makes of claims and of apps: run by `cluster with`, which names one in KUBECONFIG. No pod runs there.

use std::time::Duration;

use contract::values::{Mib, MountPoint};
use control::port::Provisioner as _;
use futures::StreamExt as _;
use kube::api::PostParams;
use tokio::time::{sleep, timeout};

use super::*;
use crate::Access;

/// How soon something that happened behind Berth's back is heard of.
const SOON: Duration = Duration::from_secs(5);

struct Setting {
    runtime: KubernetesRuntime,
    volume: Volume,
}

impl Setting {
    async fn new() -> Self {
        let config = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
        let config = Config::read(std::path::Path::new(&config)).unwrap();
        let runtime = KubernetesRuntime::start(Access::find().await.unwrap(), config).unwrap();
        let service = ServiceRef { workspace: Uuid::now_v7(), name: ServiceName::random("storage") };
        let (id, project, disk) = (Uuid::now_v7(), Uuid::now_v7(), Mib::new(1024));
        let volume = Volume { service, id, project, disk, access: StorageAccess::Rwx, existed: false };
        let observed = runtime.0.claimed(&volume).await.unwrap();
        assert_eq!(observed.phase, Phase::Preparing);
        Self { runtime, volume }
    }

    fn api<K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>>(&self) -> Api<K> {
        self.runtime.0.namespaced(&self.volume.service)
    }

    /// An app with two containers, one of which has a directory of its own.
    async fn deploy(&self, name: &str, project: Uuid) -> Deployment {
        let labels = json!({ "app": name, "berth.dev/project": project.to_string() });
        let containers = json!([
            { "name": "a", "image": "a", "volumeMounts": [{ "name": "own", "mountPath": "/own" }] },
            { "name": "b", "image": "b" },
        ]);
        let pods = json!({ "metadata": { "labels": labels },
                           "spec": { "containers": containers, "volumes": [{ "name": "own", "emptyDir": {} }] } });
        let app = json!({ "metadata": { "name": name, "labels": labels },
                          "spec": { "selector": { "matchLabels": { "app": name } }, "template": pods } });
        self.api().create(&PostParams::default(), &serde_json::from_value(app).unwrap()).await.unwrap()
    }

    async fn template(&self, name: &str) -> PodTemplateSpec {
        self.api::<Deployment>().get(name).await.unwrap().spec.unwrap().template
    }

    async fn mount(&self, app: &str, at: &str) -> Result<Mounted, PortError> {
        let place = Place { app: AppId::new(app).unwrap(), mount_point: MountPoint::new(at).unwrap() };
        self.runtime.mount(&self.volume, &place).await
    }

    /// Where the containers of an app have it.
    async fn places(&self, name: &str) -> Vec<Vec<String>> {
        let containers = self.template(name).await.spec.unwrap().containers;
        let of = |mounts: Option<Vec<k8s_openapi::api::core::v1::VolumeMount>>| {
            let ours = mounts.into_iter().flatten().filter(|mount| mount.name == self.volume.service.name.as_str());
            ours.map(|mount| mount.mount_path).collect()
        };
        containers.into_iter().map(|container| of(container.volume_mounts)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn a_claim_is_made_once_and_one_without_a_volume_does_not_change() {
    let on = Setting::new().await;
    let version = async || {
        let claims = on.api::<PersistentVolumeClaim>();
        claims.get(on.volume.service.name.as_str()).await.unwrap().resource_version()
    };
    let before = version().await;
    let larger = Volume { disk: Mib::new(2048), ..on.volume.clone() };
    for volume in [&on.volume, &larger] {
        assert_eq!(on.runtime.0.claimed(volume).await.unwrap().phase, Phase::Preparing);
    }
    assert_eq!(version().await, before);
    let moved = Volume { project: Uuid::now_v7(), ..on.volume.clone() };
    on.runtime.0.claimed(&moved).await.unwrap();
    assert_ne!(version().await, before);
    let lost = Volume {
        existed: true,
        service: ServiceRef { name: ServiceName::random("storage"), ..on.volume.service.clone() },
        ..on.volume.clone()
    };
    assert_eq!(on.runtime.0.claimed(&lost).await.unwrap().phase, Phase::Lost);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn an_app_gets_it_in_all_of_its_containers_and_loses_it_without_a_trace() {
    let on = Setting::new().await;
    on.deploy("web", on.volume.project).await;
    let before = on.template("web").await;
    on.mount("deployment/web", "/data").await.unwrap();
    assert_eq!(on.places("web").await, [["/data"], ["/data"]]);
    on.mount("deployment/web", "/data").await.unwrap();
    on.mount("deployment/web", "/other").await.unwrap();
    assert_eq!(on.places("web").await, [["/other"], ["/other"]]);
    let app = AppId::new("deployment/web").unwrap();
    // at once: the watch may not know yet that it was given
    assert_eq!(on.runtime.unmount(&on.volume.service, &app).await, Ok(Mounted::Done));
    assert_eq!(on.template("web").await, before);
    assert_eq!(on.runtime.unmount(&on.volume.service, &app).await, Ok(Mounted::Done));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_is_somebody_elses_is_left_alone() {
    let on = Setting::new().await;
    on.deploy("web", on.volume.project).await;
    on.deploy("foreign", Uuid::now_v7()).await;
    let Err(PortError::Rejected(words)) = on.mount("deployment/web", "/own").await else { panic!("it was taken") };
    assert!(words.starts_with("Something else is at /own in deployment/web"), "{words}");
    for none in ["deployment/foreign", "deployment/none", "statefulset/web"] {
        let refused = on.mount(none, "/data").await;
        assert_eq!(refused, Err(PortError::Rejected(format!("There is no {none} in its project"))));
    }
    let apps = Volumes::apps(&on.runtime, on.volume.service.workspace, on.volume.project).await.unwrap();
    assert_eq!(apps.iter().map(|app| app.app_id.as_str()).collect::<Vec<_>>(), ["deployment/web"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn an_app_that_loses_it_behind_our_back_is_heard_of() {
    let on = Setting::new().await;
    on.deploy("web", on.volume.project).await;
    on.mount("deployment/web", "/data").await.unwrap();
    let given = async {
        while on
            .runtime
            .0
            .seen
            .deployments
            .find(on.volume.service.workspace, "web")
            .is_none_or(|app| app.template().is_none_or(|template| apps::volumes(template).is_empty()))
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, given).await.expect("the watch sees it");
    let mut hints = on.runtime.changes();
    on.api::<Deployment>().delete("web", &DeleteParams::default()).await.unwrap();
    on.deploy("web", on.volume.project).await;
    let heard = async { while hints.next().await.as_ref() != Some(&on.volume.service.name) {} };
    timeout(SOON, heard).await.expect("a hint");
    let again = async {
        while on.places("web").await != [["/data"], ["/data"]] {
            on.mount("deployment/web", "/data").await.ok();
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, again).await.expect("it is given again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn a_volume_that_goes_is_taken_from_every_app_whatever_its_label() {
    let on = Setting::new().await;
    on.deploy("web", on.volume.project).await;
    let before = on.template("web").await;
    on.mount("deployment/web", "/data").await.unwrap();
    let unlabelled = json!({ "metadata": { "labels": { "berth.dev/project": null } } });
    on.api::<Deployment>().patch("web", &PatchParams::default(), &Patch::Merge(unlabelled)).await.unwrap();
    let service = &on.volume.service;
    let gone = async {
        while Volumes::delete(&on.runtime, service).await != Ok(Removal::Gone) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, gone).await.expect("it goes");
    assert_eq!(on.template("web").await, before);
    assert!(on.api::<PersistentVolumeClaim>().get_opt(service.name.as_str()).await.unwrap().is_none());
}
