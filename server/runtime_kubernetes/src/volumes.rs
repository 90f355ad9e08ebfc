//! Volumes that apps share: a claim each, and what gives it to apps.

use std::sync::Arc;

use async_trait::async_trait;
use contract::mount::{App, AppId, AppKind};
use contract::preview::Preview;
use contract::spec::StorageAccess;
use control::port::{Mounted, Observed, Phase, Place, PortError, Removal, ServiceName, ServiceRef, Volume, Volumes};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{
    Event, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, Pod, PodTemplateSpec,
    VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, ValidationDirective};
use kube::core::Status;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answers::{failed, is};
use crate::apply::apply;
use crate::apps::{self, Runs};
use crate::capabilities::amount;
use crate::config::Config;
use crate::remove::delete;
use crate::{Inner, KubernetesRuntime, names};

/// How the API server says that a claim can't grow: the storage class doesn't let it.
const NO_GROWTH: &str = "can be resized";
/// The reason of the event of a claim whose volume is made where its first pod is.
const FIRST_POD: &str = "WaitForFirstConsumer";
/// Of a claim that has grown, and whose file system hasn't yet.
const FILE_SYSTEM: &str = "FileSystemResizePending";

#[async_trait]
impl Volumes for KubernetesRuntime {
    async fn ensure(&self, volume: &Volume) -> Result<Observed, PortError> {
        self.0.claimed(volume).await
    }

    async fn preview(&self, volume: &Volume) -> Result<Preview, PortError> {
        self.0.preview_volume(volume).await
    }

    async fn mount(&self, volume: &Volume, place: &Place) -> Result<Mounted, PortError> {
        match place.app.kind {
            AppKind::Deployment => self.0.give::<Deployment>(volume, place).await,
            AppKind::StatefulSet => self.0.give::<StatefulSet>(volume, place).await,
        }
    }

    async fn unmount(&self, service: &ServiceRef, app: &AppId) -> Result<Mounted, PortError> {
        match app.kind {
            AppKind::Deployment => self.0.take::<Deployment>(service, &app.name).await,
            AppKind::StatefulSet => self.0.take::<StatefulSet>(service, &app.name).await,
        }
    }

    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        let claims = self.0.namespaced::<PersistentVolumeClaim>(service);
        // it goes once no pod has it any more
        let there = delete(&claims, service.name.as_str(), &DeleteParams::default()).await?;
        self.0.take_from_all::<Deployment>(service).await?;
        self.0.take_from_all::<StatefulSet>(service).await?;
        Ok(if there { Removal::Pending } else { Removal::Gone })
    }

    async fn apps(&self, workspace: Uuid, project: Uuid) -> Result<Vec<App>, PortError> {
        self.0.apps_of(workspace, project).await
    }
}

/// The claim of a volume.
pub(crate) fn claim(volume: &Volume, config: &Config) -> PersistentVolumeClaim {
    let mode = match volume.access {
        StorageAccess::Rwo => "ReadWriteOnce",
        StorageAccess::Rwx => "ReadWriteMany",
    };
    let size = Quantity(format!("{}Mi", volume.disk.mib()));
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(volume.service.name.to_string()),
            namespace: Some(names::namespace(volume.service.workspace)),
            labels: Some(names::labels(&volume.service, volume.id, volume.project)),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec![mode.into()]),
            storage_class_name: config.volume_class(volume.access).map(str::to_owned),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), size)].into()),
                ..VolumeResourceRequirements::default()
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}

/// Bytes that a claim asks for.
fn asked(claim: &PersistentVolumeClaim) -> f64 {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    requests.and_then(|requests| requests.get("storage")).map(amount).unwrap_or_default()
}

/// What is wanted of a claim that is there. Its class and its access stay what they were made with; and one without a volume may not
/// change at all, so that it grows behind that.
fn like(there: &PersistentVolumeClaim, mut wanted: PersistentVolumeClaim) -> PersistentVolumeClaim {
    let (Some(is), Some(spec)) = (&there.spec, &mut wanted.spec) else { return wanted };
    spec.access_modes = is.access_modes.clone();
    spec.storage_class_name = is.storage_class_name.clone();
    if !is_bound(there) {
        spec.resources = is.resources.clone();
    }
    wanted.metadata.uid = there.uid();
    wanted
}

fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    claim.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Bound"))
}

