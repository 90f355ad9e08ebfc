//! One test per rule and limit of contract section 2.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use contract::capabilities::{Capabilities, Choice, Runtime};
use contract::change::{RevealRequest, ServiceChange, StateChange};
use contract::problem::Invalid;
use contract::spec::{Kind, Origin, ServiceType, SourceAuth, StorageAccess};
use contract::values::Mib;
use contract::{NewService, ServiceSpec};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_000_000).unwrap() // November 2026
}

fn everything() -> Capabilities {
    Capabilities::everything(Runtime::Local, now().date())
}

fn parse(body: &Value) -> Result<ServiceSpec, Invalid> {
    serde_json::from_value::<NewService>(body.clone()).unwrap().parse(&everything(), now())
}

const PROJECT: &str = "0198c0de-0000-7000-8000-000000000001";

fn fresh() -> Value {
    json!({"service_type": "postgres", "project_id": PROJECT, "label": "Orders", "postgres_version": "17"})
}

fn storage() -> Value {
    json!({"service_type": "shared_storage", "project_id": PROJECT, "label": "Uploads", "mount_point": "/data"})
}

fn replica() -> Value {
    with(
        fresh(),
        json!({
            "creation_mode": "external_replica", "external_host": "db.example.com", "auth_type": "password",
            "replication_username": "replicator", "replication_password": "s3cret"
        }),
    )
}

/// `base` with the fields of `change`; null takes one away.
fn with(mut base: Value, change: Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

fn words(body: &Value) -> String {
    parse(body).unwrap_err().words()
}

fn is_shape(body: &Value) -> bool {
    parse(body).unwrap_err().is_shape()
}

#[test]
fn the_least_that_is_needed_gets_the_defaults() {
    let Kind::Postgres(spec) = parse(&fresh()).unwrap().kind else { panic!("a database") };
    assert_eq!((spec.size.ram.mib(), spec.size.disk.mib(), spec.size.cpu.millis()), (256, 1024, 250));
    assert_eq!((spec.instances.count(), spec.public_access, spec.environment_variables), (1, false, false));
    assert_eq!(spec.origin, Origin::Fresh);
    let Kind::SharedStorage(spec) = parse(&storage()).unwrap().kind else { panic!("a volume") };
    assert_eq!((spec.disk.mib(), spec.access, spec.mount_point.as_str()), (1024, StorageAccess::Rwx, "/data"));
}

#[test]
fn every_problem_is_in_one_answer() {
    let body = json!({
        "service_type": "postgres", "postgres_version": "12", "ram_size": "lots", "disk_size": -1, "instances": 2,
        "mount_point": "/data", "uuid": "x", "project_id": "nope"
    });
    let invalid = parse(&body).unwrap_err();
    let fields: Vec<_> = invalid.problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["uuid", "project_id", "label", "ram_size", "disk_size", "postgres_version", "instances", "mount_point"]
    );
    assert!(invalid.is_shape(), "any shape problem makes it a 400");
}

#[test]
fn missing_fields_are_named() {
    assert_eq!(words(&json!({})), "service_type is missing, project_id is missing, label is missing");
    assert_eq!(words(&with(fresh(), json!({"postgres_version": null}))), "postgres_version is missing");
    assert_eq!(words(&with(fresh(), json!({"label": ""}))), "label is missing");
    assert_eq!(words(&with(storage(), json!({"mount_point": ""}))), "mount_point is missing");
}

#[test]
fn an_unlisted_version_is_a_400() {
    for version in [json!("12"), json!("19"), json!("17.2"), json!(17), json!("seventeen"), json!([]), json!(true)] {
        let body = with(fresh(), json!({"postgres_version": version}));
        assert_eq!(words(&body), "postgres_version does not have a valid value", "{version}");
        assert!(is_shape(&body));
    }
    for version in 13..=18 {
        assert!(parse(&with(fresh(), json!({"postgres_version": version.to_string()}))).is_ok());
    }
}

