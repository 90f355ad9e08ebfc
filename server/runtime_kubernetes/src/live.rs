//! A cluster as it is there, and what of it isn't as we want it: what a dry run of our own apply would change.

use std::collections::BTreeSet;

use contract::live::{Drift, Live};
use control::port::{Desired, PortError};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, ValidationDirective};
use kube_quantity::ParsedQuantity;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::answers::failed;
use crate::apply::{PROMOTED, was_promoted};
use crate::cluster::Cluster;
use crate::preview::DOTS;
use crate::{Inner, follows, manifests, names, preview};

/// Those of a connection that hold no secret.
const PARAMETERS: [&str; 6] = ["host", "hostaddr", "port", "user", "dbname", "sslmode"];
/// What an object may be changed in, as far as it is ours.
const PARTS: [&[&str]; 3] = [&["metadata", "labels"], &["metadata", "annotations"], &["spec"]];

impl Inner {
    pub(crate) async fn live(&self, desired: &Desired) -> Result<Option<Live>, PortError> {
        // every page that is open asks, and each answer costs a dry run of the operator's webhooks
        let key = (desired.service.clone(), desired.generation);
        let known = self.live.try_get_with(key, self.live_now(desired)).await;
        known.map_err(|error| PortError::clone(&error))
    }

    async fn live_now(&self, desired: &Desired) -> Result<Option<Live>, PortError> {
        let service = &desired.service;
        let image = self.image(desired)?;
        let kind = ApiResource::erase::<Cluster>(&());
        let clusters: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &names::namespace(service.workspace), &kind);
        let Some(mut found) = clusters.get_opt(service.name.as_str()).await.map_err(failed)? else { return Ok(None) };
        let managers = found.metadata.managed_fields.take().unwrap_or_default();
        let there = json(&found);
        let cluster = serde_json::from_value::<Cluster>(there.clone()).ok();
        let raw = follows::is_raw(desired, cluster.as_ref());
        let ours = manifests::cluster(desired, &self.config, image, raw);
        // where nobody says what would become of it, only what we name ourselves can be compared
        let named = || laid_over(&there, json(&ours));
        let (wanted, refused) = if cluster.is_some_and(|cluster| was_promoted(desired, &cluster)) {
            (named(), Some(PROMOTED.to_owned()))
        } else {
            match clusters.patch(service.name.as_str(), &dry_run(), &Patch::Apply(&ours)).await.map_err(failed) {
                Ok(wanted) => (json(&wanted), None),
                Err(PortError::Rejected(message)) => (named(), Some(message)),
                // in a moment it may be taken
                Err(PortError::Retry { .. }) => (named(), None),
                Err(PortError::Away(message)) => return Err(PortError::Away(message)),
            }
        };
        let mut paths = Vec::new();
        for part in PARTS {
            let mut path = part.iter().map(|key| (*key).to_owned()).collect();
            differ(&mut path, at(&there, part), at(&wanted, part), &mut paths);
        }
        let [there, wanted] = [there, wanted].map(masked);
        let drift = paths.iter().map(|path| drift(path, &there, &wanted, &managers)).collect();
        Ok(Some(Live { yaml: preview::yaml(&there), drift, refused }))
    }
}

fn dry_run() -> PatchParams {
    PatchParams {
        field_manager: Some(names::FIELD_MANAGER.into()),
        field_validation: Some(ValidationDirective::Strict),
        force: true,
        dry_run: true,
    }
}

fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn at<'a>(object: &'a Value, path: &[impl AsRef<str>]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, key| at.get(key.as_ref()))
}

/// What is there, with every field of ours as we name it.
fn laid_over(there: &Value, ours: Value) -> Value {
    match (there, ours) {
        (Value::Object(there), Value::Object(ours)) => {
            let mut all = there.clone();
            for (key, value) in ours {
                let value = match there.get(&key) {
                    Some(there) => laid_over(there, value),
                    None => value,
                };
                all.insert(key, value);
            }
            Value::Object(all)
        }
        // as the API server writes it: 1 for 1000m
        (Value::String(text), Value::String(ours)) if is_same(text, &ours) => there.clone(),
        (_, ours) => ours,
    }
}

/// Whether two texts are the same amount.
fn is_same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| ParsedQuantity::try_from(text).ok());
    one.is_some() && one == other
}