/// Whether nothing of what is wanted is missing.
fn is_as_wanted(there: &PersistentVolumeClaim, wanted: &PersistentVolumeClaim) -> bool {
    asked(there) == asked(wanted) && wanted.labels().iter().all(|(key, value)| there.labels().get(key) == Some(value))
}

impl Inner {
    async fn claimed(&self, volume: &Volume) -> Result<Observed, PortError> {
        let service = &volume.service;
        let claims = self.namespaced::<PersistentVolumeClaim>(service);
        let there = match self.seen.claims.find(service.workspace, service.name.as_str()) {
            Some(claim) => Some(claim),
            None => claims.get_opt(service.name.as_str()).await.map_err(failed)?.map(Arc::new),
        };
        if volume.existed && there.is_none() {
            return Ok(Observed::at(Phase::Lost));
        }
        let wanted = claim(volume, &self.config);
        let Some(there) = there else {
            self.namespace(service.workspace).await?;
            let made = apply(&claims, &wanted).await;
            let made = made.inspect_err(|error| {
                if is(error, 404) {
                    self.forget_namespace(service.workspace);
                }
            });
            return self.read(service, &made.map_err(failed)?, None).await;
        };
        let wanted = like(&there, wanted);
        if is_as_wanted(&there, &wanted) {
            return self.read(service, &there, None).await;
        }
        match apply(&claims, &wanted).await {
            Ok(claim) => self.read(service, &claim, None).await,
            Err(error) if is(&error, 403) && error.to_string().contains(NO_GROWTH) => {
                let words = format!("It can't grow to {} GiB: its storage class doesn't allow it", volume.disk.gib());
                self.read(service, &there, Some(words)).await
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// How far a claim is.
    async fn read(
        &self,
        service: &ServiceRef,
        claim: &PersistentVolumeClaim,
        degraded: Option<String>,
    ) -> Result<Observed, PortError> {
        let status = claim.status.clone().unwrap_or_default();
        match status.phase.as_deref() {
            Some("Bound") => {
                let going = claim.metadata.deletion_timestamp.is_some();
                let going = going.then(|| "Somebody has deleted it: it goes with the last pod that has it".to_owned());
                let detail = grows(claim, &status);
                Ok(Observed { degraded: going.or(degraded), detail, ..Observed::at(Phase::Ready) })
            }
            Some("Lost") => Ok(Observed::at(Phase::Lost)),
            _ => self.waits(service).await,
        }
    }

    /// Why a claim has no volume yet, in the words of the last event about it.
    async fn waits(&self, service: &ServiceRef) -> Result<Observed, PortError> {
        let about = format!("involvedObject.kind=PersistentVolumeClaim,involvedObject.name={}", service.name);
        let events = self.namespaced::<Event>(service).list(&ListParams::default().fields(&about)).await;
        let newest = events.map_err(failed)?.items.into_iter().max_by_key(|event| event.last_timestamp.clone());
        let idle = newest.as_ref().is_some_and(|event| event.reason.as_deref() == Some(FIRST_POD));
        let words = match newest.and_then(|event| event.message) {
            _ if idle => "It is made once an app mounts it: its storage class makes volumes where they are used".into(),
            Some(words) => words,
            None => "It waits for its storage class to make a volume".into(),
        };
        Ok(Observed { idle, ..Observed::saying(Phase::Preparing, words) })
    }

    /// An app that has the volume at the place, and how far its pods are.
    async fn give<K: Runs>(&self, volume: &Volume, place: &Place) -> Result<Mounted, PortError> {
        let (service, id) = (&volume.service, &place.app);
        let none = || PortError::Rejected(format!("There is no {id} in its project"));
        let app = match K::watched(&self.seen).find(service.workspace, &id.name) {
            Some(app) => app,
            None => Arc::new(self.asked_for::<K>(service, &id.name).await?.ok_or_else(none)?),
        };
        if !apps::is_of(app.as_ref(), volume.project) {
            // it may have been the project's when it was given the volume
            self.take_from(service, app.as_ref()).await?;
            return Err(none());
        }
        let Some(template) = app.template() else { return Err(none()) };
        let at = place.mount_point.as_str();
        if has(template, &service.name, at) {
            return Ok(rolled_out(app.as_ref()));
        }
        let containers = template.spec.iter().flat_map(|spec| &spec.containers);
        let mounts = containers.map(|container| {
            json!({ "name": container.name, "volumeMounts": [{ "name": service.name.as_str(), "mountPath": at }] })
        });
        let claim = json!({ "claimName": service.name.as_str() });
        let pods = json!({
            "volumes": [{ "name": service.name.as_str(), "persistentVolumeClaim": claim }],
            "containers": mounts.collect::<Vec<_>>(),
        });
        match self.change(service, app.as_ref(), json!({ "template": { "spec": pods } })).await {
            Ok(app) => Ok(rolled_out(&app)),
            Err(kube::Error::Api(status)) if is_owned(&status) => {
                let words = format!("Something else is at {at} in {id}: {}", status.message);
                Err(PortError::Rejected(words))
            }
            Err(error) if is(&error, 404) => Err(none()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Asks the API server itself: what the watch knows may be older than the volume's being given.
    async fn take<K: Runs>(&self, service: &ServiceRef, name: &str) -> Result<Mounted, PortError> {
        let Some(app) = self.asked_for::<K>(service, name).await? else { return Ok(Mounted::Done) };
        if !self.take_from(service, &app).await? {
            return Err(PortError::Rejected(format!("Somebody else has given it to {}/{name}, too", K::KIND)));
        }
        let labels = app.selector().into_iter().flatten().map(|(key, value)| format!("{key}={value}"));
        let its = ListParams::default().labels(&labels.collect::<Vec<_>>().join(","));
        let pods = self.namespaced::<Pod>(service).list(&its).await.map_err(failed)?.items;
        let have = pods.iter().filter(|pod| {
            let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
            apps::claims(volumes).contains(&service.name)
        });
        Ok(match have.count() {
            0 => Mounted::Done,
            1 => Mounted::Underway("1 pod still has it".to_owned()),
            many => Mounted::Underway(format!("{many} pods still have it")),
        })
    }

    /// Whatever its label: an app may have lost that since.
    async fn take_from_all<K: Runs>(&self, service: &ServiceRef) -> Result<(), PortError> {
        for app in self.namespaced::<K>(service).list(&ListParams::default()).await.map_err(failed)? {
            // what somebody else has given it to keeps it for as long as that wants it
            self.take_from(service, &app).await?;
        }
        Ok(())
    }

    /// What nobody else wants of it goes with what Berth wanted; true where nothing of it is left.
    async fn take_from<K: Runs>(&self, service: &ServiceRef, app: &K) -> Result<bool, PortError> {
        let has = |app: &K| app.template().is_some_and(|template| apps::volumes(template).contains(&service.name));
        if !has(app) {
            return Ok(true);
        }
        match self.change(service, app, json!({})).await {
            Ok(left) => Ok(!has(&left)),
            Err(error) if is(&error, 404) => Ok(true),
            Err(error) => Err(failed(error)),
        }
    }

    async fn asked_for<K: Runs>(&self, service: &ServiceRef, name: &str) -> Result<Option<K>, PortError> {
        self.namespaced::<K>(service).get_opt(name).await.map_err(failed)
    }

    /// Makes a volume's part of an app this one. The app is the one that was looked at: none is made, and nobody else's field is taken.
    async fn change<K: Runs>(&self, service: &ServiceRef, app: &K, spec: Value) -> Result<K, kube::Error> {
        let ours = PatchParams {
            field_manager: Some(names::mounter(&service.name)),
            field_validation: Some(ValidationDirective::Strict),
            force: false,
            dry_run: false,
        };
        let part = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": { "name": app.name_any(), "uid": app.uid() },
            "spec": spec,
        });
        let apps: Api<K> = self.namespaced(service);
        apps.patch(&app.name_any(), &ours, &Patch::Apply(part)).await
    }
}

/// That it grows, and what for it still waits.
fn grows(claim: &PersistentVolumeClaim, status: &PersistentVolumeClaimStatus) -> Option<String> {
    let has = status.capacity.as_ref().and_then(|all| all.get("storage")).map(amount).unwrap_or_default();
    if has >= asked(claim) {
        return None;
    }
    let mut conditions = status.conditions.iter().flatten();
    let waits = conditions.any(|condition| condition.type_ == FILE_SYSTEM && condition.status == "True");
    Some(if waits { "Its file system grows once an app begins with it" } else { "It grows" }.to_owned())
}

/// Whether every container has it there.
fn has(template: &PodTemplateSpec, volume: &ServiceName, at: &str) -> bool {
    let Some(spec) = &template.spec else { return false };
    let mounts = |container: &k8s_openapi::api::core::v1::Container| {
        let mut mounts = container.volume_mounts.iter().flatten();
        mounts.any(|mount| mount.name == volume.as_str() && mount.mount_path == at)
    };
    apps::volumes(template).contains(volume) && spec.containers.iter().all(mounts)
}

fn rolled_out(app: &impl Runs) -> Mounted {
    app.waits_for().map_or(Mounted::Done, Mounted::Underway)
}

/// Whether it is refused because the field is somebody else's.
fn is_owned(status: &Status) -> bool {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    status.code == 409 && causes.iter().any(|cause| cause.reason == "FieldManagerConflict")
}

#[cfg(test)]
mod on_loopback;

#[cfg(test)]
mod tests {
    use contract::values::Mib;

    use super::*;

    fn volume(access: StorageAccess) -> Volume {
        let name = ServiceName::parse("storage-abcdef").unwrap();
        let service = ServiceRef { workspace: Uuid::from_u128(1), name };
        let (id, project) = (Uuid::from_u128(2), Uuid::from_u128(3));
        Volume { service, id, project, disk: Mib::new(1536), access, existed: false }
    }

    #[test]
    fn a_claim_has_the_class_of_its_access() {
        let classes = [("RWX".to_owned(), "nfs".to_owned())].into();
        let config = Config { volume_classes: classes, ..Config::default() };
        let spec = |access| claim(&volume(access), &config).spec.unwrap();
        let many = spec(StorageAccess::Rwx);
        assert_eq!(many.storage_class_name.as_deref(), Some("nfs"));
        assert_eq!(many.access_modes, Some(vec!["ReadWriteMany".to_owned()]));
        assert_eq!(spec(StorageAccess::Rwo).storage_class_name, None);
        assert_eq!(asked(&claim(&volume(StorageAccess::Rwo), &config)), 1.5 * f64::from(1 << 30));
    }

    #[test]
    fn what_is_there_keeps_its_class_and_grows_once_it_is_bound() {
        let was = Config { volume_classes: [("RWX".to_owned(), "old".to_owned())].into(), ..Config::default() };
        let mut there = claim(&volume(StorageAccess::Rwx), &was);
        let now = Config { volume_classes: [("RWX".to_owned(), "new".to_owned())].into(), ..Config::default() };
        let larger = Volume { disk: Mib::new(2048), ..volume(StorageAccess::Rwx) };
        let wanted = like(&there, claim(&larger, &now));
        assert_eq!(wanted.spec.as_ref().unwrap().storage_class_name.as_deref(), Some("old"));
        assert!(is_as_wanted(&there, &wanted), "one without a volume may not change");
        let bound = PersistentVolumeClaimStatus { phase: Some("Bound".into()), ..Default::default() };
        there.status = Some(bound);
        assert!(!is_as_wanted(&there, &like(&there, claim(&larger, &now))));
        // what somebody else has put on it is none of our business
        there.metadata.labels.get_or_insert_default().insert("backup".into(), "yes".into());
        assert!(is_as_wanted(&there, &like(&there, claim(&volume(StorageAccess::Rwx), &now))));
    }

    #[test]
    fn an_app_has_it_when_all_of_its_containers_do() {
        let template = |second: &str| -> PodTemplateSpec {
            let mount = |at: &str| json!([{ "name": "storage-abcdef", "mountPath": at }]);
            let claim = json!({ "claimName": "storage-abcdef" });
            serde_json::from_value(json!({ "spec": {
                "volumes": [{ "name": "storage-abcdef", "persistentVolumeClaim": claim }],
                "containers": [{ "name": "a", "volumeMounts": mount("/data") },
                               { "name": "b", "volumeMounts": mount(second) }],
            } }))
            .unwrap()
        };
        let name = ServiceName::parse("storage-abcdef").unwrap();
        assert!(has(&template("/data"), &name, "/data"));
        assert!(!has(&template("/other"), &name, "/data"));
        assert!(!has(&template("/data"), &ServiceName::parse("storage-ghijkm").unwrap(), "/data"));
    }
}