#[test]
fn a_version_that_cannot_run_is_a_422_that_names_those_that_can() {
    let mut within = everything();
    for v in &mut within.postgres_versions {
        if v.value != "17" && v.value != "18" {
            (v.available, v.reason) = (false, Some("there are no programs for it".into()));
        }
    }
    let new: NewService = serde_json::from_value(with(fresh(), json!({"postgres_version": "13"}))).unwrap();
    let invalid = new.parse(&within, now()).unwrap_err();
    assert!(!invalid.is_shape());
    assert_eq!(
        invalid.words(),
        "Postgres version 13 can't run on this installation: there are no programs for it (these can: 18 17)"
    );
}

#[test]
fn what_is_not_provisioned_is_refused_by_name_with_its_reason() {
    let mut within = everything();
    let why = "it comes with a later release";
    within.service_types = vec![Choice::yes("postgres"), Choice::no("shared_storage", why)];
    within.instances = vec![Choice::yes(1), Choice::no(3, why), Choice::no(5, why), Choice::no(7, why)];
    within.creation_modes = vec![Choice::yes("fresh"), Choice::no("external_replica", why)];
    within.public_access = vec![Choice::yes("0"), Choice::no("1", why)];
    let refusals = |body: Value| {
        let invalid = serde_json::from_value::<NewService>(body).unwrap().parse(&within, now()).unwrap_err();
        assert!(!invalid.is_shape());
        invalid.words()
    };
    assert_eq!(refusals(storage()), format!("Service type shared_storage isn't available here: {why}"));
    assert_eq!(refusals(with(fresh(), json!({"instances": 3}))), format!("Instances 3 isn't available here: {why}"));
    assert_eq!(refusals(replica()), format!("Creation mode external_replica isn't available here: {why}"));
    assert_eq!(
        refusals(with(fresh(), json!({"public_access": "1"}))),
        format!("Public access 1 isn't available here: {why}")
    );
}

#[test]
fn labels_have_1_to_40_characters() {
    assert!(parse(&with(fresh(), json!({"label": "ж".repeat(40)}))).is_ok());
    let long = with(fresh(), json!({"label": "ж".repeat(41)}));
    assert_eq!(words(&long), "Label is too long (maximum is 40 characters)");
    assert!(!is_shape(&long));
    assert_eq!(words(&with(fresh(), json!({"label": "  "}))), "Label is too short (minimum is 1 character)");
    assert_eq!(words(&with(fresh(), json!({"label": "a\nb"}))), "Label must not contain control characters");
    assert_eq!(words(&with(fresh(), json!({"label": 7}))), "label is invalid");
}

#[test]
fn sizes_have_a_unit_a_least_and_a_most() {
    let rows = [
        ("ram_size", json!(63), "Ram size is too small (minimum is 64 MiB)"),
        ("ram_size", json!(0), "Ram size is too small (minimum is 64 MiB)"),
        ("ram_size", json!(1e308), "Ram size is out of range (64 to 1048576 MiB)"),
        ("ram_size", json!(-5), "Ram size is out of range (64 to 1048576 MiB)"),
        ("disk_size", json!(0.4), "Disk size is too small (minimum is 0.5 GiB)"),
        ("disk_size", json!(65537), "Disk size is out of range (0.5 to 65536 GiB)"),
        ("cpu_size", json!(0), "Cpu size is too small (minimum is 0.001 cores)"),
        ("cpu_size", json!(257), "Cpu size is out of range (0.001 to 256 cores)"),
    ];
    for (field, value, expected) in rows {
        let body = with(fresh(), json!({field: value}));
        assert_eq!(words(&body), expected);
        assert!(!is_shape(&body));
    }
    for (field, value) in
        [("ram_size", json!("1e3")), ("disk_size", json!("NaN")), ("cpu_size", json!([])), ("ram_size", json!(true))]
    {
        let body = with(fresh(), json!({field: value}));
        assert_eq!(words(&body), format!("{field} is invalid"));
        assert!(is_shape(&body));
    }
    let body = with(fresh(), json!({"ram_size": "512", "disk_size": "2.5", "cpu_size": 0.1004}));
    let Kind::Postgres(spec) = parse(&body).unwrap().kind else { panic!("a database") };
    assert_eq!((spec.size.ram.mib(), spec.size.disk.mib(), spec.size.cpu.millis()), (512, 2560, 100));
}

