//! A cluster as it is there, and what somebody else has changed of it: what a dry run of our own apply would change back.

use std::collections::BTreeSet;

use contract::live::{Drift, Live};
use control::port::{Desired, PortError};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, ValidationDirective};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::answers::failed;
use crate::cluster::Cluster;
use crate::{Inner, manifests, names, preview};

/// What an object may be changed in, as far as it is ours.
const PARTS: [&[&str]; 3] = [&["metadata", "labels"], &["metadata", "annotations"], &["spec"]];

impl Inner {
    pub(crate) async fn live(&self, desired: &Desired) -> Result<Option<Live>, PortError> {
        let service = &desired.service;
        let image = self.image(desired)?;
        let kind = ApiResource::erase::<Cluster>(&());
        let clusters: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &names::namespace(service.workspace), &kind);
        let Some(mut found) = clusters.get_opt(service.name.as_str()).await.map_err(failed)? else { return Ok(None) };
        let raw = self.is_raw(desired).await?;
        let wanted = manifests::cluster(desired, &self.config, image, raw);
        let dry = PatchParams {
            field_manager: Some(names::FIELD_MANAGER.into()),
            field_validation: Some(ValidationDirective::Strict),
            force: true,
            dry_run: true,
        };
        let wanted = clusters.patch(service.name.as_str(), &dry, &Patch::Apply(&wanted)).await.map_err(failed)?;
        let managers = found.metadata.managed_fields.take().unwrap_or_default();
        let [there, again] = [&found, &wanted].map(|object| serde_json::to_value(object).unwrap_or_default());
        let mut drift = Vec::new();
        for part in PARTS {
            let of = |object: &Value| part.iter().try_fold(object.clone(), |at, key| at.get(*key).cloned());
            differ(&mut part.to_vec(), of(&there).as_ref(), of(&again).as_ref(), &managers, &mut drift);
        }
        if !drift.is_empty() {
            // whoever wants it put back shall not be told that it was applied a moment ago
            self.forget(&service.name);
        }
        Ok(Some(Live { yaml: preview::yaml(&found), drift }))
    }
}

/// Notes the outermost fields that differ; of objects, each of their fields.
fn differ<'a>(
    path: &mut Vec<&'a str>,
    found: Option<&'a Value>,
    wanted: Option<&'a Value>,
    managers: &[ManagedFieldsEntry],
    drift: &mut Vec<Drift>,
) {
    if found == wanted {
        return;
    }
    if let (Some(Value::Object(found)), Some(Value::Object(wanted))) = (found, wanted) {
        let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
        for key in keys {
            path.push(key);
            differ(path, found.get(key), wanted.get(key), managers, drift);
            path.pop();
        }
        return;
    }
    let last = found.and_then(|_| last(path, managers));
    drift.push(Drift {
        path: path.join("."),
        wanted: wanted.map(Value::to_string),
        found: found.map(Value::to_string),
        by: last.as_ref().map(|(who, _)| who.clone()),
        at: last.and_then(|(_, at)| at),
    });
}

/// Who set a field last, and when. We didn't: it isn't as we want it.
fn last(path: &[&str], managers: &[ManagedFieldsEntry]) -> Option<(String, Option<OffsetDateTime>)> {
    let holds = |entry: &ManagedFieldsEntry| {
        let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
        path.iter().try_fold(fields?, |at, key| at.get(format!("f:{key}"))).map(drop)
    };
    let others = managers.iter().filter(|entry| entry.manager.as_deref() != Some(names::FIELD_MANAGER));
    let newest = others.filter(|entry| holds(entry).is_some()).max_by_key(|entry| entry.time.clone())?;
    let at = newest.time.as_ref().and_then(|time| OffsetDateTime::parse(&time.0.to_string(), &Rfc3339).ok());
    Some((newest.manager.clone()?, at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_with_who_set_it_last() {
        let wanted = json!({ "instances": 3, "storage": { "size": "1Gi" }, "enablePDB": true });
        let found = json!({ "instances": 1, "storage": { "size": "1Gi" }, "logLevel": "debug" });
        let entry = |manager: &str, fields: Value| -> ManagedFieldsEntry {
            serde_json::from_value(json!({ "manager": manager, "operation": "Update", "time": "2026-01-02T03:04:05Z",
                                           "fieldsV1": { "f:spec": fields } }))
            .unwrap()
        };
        let managers = [
            entry("berth", json!({ "f:instances": {} })),
            entry("kubectl-edit", json!({ "f:instances": {}, "f:logLevel": {} })),
        ];
        let mut drift = Vec::new();
        differ(&mut vec!["spec"], Some(&found), Some(&wanted), &managers, &mut drift);
        let seen: Vec<_> = drift
            .iter()
            .map(|it| (it.path.as_str(), it.wanted.as_deref(), it.found.as_deref(), it.by.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("spec.enablePDB", Some("true"), None, None),
                ("spec.instances", Some("3"), Some("1"), Some("kubectl-edit")),
                ("spec.logLevel", None, Some("\"debug\""), Some("kubectl-edit")),
            ]
        );
        assert_eq!(drift[1].at.unwrap().unix_timestamp(), 1_767_323_045);
    }
}
