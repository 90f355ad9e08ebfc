//! Shapes of what one node, or one that enforces no policies, can't show.

use contract::spec::{Size, Source, SourceAuth};
use contract::values::{Instances, Mib, MilliCores, PgMajor, Port, SourceHost, Word};
use control::port::{Follows, Primary, ServiceName, ServiceRef, SslMode};
use serde_json::{Value, json};

use super::*;

fn desired() -> Desired {
    Desired {
        database: "postgres_abcdef".into(),
        service: ServiceRef { workspace: Uuid::from_u128(1), name: ServiceName::parse("postgres-abc").unwrap() },
        id: Uuid::from_u128(2),
        project: Uuid::from_u128(3),
        major: PgMajor::new(17).unwrap(),
        instances: Instances::ONE,
        size: Size { ram: Mib::new(256), disk: Mib::new(1024), cpu: MilliCores::new(250) },
        public_access: false,
        power: Power::Running,
        port: None,
        password: contract::values::Secret::new("x"),
        origin: Origin::Fresh,
        generation: 0,
        existed: false,
    }
}

fn copy(at: &[&str]) -> Desired {
    let source = Source {
        host: SourceHost::new("db.example").unwrap(),
        port: Port::POSTGRES,
        username: Word::new("replicator", 63).unwrap(),
        auth: SourceAuth::Password { password: contract::values::Secret::new("x"), ca: None },
        archive: None,
    };
    let at = at.iter().map(|at| at.parse().unwrap()).collect();
    let follows = Follows { source, at, sslmode: SslMode::Require, settings: BTreeMap::new() };
    Desired { origin: Origin::Follows(Box::new(follows)), ..desired() }
}

fn policy_of(desired: &Desired) -> Value {
    let config = Config { berth_namespace: Some("berth".into()), ..Config::default() };
    let api_server = [("10.0.0.1".parse().unwrap(), 6443)];
    serde_json::to_value(policy(desired, &config, &api_server).spec).unwrap()
}

fn tcp(ports: &[u16]) -> Value {
    ports.iter().map(|port| json!({ "protocol": "TCP", "port": port })).collect()
}

fn pods(key: &str, value: &str) -> Value {
    json!([{ "podSelector": { "matchLabels": { key: value } } }])
}

fn namespace_called(name: &str) -> Value {
    json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } }])
}

#[test]
fn a_database_lets_in_the_operator_its_own_servers_its_replicas_its_project_and_berth() {
    let project = Uuid::from_u128(3).to_string();
    let inside = json!([
        { "from": namespace_called("cnpg-system"), "ports": tcp(&[5432, 8000]) },
        { "from": pods("cnpg.io/cluster", "postgres-abc"), "ports": tcp(&[5432, 8000]) },
        { "from": pods("berth.dev/primary", "postgres-abc"), "ports": tcp(&[5432]) },
        { "from": pods("berth.dev/project", &project), "ports": tcp(&[5432]) },
        { "from": namespace_called("berth"), "ports": tcp(&[5432]) },
    ]);
    let closed = policy_of(&desired());
    assert_eq!(closed["podSelector"], json!({ "matchLabels": { "cnpg.io/cluster": "postgres-abc" } }));
    assert_eq!(closed["policyTypes"], json!(["Ingress", "Egress"]));
    assert_eq!(closed["ingress"], inside);
    let public = policy_of(&Desired { public_access: true, ..desired() });
    let mut all = inside;
    all.as_array_mut().unwrap().push(json!({ "ports": tcp(&[5432]) }));
    assert_eq!(public["ingress"], all, "everybody, and to the database only");
}

#[test]
fn a_database_goes_to_names_its_own_servers_the_api_server_and_what_it_follows() {
    let inside = json!([
        { "ports": [{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }] },
        { "to": pods("cnpg.io/cluster", "postgres-abc"), "ports": tcp(&[5432, 8000]) },
        { "to": [{ "ipBlock": { "cidr": "10.0.0.1/32" } }], "ports": tcp(&[6443]) },
    ]);
    assert_eq!(policy_of(&desired())["egress"], inside);
    let mut all = inside;
    let source = [("192.0.2.7/32", 5432), ("2001:db8::7/128", 5433)];
    let source = source.map(|(cidr, port)| json!({ "to": [{ "ipBlock": { "cidr": cidr } }], "ports": tcp(&[port]) }));
    all.as_array_mut().unwrap().extend(source);
    // an IPv4 address that is written as IPv6 is one all the same
    let follows = copy(&["[::ffff:192.0.2.7]:5432", "[2001:db8::7]:5433"]);
    assert_eq!(policy_of(&follows)["egress"], all);
}

