//! Against the operator's real webhooks: run by `cluster with`, which names a cluster in KUBECONFIG.

use contract::capabilities::Runtime;
use contract::spec::{Kind, PostgresSpec};
use contract::values::Secret;
use contract::{Capabilities, NewService};
use control::port::{Follows, Origin, Power, Primary, ServiceName, ServiceRef, SslMode};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::core::DynamicObject;
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::cluster::Cluster;
use crate::{Access, Config, KubernetesRuntime};

async fn runtime() -> KubernetesRuntime {
    let config = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
    let config = Config::read(std::path::Path::new(&config)).unwrap();
    KubernetesRuntime::start(Access::find().await.unwrap(), config).unwrap()
}

fn desired(spec: &PostgresSpec) -> Desired {
    Desired {
        database: "postgres_xxxxxx".into(),
        service: ServiceRef { workspace: Uuid::now_v7(), name: ServiceName::random("postgres") },
        id: Uuid::now_v7(),
        project: Uuid::now_v7(),
        major: spec.version,
        instances: spec.instances,
        size: spec.size,
        public_access: spec.public_access,
        power: Power::Running,
        port: None,
        password: Secret::new("canary of a preview"),
        origin: origin(spec),
        generation: 0,
        existed: false,
    }
}

/// As it is found by whoever reaches the source.
fn origin(spec: &PostgresSpec) -> Origin {
    let contract::spec::Origin::ExternalReplica(source) = &spec.origin else { return Origin::Fresh };
    Origin::Follows(Box::new(Follows {
        source: (**source).clone(),
        at: vec!["192.0.2.1:5432".parse().unwrap(), "[2001:db8::1]:443".parse().unwrap()],
        sslmode: SslMode::Require,
        settings: [("max_connections".to_owned(), 900)].into(),
    }))
}

/// What our own rules let through, the API server and the operator take; and what is shown is what they took, without the secret.
#[test]
#[ignore = "needs `cluster with`"]
fn what_the_contract_takes_the_operator_takes() {
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let runtime = tokio.block_on(runtime());
    let can = runtime.0.capabilities.clone();
    assert_eq!(can.runtime, Runtime::Kubernetes);
    let (ram, disk, cpu) = (can.ram_size, can.disk_size, can.cpu_size);
    let whole = |range: contract::capabilities::Range| range.min..=range.max;
    let fields = (
        whole(ram),
        whole(disk),
        whole(cpu),
        14_u8..=18,
        proptest::sample::select(vec![1.0, 3.0, 5.0, 7.0]),
        proptest::bool::ANY,
        "\\PC{1,40}",
        // nothing of its own, a source, one with an archive, one that it was promoted from, a primary, and one that it left
        (0..6_usize, "\\PC{1,60}"),
    );
    let cases = Cases { cases: 200, failure_persistence: None, ..Cases::default() };
    let asked = std::cell::Cell::new(0);
    TestRunner::new(cases)
        .run(&fields, |(ram, disk, cpu, major, instances, public, label, (source, text))| {
            let external = NewService {
                creation_mode: "external_replica".into(),
                external_host: "db.example".into(),
                auth_type: "password".into(),
                replication_username: text.as_str().into(),
                replication_password: "canary of a source".into(),
                ..NewService::default()
            };
            let archived = NewService {
                s3_enabled: "1".into(),
                s3_endpoint: "https://s3.example:9000/".into(),
                s3_bucket: text.as_str().into(),
                s3_path: text.as_str().into(),
                s3_access_key: "canary of a key".into(),
                s3_secret_key: "canary of a secret key".into(),
                s3_server_name: text.into(),
                ..external.clone()
            };
            let origin = [NewService::default(), external.clone(), archived, external];
            let origin = origin.get(source).cloned().unwrap_or_default();
            let new = NewService {
                service_type: "postgres".into(),
                project_id: Uuid::now_v7().to_string().into(),
                label: label.into(),
                ram_size: ram.into(),
                disk_size: disk.into(),
                cpu_size: cpu.into(),
                postgres_version: major.to_string().into(),
                instances: instances.into(),
                public_access: public.into(),
                ..origin
            };
            // what isn't taken by us never gets there
            let Ok(spec) = new.parse(&can, time::OffsetDateTime::now_utc()) else { return Ok(()) };
            let Kind::Postgres(postgres) = &spec.kind else { return Ok(()) };
            asked.set(asked.get() + 1);
            let mut desired = desired(postgres);
            let primary = ServiceName::random("postgres");
            match source {
                3 => {
                    let settings = [("max_worker_processes".to_owned(), 100)].into();
                    desired.origin = Origin::Promoted { host: "db.example".into(), port: 5432, settings };
                }
                4 => {
                    desired.origin = Origin::Replica(Primary {
                        name: primary,
                        ram: desired.size.ram,
                        settings: [("max_connections".to_owned(), 900)].into(),
                    })
                }
                5 => desired.origin = Origin::Detached { from: primary },
                _ => {}
            }
            let preview = tokio.block_on(runtime.0.preview(&desired));
            let preview = preview.map_err(|error| TestCaseError::fail(error.to_string()))?;
            proptest::prop_assert!(preview.problems.is_empty(), "{:?}", preview.problems);
            proptest::prop_assert!(preview.yaml.contains("kind: Cluster") && !preview.yaml.contains("canary"));
            Ok(())
        })
        .unwrap();
    assert!(asked.get() > 100, "{} were let through", asked.get());
}