/// Without what others may have written as a secret: we name Secrets only.
fn masked(mut object: Value) -> Value {
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.retain(|key, _| key.starts_with("cnpg.io/") || key.starts_with("berth.dev/"));
    }
    if let Some(Value::Object(annotations)) = object.pointer_mut("/spec/inheritedMetadata/annotations") {
        annotations.values_mut().for_each(|value| hide(Some(value)));
    }
    for variable in each(object.pointer_mut("/spec/env")) {
        hide(variable.get_mut("value"));
    }
    for plugin in each(object.pointer_mut("/spec/plugins")) {
        hide_parameters(plugin);
    }
    for server in each(object.pointer_mut("/spec/externalClusters")) {
        let parameters = server.get_mut("connectionParameters").and_then(Value::as_object_mut);
        let secret = parameters.into_iter().flatten().filter(|(name, _)| !PARAMETERS.contains(&name.as_str()));
        secret.for_each(|(_, value)| hide(Some(value)));
        if let Some(plugin) = server.get_mut("plugin") {
            hide_parameters(plugin);
        }
    }
    for line in each(object.pointer_mut("/spec/postgresql/pg_hba")) {
        // those by which the server signs in to LDAP or RADIUS
        if line.as_str().is_some_and(|line| ["passwd", "secret"].iter().any(|word| line.contains(word))) {
            hide(Some(line));
        }
    }
    let initdb = object.pointer_mut("/spec/bootstrap/initdb").and_then(Value::as_object_mut);
    for (_, statements) in initdb.into_iter().flatten().filter(|(name, _)| name.ends_with("SQL")) {
        each(Some(statements)).for_each(|statement| hide(Some(statement)));
    }
    object
}

fn each(array: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    array.and_then(Value::as_array_mut).into_iter().flatten()
}

fn hide(value: Option<&mut Value>) {
    if let Some(value) = value {
        *value = DOTS.into();
    }
}

fn hide_parameters(plugin: &mut Value) {
    let parameters = plugin.get_mut("parameters").and_then(Value::as_object_mut);
    parameters.into_iter().flat_map(|all| all.values_mut()).for_each(|value| hide(Some(value)));
}

/// Notes the outermost fields that differ; of objects, each of their fields.
fn differ(path: &mut Vec<String>, found: Option<&Value>, wanted: Option<&Value>, paths: &mut Vec<Vec<String>>) {
    if found == wanted {
        return;
    }
    if let (Some(Value::Object(found)), Some(Value::Object(wanted))) = (found, wanted) {
        let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
        for key in keys {
            path.push(key.clone());
            differ(path, found.get(key), wanted.get(key), paths);
            path.pop();
        }
        return;
    }
    paths.push(path.clone());
}

fn drift(path: &[String], found: &Value, wanted: &Value, managers: &[ManagedFieldsEntry]) -> Drift {
    let [found, wanted] = [found, wanted].map(|object| at(object, path));
    let last = found.and_then(|_| last(path, managers));
    Drift {
        path: path.join("."),
        wanted: wanted.map(Value::to_string),
        found: found.map(Value::to_string),
        by: last.as_ref().map(|(who, _)| who.clone()),
        at: last.and_then(|(_, at)| at),
    }
}

/// Who else set a field last, and when. Nobody, where it is ours alone: what we want of it hasn't been applied yet.
fn last(path: &[String], managers: &[ManagedFieldsEntry]) -> Option<(String, Option<OffsetDateTime>)> {
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
mod on_loopback;

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
        let [found, wanted] = [found, wanted].map(|spec| json!({ "spec": spec }));
        let mut paths = Vec::new();
        differ(&mut Vec::new(), Some(&found), Some(&wanted), &mut paths);
        let drift: Vec<Drift> = paths.iter().map(|path| drift(path, &found, &wanted, &managers)).collect();
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
    #[test]
    fn where_a_dry_run_says_nothing_what_is_ours_is_compared() {
        let there =
            json!({ "spec": { "storage": { "size": "2Gi", "resizeInUseVolumes": true }, "logLevel": "debug" } });
        let ours = json!({ "spec": { "storage": { "size": "1Gi" } } });
        let mut paths = Vec::new();
        differ(&mut Vec::new(), Some(&there), Some(&laid_over(&there, ours)), &mut paths);
        assert_eq!(paths, [["spec", "storage", "size"]]);
        assert!(is_same("1000m", "1") && is_same("1024Mi", "1Gi") && !is_same("1Gi", "1G") && !is_same("on", "on"));
    }

    #[test]
    fn a_secret_that_somebody_else_has_written_down_is_not_shown() {
        let shown = masked(json!({
            "metadata": { "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "canary-1", "cnpg.io/hibernation": "off",
            } },
            "spec": {
                "env": [{ "name": "A", "value": "canary-2" }],
                "inheritedMetadata": { "annotations": { "a": "canary-10" } },
                "plugins": [{ "name": "p", "parameters": { "key": "canary-3" } }],
                "externalClusters": [{
                    "name": "source", "connectionParameters": { "host": "db.example", "password": "canary-4", "sslpassword": "canary-9" },
                    "plugin": { "name": "p", "parameters": { "key": "canary-5" } },
                }],
                "postgresql": { "pg_hba": ["host all all all ldap ldapbindpasswd=canary-6", "host all all all md5",
                                           "host all all all radius radiussecrets=canary-7"] },
                "bootstrap": { "initdb": { "database": "orders", "postInitSQL": ["create role x password 'canary-8'"] } },
            },
        }));
        let text = shown.to_string();
        assert!(!text.contains("canary"), "{text}");
        for kept in ["hibernation", "db.example", "md5", "source", "orders"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }
}