#[test]
fn a_replica_goes_to_its_primary_and_is_known_there() {
    let settings = [("max_worker_processes".to_owned(), 100), ("max_connections".to_owned(), 60)].into();
    let primary = Primary { name: ServiceName::parse("postgres-xyz").unwrap(), ram: Mib::new(512), settings };
    let replica = Desired { database: "postgres_xyz".into(), origin: Origin::Replica(primary), ..desired() };
    let mut inside = policy_of(&desired())["egress"].take();
    let there = json!({ "to": pods("cnpg.io/cluster", "postgres-xyz"), "ports": tcp(&[5432]) });
    inside.as_array_mut().unwrap().insert(2, there);
    assert_eq!(policy_of(&replica)["egress"], inside);
    let spec_of = |desired: &Desired| {
        serde_json::to_value(cluster(desired, &Config::default(), "localhost/postgresql:17.5", false).spec).unwrap()
    };
    let following = spec_of(&replica);
    assert_eq!(following["inheritedMetadata"]["labels"]["berth.dev/primary"], "postgres-xyz");
    let parameters = &following["postgresql"]["parameters"];
    assert_eq!([&parameters["max_connections"], &parameters["max_worker_processes"]], ["128", "100"], "its primary's");
    assert_eq!(following["replica"], json!({ "enabled": true, "source": "source" }));
    let from = ServiceName::parse("postgres-xyz").unwrap();
    let detached = spec_of(&Desired { origin: Origin::Detached { from }, ..replica });
    assert_eq!(detached["replica"]["enabled"], false);
    assert_eq!(detached["bootstrap"], following["bootstrap"], "which can't be changed");
    assert_eq!(detached["externalClusters"][0].get("sslKey"), None, "its primary may go");
    assert_eq!(detached["inheritedMetadata"]["labels"].get("berth.dev/primary"), None);
}

#[test]
fn a_workspace_is_closed_but_for_what_is_opened_and_its_pods_may_do_little() {
    let (namespace, [closed, apps]) = namespace(Uuid::from_u128(1));
    let labels = namespace.metadata.labels.unwrap();
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    let closed = serde_json::to_value(closed.spec).unwrap();
    assert_eq!(closed, json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] }));
    let apps = serde_json::to_value(apps.spec).unwrap();
    assert_eq!(apps["egress"], json!([{}]));
    assert_eq!(apps["policyTypes"], json!(["Egress"]), "nobody is let in to an app");
    let keys: Vec<_> = apps["podSelector"]["matchExpressions"].as_array().unwrap().iter().collect();
    assert_eq!(
        keys,
        [
            &json!({ "key": "berth.dev/project", "operator": "Exists" }),
            &json!({ "key": "cnpg.io/cluster", "operator": "DoesNotExist" })
        ]
    );
}

#[test]
fn servers_of_one_database_are_spread_over_nodes_and_one_alone_keeps_no_node_from_being_drained() {
    let of = |instances: f64| {
        let desired = Desired { instances: Instances::new(instances).unwrap(), ..desired() };
        serde_json::to_value(cluster(&desired, &Config::default(), "localhost/postgresql:17.5", false).spec).unwrap()
    };
    let (one, three) = (of(1.0), of(3.0));
    let spread = json!({ "enablePodAntiAffinity": true, "topologyKey": "kubernetes.io/hostname", "podAntiAffinityType": "preferred" });
    assert_eq!(three["affinity"], spread);
    assert_eq!((&one["enablePDB"], &three["enablePDB"]), (&json!(false), &json!(true)));
    assert_eq!((&one["instances"], &three["instances"]), (&json!(1), &json!(3)));
}

#[test]
fn a_database_is_placed_on_the_nodes_that_are_chosen_for_databases() {
    let config = Config { node_selector: [("pool".to_owned(), "data".to_owned())].into(), ..Config::default() };
    let shown = serde_json::to_value(cluster(&desired(), &config, "localhost/postgresql:17.5", false).spec).unwrap();
    assert_eq!(shown["affinity"]["nodeSelector"], json!({ "pool": "data" }));
}

#[test]
fn a_copy_lets_nobody_have_its_password_who_is_not_known() {
    let parameters = |major: u8, sslmode: SslMode| {
        let mut desired = Desired { major: PgMajor::new(major).unwrap(), ..copy(&[]) };
        let Origin::Follows(follows) = &mut desired.origin else { unreachable!() };
        follows.sslmode = sslmode;
        let shown = cluster(&desired, &Config::default(), "localhost/postgresql:17.5", false);
        let shown = serde_json::to_value(&shown.spec).unwrap()["externalClusters"][0]["connectionParameters"].take();
        (shown["require_auth"].clone(), shown["channel_binding"].clone())
    };
    // whoever answers can't ask for it in clear
    assert_eq!(parameters(17, SslMode::Require), (json!("scram-sha-256"), Value::Null));
    assert_eq!(parameters(15, SslMode::Require), (Value::Null, json!("require")));
    // whoever answers is known
    assert_eq!(parameters(15, SslMode::VerifyFull), (Value::Null, Value::Null));
    // in clear, as was agreed to
    assert_eq!(parameters(15, SslMode::Prefer), (Value::Null, Value::Null));
}
