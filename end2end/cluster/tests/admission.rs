//! A control plane on loopback answers as a cluster does: run by `cluster with`, which names it in KUBECONFIG.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

use std::path::PathBuf;
use std::time::Duration;

use cluster::{apply, client};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, Service};
use kube::Client;
use kube::api::{Api, DynamicObject};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

async fn here() -> Client {
    let kubeconfig = std::env::var_os("KUBECONFIG").expect("`cluster with` sets KUBECONFIG");
    client(&PathBuf::from(kubeconfig)).await.unwrap()
}

fn database(name: &str, spec: Value) -> Value {
    let mut wanted = json!({ "instances": 1, "storage": { "size": "1Gi" } });
    for (key, value) in spec.as_object().unwrap() {
        wanted[key] = value.clone();
    }
    json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": { "name": name, "namespace": "default" }, "spec": wanted,
    })
}

async fn refusal(client: &Client, object: &Value) -> String {
    match apply(client, object).await.map_err(|error| error.downcast::<kube::Error>().unwrap()) {
        Ok(object) => panic!("it was taken: {object:?}"),
        Err(kube::Error::Api(status)) => format!("{} {}", status.code, status.message),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
#[ignore = "needs `cluster with`"]
async fn what_is_wrong_is_refused_in_the_operators_own_words() {
    let client = here().await;
    for (name, spec, words) in [
        ("none", json!({ "instances": 0 }), "spec.instances in body should be greater than or equal to 1"),
        ("size", json!({ "storage": { "size": "abc" } }), "Size value isn't valid"),
        ("no-size", json!({ "storage": {} }), "Size not configured"),
        ("latest", json!({ "imageName": "localhost/postgresql:latest" }), "spec.imageName"),
        ("cpu", json!({ "resources": { "requests": { "cpu": "2" }, "limits": { "cpu": "1" } } }), "spec.resources"),
        ("port", json!({ "postgresql": { "parameters": { "port": "1" } } }), "port"),
        (&"x".repeat(51), json!({}), "the maximum length of a cluster name is 50"),
    ] {
        let said = refusal(&client, &database(name, spec)).await;
        assert!(said.starts_with("422 ") && said.contains(words), "{name}: {said}");
        assert!(name == "none" || said.contains("vcluster.cnpg.io"), "the webhook says it: {said}");
    }
}

#[tokio::test]
#[ignore = "needs `cluster with`"]
async fn a_database_gets_the_objects_that_it_needs() {
    let client = here().await;
    let taken: DynamicObject = apply(&client, &database("good", json!({}))).await.unwrap();
    assert_eq!(taken.metadata.generation, Some(1));
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let claims: Api<PersistentVolumeClaim> = Api::default_namespaced(client.clone());
    let jobs: Api<Job> = Api::default_namespaced(client.clone());
    let began = Instant::now();
    loop {
        let there = [
            secrets.get_opt("good-app").await.unwrap().is_some(),
            services.get_opt("good-rw").await.unwrap().is_some(),
            claims.get_opt("good-1").await.unwrap().is_some(),
            jobs.get_opt("good-1-initdb").await.unwrap().is_some(),
        ];
        if there == [true; 4] {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{there:?}");
        sleep(Duration::from_millis(100)).await;
    }
}