#[test]
fn instances_are_1_3_5_or_7() {
    for good in [json!(1), json!(3), json!("5"), json!(7.0)] {
        assert!(parse(&with(fresh(), json!({"instances": good}))).is_ok(), "{good}");
    }
    for bad in [json!(0), json!(2), json!(4), json!(8), json!(-1), json!("2"), json!(1.5), json!(1e19)] {
        assert_eq!(words(&with(fresh(), json!({"instances": bad}))), "instances does not have a valid value", "{bad}");
    }
}

#[test]
fn switches_take_four_spellings() {
    for (field, on) in
        [("environment_variables", json!("true")), ("public_access", json!(1)), ("public_access", json!("1"))]
    {
        assert!(parse(&with(fresh(), json!({field: on}))).is_ok());
    }
    for field in ["environment_variables", "public_access"] {
        let body = with(fresh(), json!({field: "yes"}));
        assert_eq!(words(&body), format!("{field} does not have a valid value"));
    }
}

#[test]
fn uuids_must_be_uuids() {
    assert_eq!(words(&with(fresh(), json!({"project_id": "1"}))), "project_id is invalid");
    assert_eq!(words(&with(fresh(), json!({"resource_id": 5}))), "resource_id is invalid");
    let braced = format!("{{{PROJECT}}}");
    assert_eq!(words(&with(fresh(), json!({"project_id": braced}))), "project_id is invalid");
}

#[test]
fn fields_of_another_type_or_mode_are_refused_by_name() {
    let rows = [
        (
            with(fresh(), json!({"mount_point": "/data"})),
            "Mount point is not allowed here (it belongs to shared_storage)",
        ),
        (
            with(fresh(), json!({"storage_access": "RWX"})),
            "Storage access is not allowed here (it belongs to shared_storage)",
        ),
        (
            with(storage(), json!({"postgres_version": "17"})),
            "Postgres version is not allowed here (it belongs to postgres)",
        ),
        (with(storage(), json!({"public_access": "0"})), "Public access is not allowed here (it belongs to postgres)"),
        (with(storage(), json!({"s3_bucket": "b"})), "S3 bucket is not allowed here (it belongs to postgres)"),
        (
            with(fresh(), json!({"external_host": "h"})),
            "External host is not allowed here (it belongs to creation_mode external_replica)",
        ),
        (with(replica(), json!({"tls_crt": "x"})), "Tls crt is not allowed here (it belongs to auth_type tls)"),
        (with(replica(), json!({"s3_path": "x"})), "S3 path is not allowed here (it needs s3_enabled)"),
    ];
    for (body, expected) in rows {
        assert_eq!(words(&body), expected);
        assert!(!is_shape(&body));
    }
}

#[test]
fn unknown_and_repeated_fields_are_refused_by_name() {
    for field in ["uuid", "name", "state", "workspace_id", "role", "created_at", "connection_details"] {
        let body = with(fresh(), json!({field: "x"}));
        assert_eq!(words(&body), format!("{field} is not a field of this request"));
        assert!(is_shape(&body));
    }
    let twice = format!(
        r#"{{"service_type":"postgres","project_id":"{PROJECT}","label":"a","label":"b","postgres_version":"17"}}"#
    );
    let new: NewService = serde_json::from_str(&twice).unwrap();
    assert_eq!(new.parse(&everything(), now()).unwrap_err().words(), "label is given twice");
}