/// A cluster as nobody could ask for it, and the field that its refusal stands at.
fn wrong() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("none", json!({ "instances": 0 }), "instances"),
        ("size", json!({ "storage": { "size": "abc" } }), "disk_size"),
        ("no-size", json!({ "storage": {} }), "disk_size"),
        ("latest", json!({ "imageName": "localhost/postgresql:latest" }), "postgres_version"),
        ("cpu", json!({ "resources": { "requests": { "cpu": "2" }, "limits": { "cpu": "1" } } }), "cpu_size"),
        (
            "memory",
            json!({ "resources": { "requests": { "memory": "64Mi" } },
                    "postgresql": { "parameters": { "shared_buffers": "128MB" } } }),
            "ram_size",
        ),
        ("port", json!({ "postgresql": { "parameters": { "port": "1" } } }), "ram_size"),
        (
            "twice",
            json!({ "bootstrap": { "initdb": { "database": "a", "owner": "a" }, "recovery": { "source": "x" } } }),
            "creation_mode",
        ),
        ("unknown", json!({ "replica": { "enabled": true, "source": "nobody" } }), "creation_mode"),
    ]
}

#[tokio::test]
#[ignore = "needs `cluster with`"]
async fn refusals_stand_at_the_fields_that_they_are_about_in_the_operators_words() {
    let runtime = runtime().await;
    let resource = kube::core::ApiResource::erase::<Cluster>(&());
    let clusters = Api::<DynamicObject>::namespaced_with(runtime.0.client.clone(), ANY, &resource);
    for (name, spec, field) in wrong() {
        let mut wanted = json!({ "instances": 1, "storage": { "size": "1Gi" } });
        for (key, value) in spec.as_object().unwrap() {
            wanted[key] = value.clone();
        }
        let mut object = DynamicObject::new(name, &resource).data(json!({ "spec": wanted }));
        object.metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        let Err(kube::Error::Api(status)) = clusters.create(&dry, &object).await else {
            unreachable!("{name} was taken");
        };
        let problems = refusals(&status, super::field);
        assert_eq!(problems[0].field, field, "{name}: {status:?}");
        assert!(status.message.contains(problems[0].words.split(": ").last().unwrap()), "{name}: {problems:?}");
    }
}

#[tokio::test]
#[ignore = "needs `cluster with`"]
async fn an_image_that_the_operator_refuses_is_said_at_the_version() {
    let runtime = runtime().await;
    let config =
        Config { images: [("17".to_owned(), "localhost/postgresql:latest".to_owned())].into(), ..Config::default() };
    let other = KubernetesRuntime::start(Access::find().await.unwrap(), config).unwrap();
    let new = NewService {
        service_type: "postgres".into(),
        project_id: Uuid::now_v7().to_string().into(),
        label: "x".into(),
        postgres_version: "17".into(),
        ..NewService::default()
    };
    let spec = new.parse(&Capabilities::clone(&runtime.0.capabilities), time::OffsetDateTime::now_utc()).unwrap();
    let Kind::Postgres(postgres) = spec.kind else { unreachable!() };
    let preview = other.0.preview(&desired(&postgres)).await.unwrap();
    assert_eq!(preview.problems.len(), 1, "{preview:?}");
    assert_eq!(
        (preview.problems[0].field.as_str(), preview.problems[0].code.as_str()),
        ("postgres_version", "refused")
    );
}
