//! A node runs databases that the machine reaches: run by `cluster with --size node`, which names it in KUBECONFIG.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::PathBuf;
use std::time::Duration;

use cluster::{apply, client};
use k8s_openapi::api::core::v1::{Node, Secret, Service};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::json;
use tokio::time::{Instant, sleep};

#[tokio::test]
#[ignore = "needs `cluster with --size node`"]
async fn a_database_of_each_version_answers_from_outside() {
    let kubeconfig = std::env::var_os("KUBECONFIG").expect("`cluster with` sets KUBECONFIG");
    let client = client(&PathBuf::from(kubeconfig)).await.unwrap();
    let nodes: Api<Node> = Api::all(client.clone());
    let images = nodes.list(&ListParams::default()).await.unwrap().items.remove(0).status.unwrap().images.unwrap();
    let mut names: Vec<String> = images.into_iter().flat_map(|image| image.names.unwrap_or_default()).collect();
    names.retain(|name| name.starts_with("localhost/postgresql:"));
    assert_eq!(names.len(), 2, "{names:?}");
    for image in names {
        let (_, version) = image.rsplit_once(':').unwrap();
        let name = format!("v{}", version.replace('.', "-"));
        let database = json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "metadata": { "name": name, "namespace": "default" },
            "spec": { "instances": 1, "imageName": image, "storage": { "size": "1Gi" } },
        });
        apply(&client, &database).await.unwrap();
        healthy(&client, &name).await;
        assert_eq!(server_version(&client, &name).await.split(' ').next(), Some(version));
    }
}

async fn healthy(client: &Client, name: &str) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("postgresql.cnpg.io", "v1", "Cluster"));
    let databases: Api<DynamicObject> = Api::default_namespaced_with(client.clone(), &resource);
    let began = Instant::now();
    loop {
        let status = databases.get(name).await.unwrap().data["status"].clone();
        if status["phase"] == "Cluster in healthy state" && status["readyInstances"] == 1 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(180), "{status}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn server_version(client: &Client, name: &str) -> String {
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let secret = secrets.get(&format!("{name}-app")).await.unwrap().data.unwrap();
    let host = services.get(&format!("{name}-rw")).await.unwrap().spec.unwrap().cluster_ip.unwrap();
    let mut config = tokio_postgres::Config::new();
    config.host(host).user("app").dbname("app").password(&secret["password"].0);
    let (session, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    session.query_one("show server_version", &[]).await.unwrap().get(0)
}