#[test]
fn a_replica_needs_a_source() {
    let bare = with(fresh(), json!({"creation_mode": "external_replica"}));
    assert_eq!(words(&bare), "external_host is missing, auth_type is missing, replication_username is missing");
    assert_eq!(words(&with(replica(), json!({"replication_password": null}))), "replication_password is missing");
    let tls = with(replica(), json!({"auth_type": "tls", "replication_password": null}));
    assert_eq!(words(&tls), "ca_crt is missing, tls_crt is missing, tls_key is missing");
    let both =
        with(replica(), json!({"auth_type": "kerberos", "external_port": 0, "external_host": "/run/postgresql"}));
    assert_eq!(
        words(&both),
        "External host must be a hostname or an IP address, external_port does not have a valid value, auth_type does not have a valid value"
    );
    assert!(parse(&replica()).is_ok());
}

#[test]
fn an_archive_needs_all_its_fields() {
    let bare = with(replica(), json!({"s3_enabled": "1"}));
    assert_eq!(
        words(&bare),
        "s3_endpoint is missing, s3_bucket is missing, s3_path is missing, s3_access_key is missing, s3_secret_key is missing, s3_server_name is missing"
    );
    let full = with(
        bare,
        json!({
            "s3_endpoint": "https://s3.example.com", "s3_bucket": "wal", "s3_path": "prod", "s3_access_key": "a",
            "s3_secret_key": "b", "s3_server_name": "source"
        }),
    );
    assert!(parse(&full).is_ok());
    assert_eq!(
        words(&with(full, json!({"s3_endpoint": "s3.example.com"}))),
        "S3 endpoint must be an address such as https://s3.example.com"
    );
}

fn certificate(days: i64) -> (String, String) {
    let mut params = rcgen::CertificateParams::new(vec!["db.example.com".into()]).unwrap();
    params.not_before = now() - time::Duration::days(100);
    params.not_after = now() + time::Duration::days(days);
    let key = rcgen::KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn tls(ca: &str, certificate: &str, key: &str) -> Value {
    with(
        replica(),
        json!({
            "auth_type": "tls", "replication_password": null, "ca_crt": ca, "tls_crt": certificate, "tls_key": key
        }),
    )
}

#[test]
fn certificates_parse_hold_and_belong_together() {
    let (good, key) = certificate(30);
    let Kind::Postgres(spec) = parse(&tls(&good, &good, &key)).unwrap().kind else { panic!("a database") };
    let Origin::ExternalReplica(source) = spec.origin else { panic!("a replica") };
    assert!(matches!(source.auth, SourceAuth::Tls { .. }));

    let (expired, expired_key) = certificate(-1);
    let said = words(&tls(&expired, &expired, &expired_key));
    assert!(said.contains("Ca crt expired on 2026-") && said.contains("Tls crt expired on 2026-"), "{said}");

    let (_, other_key) = certificate(30);
    assert_eq!(words(&tls(&good, &good, &other_key)), "Tls key does not belong to the certificate in tls_crt");
    assert_eq!(
        words(&tls(&good, "/etc/passwd", "hello")),
        "Tls crt must be a PEM certificate (-----BEGIN CERTIFICATE-----), Tls key must be a PEM private key (-----BEGIN PRIVATE KEY-----)"
    );
    let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    assert_eq!(words(&tls(hollow, &good, &key)), "Ca crt can't be read as a certificate");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    assert_eq!(words(&tls(&good, &good, locked)), "Tls key must not be encrypted with a passphrase");
    assert_eq!(words(&tls(&good.repeat(17), &good, &key)), "Ca crt has too many certificates in it (maximum is 16)");
    assert_eq!(words(&tls(&"x".repeat(40_000), &good, &key)), "Ca crt is too long (maximum is 32 KiB)");
}

#[test]
fn a_volume_appears_where_an_app_may_have_it() {
    for (path, expected) in [
        ("data", "Mount point must be an absolute path, such as /data"),
        ("/", "Mount point must not be /"),
        ("/data/../etc", "Mount point must not contain .."),
        ("/etc/x", "Mount point must not lie in the system directory /etc"),
    ] {
        assert_eq!(words(&with(storage(), json!({"mount_point": path}))), expected);
    }
    assert_eq!(words(&with(storage(), json!({"storage_access": "ROX"}))), "storage_access does not have a valid value");
}

#[test]
fn a_form_says_the_same_as_json() {
    let form = format!(
        "service_type=postgres&project_id={PROJECT}&label=Orders&postgres_version=17&ram_size=512&public_access=0"
    );
    let pairs: Vec<(String, String)> =
        form.split('&').map(|p| p.split_once('=').unwrap()).map(|(k, v)| (k.into(), v.into())).collect();
    let entries = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(pairs.into_iter());
    let new = <NewService as serde::Deserialize>::deserialize(entries).unwrap();
    let json = with(fresh(), json!({"ram_size": 512, "public_access": false}));
    assert_eq!(new.parse(&everything(), now()), parse(&json));
}

#[test]
fn an_update_follows_the_rules_of_a_create() {
    let change = |body: Value| {
        serde_json::from_value::<ServiceChange>(body).unwrap().parse(
            ServiceType::Postgres,
            Mib::new(2048),
            &everything(),
        )
    };
    assert_eq!(change(json!({"disk_size": 1})).unwrap_err().words(), "Disk size can't shrink (it is 2 GiB now)");
    assert_eq!(
        change(json!({"label": "x".repeat(41)})).unwrap_err().words(),
        "Label is too long (maximum is 40 characters)"
    );
    assert_eq!(
        change(json!({"ram_size": 1, "name": "x"})).unwrap_err().words(),
        "name is not a field of this request, Ram size is too small (minimum is 64 MiB)"
    );
    assert_eq!(change(json!({"instances": 4})).unwrap_err().words(), "instances does not have a valid value");
    assert_eq!(
        change(json!({"postgres_version": "18"})).unwrap_err().words(),
        "postgres_version is not a field of this request"
    );
    let same = change(json!({})).unwrap();
    assert_eq!(same, contract::change::Change::default());
    let grown = change(json!({"disk_size": 3, "ram_size": 512, "label": " New "})).unwrap();
    assert_eq!(
        (grown.disk, grown.ram, grown.label.unwrap().as_str().to_owned()),
        (Some(Mib::new(3072)), Some(Mib::new(512)), "New".into())
    );
}

#[test]
fn a_state_change_is_one_of_three() {
    let change = |body: Value| serde_json::from_value::<StateChange>(body).unwrap().parse();
    assert!(change(json!({"state": "process_restart"})).is_ok());
    assert_eq!(change(json!({})).unwrap_err().words(), "state is missing");
    assert_eq!(change(json!({"state": "reboot"})).unwrap_err().words(), "state does not have a valid value");
}

#[test]
fn a_reason_is_needed_where_the_role_says_so() {
    let reveal = |body: Value, needed| serde_json::from_value::<RevealRequest>(body).unwrap().parse(needed);
    assert_eq!(reveal(json!({}), false).unwrap(), None);
    assert_eq!(reveal(json!({"reason": " ticket 7 "}), true).unwrap().as_deref(), Some("ticket 7"));
    assert!(!reveal(json!({"reason": "  "}), true).unwrap_err().is_shape());
}

#[test]
fn versions_past_their_end_are_marked() {
    let at = Date::from_calendar_date(2026, time::Month::November, 23).unwrap();
    let within = Capabilities::everything(Runtime::Local, at);
    let past: Vec<_> =
        within.postgres_versions.iter().filter(|v| v.past_end_of_life).map(|v| v.value.as_str()).collect();
    assert_eq!(past, ["14", "13"]);
}

/// Any JSON value, shallow, with the numbers and texts that break things.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        prop_oneof![
            "postgres",
            "shared_storage",
            "1[2-9]",
            "/[a-z./]*",
            "-----BEGIN .*",
            "[0-9.]*",
            "external_replica",
            "tls"
        ]
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({"a": [1]})),
    ]
}

const FIELDS: [&str; 28] = [
    "service_type",
    "project_id",
    "resource_id",
    "label",
    "ram_size",
    "disk_size",
    "cpu_size",
    "postgres_version",
    "public_access",
    "environment_variables",
    "instances",
    "creation_mode",
    "external_host",
    "external_port",
    "auth_type",
    "replication_username",
    "replication_password",
    "ca_crt",
    "tls_crt",
    "tls_key",
    "s3_enabled",
    "s3_endpoint",
    "s3_bucket",
    "s3_path",
    "s3_access_key",
    "s3_server_name",
    "mount_point",
    "storage_access",
];

proptest! {
    #[test]
    fn no_input_panics(body in proptest::collection::btree_map(prop_oneof![proptest::sample::select(&FIELDS[..]).prop_map(String::from), "[a-z_]{0,9}"], any_value(), 0..28)) {
        let new: NewService = serde_json::from_value(serde_json::to_value(&body).unwrap()).unwrap();
        let _ = new.parse(&everything(), now());
    }

    #[test]
    fn what_is_printed_parses_to_the_same(
        label in "[^\\p{Cc}]{1,40}",
        ram in 64.0..1e6f64, disk in 0.5..6e4f64, cpu in 0.001..200.0f64,
        major in 13u8..=18, instances in proptest::sample::select(&[1, 3, 5, 7][..]), vars in any::<bool>(), public in any::<bool>(),
    ) {
        prop_assume!(!label.trim().is_empty());
        let body = with(fresh(), json!({
            "label": label, "ram_size": ram, "disk_size": disk, "cpu_size": cpu, "postgres_version": major.to_string(),
            "instances": instances, "environment_variables": vars, "public_access": public
        }));
        let spec = parse(&body).unwrap();
        let Kind::Postgres(kind) = &spec.kind else { panic!("a database") };
        let printed = with(fresh(), json!({
            "label": spec.label.as_str(), "ram_size": kind.size.ram.mib(), "disk_size": kind.size.disk.gib(),
            "cpu_size": kind.size.cpu.cores(), "postgres_version": kind.version.to_string(), "instances": kind.instances.count(),
            "environment_variables": kind.environment_variables, "public_access": if kind.public_access { "1" } else { "0" }
        }));
        prop_assert_eq!(parse(&printed).unwrap(), spec);
    }
}

#[test]
fn a_check_of_a_source_takes_what_is_about_the_source_alone() {
    let ask = |body: Value, within: &Capabilities| {
        serde_json::from_value::<NewService>(body).unwrap().parse_source(within, now())
    };
    let about = json!({
        "external_host": "db.example.com", "auth_type": "password", "replication_username": "replicator",
        "replication_password": "s3cret"
    });
    let asked = ask(about.clone(), &everything()).unwrap();
    assert_eq!((asked.source.host.as_str(), asked.version, asked.instances.count()), ("db.example.com", None, 1));
    assert_eq!(asked.disk, Mib::new(1024));
    assert!(ask(replica(), &everything()).is_ok(), "a whole request is taken, too");
    let wrong = with(about.clone(), json!({ "creation_mode": "fresh", "external_host": "", "instances": 2 }));
    let problems = ask(wrong, &everything()).unwrap_err().problems;
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["instances", "creation_mode", "external_host"]);
    let without =
        Capabilities { creation_modes: vec![Choice::no("external_replica", "not on this machine")], ..everything() };
    assert_eq!(ask(about, &without).unwrap_err().problems[0].field, "creation_mode");
}

#[test]
fn a_role_and_a_server_name_are_no_options_of_a_program() {
    for role in ["a\\ host=10.0.0.5", "a'b", "\\"] {
        let asked = with(replica(), json!({ "replication_username": role }));
        assert_eq!(words(&asked), "Replication username must not contain a quote or a backslash", "{role}");
    }
    let archive = json!({
        "s3_enabled": "1", "s3_endpoint": "https://s3.example.com", "s3_bucket": "b", "s3_path": "p", "s3_access_key": "a",
        "s3_secret_key": "s", "s3_server_name": "--help"
    });
    assert_eq!(words(&with(replica(), archive)), "S3 server name must not begin with a hyphen");
}
