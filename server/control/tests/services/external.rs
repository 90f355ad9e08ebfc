//! Replicas of an external server: the one that the tests' store is on, as somebody else's.

use contract::operation::{OperationKind, OperationState};
use contract::permission::Role;
use contract::preflight::{Check, CheckResult};
use contract::service::MemberRole;
use contract::spec::CreationMode;
use contract::{Console, NewService, ServiceChange, State};
use control::Control;
use control::outbound::Outbound;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::world::{World, name, refusal};

/// A role of the tests' server with this right, and what a replica is told to sign in as it.
struct Source {
    at: PgConnectOptions,
    role: String,
    password: String,
}

impl Source {
    async fn new(pool: &PgPool, right: &str) -> Self {
        let id = Uuid::now_v7().simple();
        let (role, password) = (format!("replicator_{id}"), format!("canary p'@ss\"word {id}"));
        let make = format!("create role {role} login {right} password '{}'", password.replace('\'', "''"));
        sqlx::query(sqlx::AssertSqlSafe(make)).execute(pool).await.unwrap();
        Self { at: (*pool.connect_options()).clone(), role, password }
    }

    fn wanted(&self, world: &World) -> NewService {
        NewService {
            creation_mode: "external_replica".into(),
            external_host: self.at.get_host().into(),
            external_port: f64::from(self.at.get_port()).into(),
            auth_type: "password".into(),
            replication_username: self.role.as_str().into(),
            replication_password: self.password.as_str().into(),
            ..world.with_variables()
        }
    }

    /// The same, by somebody who has been warned that there is no TLS.
    async fn agreed(&self, world: &World) -> NewService {
        world.on.control.preflight(&world.on.owner, self.wanted(world)).await.unwrap();
        self.wanted(world)
    }
}

/// A world whose operator lets it go to this machine.
async fn world(pool: PgPool) -> World {
    let mut world = World::idle(pool).await;
    world.on.control = allowed(world.on.control.clone());
    world.work();
    world
}

fn allowed(control: Control) -> Control {
    control.with_outbound(Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]))
}

#[sqlx::test]
async fn a_copy_has_no_owner_until_it_is_promoted(pool: PgPool) {
    let world = world(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    let made = world.create(source.agreed(&world).await).await;
    let copy = world.settled(made.uuid, State::Healthy).await;
    assert_eq!((copy.creation_mode, copy.role), (Some(CreationMode::ExternalReplica), Some(MemberRole::Replica)));
    for details in [made.connection_details, copy.connection_details] {
        let internal = details.unwrap().internal;
        let known = [internal.database.is_some(), internal.username.is_some(), internal.password.is_some()];
        assert_eq!(known, [false; 3]);
        assert!(internal.connection_url.is_none() && internal.psql_command.is_none());
    }
    assert_eq!(world.vars(world.project).await, []);
    let (control, owner, id) = (&world.on.control, &world.on.owner, copy.name.as_str());
    assert_eq!(refusal(control.rotate_password(owner, id).await).0, 422);
    assert_eq!(refusal(control.test_connection(owner, id).await).0, 422);
    let seen = control.service_replication(owner, id).await.unwrap().unwrap();
    assert!(seen.streams && seen.source.is_some() && seen.source_error.is_none(), "{seen:?}");
    assert_eq!((seen.host.as_str(), seen.port, seen.promoted_at), (source.at.get_host(), source.at.get_port(), None));

    let promoted = control.promote_external(owner, id).await.unwrap();
    assert_eq!(promoted.role, Some(MemberRole::Primary));
    let own = world.settled(copy.uuid, State::Healthy).await;
    let operation = own.operation.unwrap();
    assert_eq!((operation.kind, operation.state), (OperationKind::PromoteExternal, OperationState::Succeeded));
    assert_eq!(world.vars(world.project).await.len(), 2);
    assert!(world.url(copy.uuid).await.contains(&format!("/{}", id.replace('-', "_"))));
    let left: i64 = world.on.count("select count(*) from sources where sealed_secret is not null").await;
    assert_eq!(left, 0, "nothing needs the secret any more");
    assert!(control.service_replication(owner, id).await.unwrap().unwrap().promoted_at.is_some());
    assert_eq!(refusal(control.promote_external(owner, id).await).0, 422, "once");
    assert!(world.on.audited().await.iter().any(|line| line.contains("service.promote_external")));
}

#[sqlx::test]
async fn nothing_comes_over_in_clear_unless_whoever_wants_it_was_warned(pool: PgPool) {
    let world = world(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    let colleague = world.on.colleague(Role::Owner).await;
    world.on.control.preflight(&colleague, source.wanted(&world)).await.unwrap();
    let unwarned = world.create(source.wanted(&world)).await;
    let said = world
        .wait("a refusal", async || world.get(unwarned.uuid).await.state_reason.filter(|said| said.contains("agreed")))
        .await;
    assert!(said.contains("offers no TLS, and nobody has agreed to do without"), "{said}");
    let reached = "select count(*) from sources where settings is not null";
    assert_eq!(world.on.count(reached).await, 0);
    assert_eq!(world.runtime.names(), []);
    sqlx::query("update source_warnings set shown_at = shown_at - interval '61 minutes'").execute(&pool).await.unwrap();
    let forgotten = world.on.control.create_service(&colleague, source.wanted(&world), None).await.unwrap();
    world
        .wait("another", async || world.get(forgotten.uuid).await.state_reason.filter(|it| it.contains("agreed")))
        .await;
    assert_eq!(world.runtime.names(), []);
    let warned = world.healthy(source.agreed(&world).await).await;
    assert_eq!(world.on.count(reached).await, 1);
    assert_eq!(world.runtime.names(), [name(&warned)]);
}

#[sqlx::test]
async fn a_large_copy_is_given_more_time_until_it_has_been_made(pool: PgPool) {
    let world = world(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    world.runtime.next(control::testing::Method::Ensure, control::testing::Fault::PauseBefore);
    let copy = world.create(NewService { disk_size: 5.0.into(), ..source.agreed(&world).await }).await;
    world.runtime.paused(1).await;
    let left = "select extract(epoch from deadline_at - now())::int8 from tasks";
    assert!((795..=812).contains(&world.on.count(left).await));
    world
        .update(copy.uuid, ServiceChange { label: "Renamed".into(), ram_size: 512.0.into(), ..Default::default() })
        .await;
    assert!((795..=812).contains(&world.on.count(left).await));
    world.runtime.release();
    world.settled(copy.uuid, State::Healthy).await;
    world.runtime.always(control::testing::Method::Ensure, control::testing::Fault::retry("not yet"));
    world.update(copy.uuid, ServiceChange { ram_size: 256.0.into(), ..Default::default() }).await;
    assert!((285..=300).contains(&world.on.count(left).await), "it is there");
}

#[sqlx::test]
async fn only_what_follows_somebody_is_promoted_and_only_once_at_a_time(pool: PgPool) {
    let world = world(pool.clone()).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let plain = world.healthy(world.wanted()).await;
    assert_eq!(refusal(control.promote_external(owner, &plain.name).await).0, 422);
    let source = Source::new(&pool, "replication").await;
    let copy = world.healthy(source.agreed(&world).await).await;
    let viewer = world.on.colleague(Role::Viewer).await;
    assert_eq!(refusal(control.promote_external(&viewer, &copy.name).await).0, 403);
    let stranger = world.on.stranger().await;
    assert_eq!(refusal(control.promote_external(&stranger, &copy.name).await).0, 404);
    world.runtime.next(control::testing::Method::Following, control::testing::Fault::PauseBefore);
    let young = world.create(source.agreed(&world).await).await;
    world.runtime.paused(1).await;
    world.on.run("update tasks set deadline_at = now() where service_id = $1", young.uuid).await;
    world.until(young.uuid, State::Failing).await;
    let early = refusal(control.promote_external(owner, &young.name).await);
    assert!(early.0 == 422 && early.1.contains("followed its source"), "{early:?}");
    world.runtime.release();
    world.settled(young.uuid, State::Healthy).await;
    world.runtime.always(control::testing::Method::Ensure, control::testing::Fault::retry("not yet"));
    control.promote_external(owner, &copy.name).await.unwrap();
    assert_eq!(refusal(control.promote_external(owner, &copy.name).await).0, 409);
}

#[sqlx::test]
async fn a_source_that_is_not_heard_of_makes_its_copy_degraded_until_it_is(pool: PgPool) {
    let world = world(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    let copy = world.healthy(source.agreed(&world).await).await;
    world.runtime.hears(&name(&copy), false);
    let degraded = world.until(copy.uuid, State::Degraded).await;
    assert!(degraded.state_reason.unwrap().contains("receives nothing from its source"));
    world.runtime.hears(&name(&copy), true);
    world.until(copy.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn nobody_goes_to_an_address_that_the_operator_has_not_allowed(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    for host in ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"] {
        let new = NewService { external_host: host.into(), ..source.wanted(&world) };
        let refused = control.create_service(owner, new, None).await.unwrap_err();
        assert_eq!(refused.problems()[0].field, "external_host", "{host}");
        assert!(refused.to_string().contains("--allow-networks"), "{refused}");
        let asked = NewService { external_host: host.into(), ..source.wanted(&world) };
        let checks = control.preflight(owner, asked).await.unwrap();
        assert_eq!((checks.len(), failed(&checks)), (1, vec!["address"]), "{host}");
    }
    let endpoint = |text: &str| NewService {
        external_host: "1.1.1.1".into(),
        s3_enabled: "1".into(),
        s3_endpoint: text.into(),
        s3_bucket: "b".into(),
        s3_path: "p".into(),
        s3_server_name: "s".into(),
        s3_access_key: "a".into(),
        s3_secret_key: "k".into(),
        ..source.wanted(&world)
    };
    let refused = control.create_service(owner, endpoint("http://[::1]:9000"), None).await.unwrap_err();
    assert_eq!(refused.problems()[0].field, "s3_endpoint");
    assert_eq!(world.rows("services").await, 0);
}

fn failed(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|check| check.result == CheckResult::Fail).map(|check| check.check.as_str()).collect()
}

#[sqlx::test]
async fn a_check_says_what_is_wrong_with_a_source_and_what_mends_it(pool: PgPool) {
    let world = world(pool.clone()).await;
    let (control, owner) = (&world.on.control, &world.on.owner);
    let source = Source::new(&pool, "replication").await;
    let check = async |new: NewService| control.preflight(owner, new).await.unwrap();
    let good = check(source.wanted(&world)).await;
    assert_eq!(failed(&good), Vec::<&str>::new(), "{good:?}");
    let named: Vec<_> = good.iter().map(|check| check.check.as_str()).collect();
    let expected = [
        "address",
        "connection",
        "tls",
        "login",
        "system",
        "version",
        "wal_level",
        "wal_senders",
        "standby_settings",
        "wal_keep",
        "superuser",
        "size",
    ];
    assert_eq!(named, expected);
    assert!(good.iter().all(|check| (check.result == CheckResult::Pass) == check.mend.is_none()));

    let about = || source.wanted(&world);
    let wrong = check(NewService { replication_password: "wrong".into(), ..about() }).await;
    assert_eq!(failed(&wrong), ["login"]);
    let older = check(NewService { postgres_version: "16".into(), ..about() }).await;
    assert_eq!(failed(&older), ["version"]);
    assert_eq!(
        older.iter().find(|check| check.check == "version").unwrap().mend.as_deref(),
        Some("Choose PostgreSQL 17")
    );
    let small = check(NewService { instances: "3".into(), ..about() }).await;
    assert_eq!(failed(&small), ["standbys"]);
    let plain = Source::new(&pool, "").await;
    let unable = check(plain.wanted(&world)).await;
    assert_eq!(failed(&unable), ["login"]);
    let mend = unable.last().unwrap().mend.clone().unwrap();
    assert_eq!(mend, format!("ALTER ROLE {} REPLICATION LOGIN;", plain.role));
    let nobody = check(NewService { external_port: 1.0.into(), ..about() }).await;
    assert_eq!(failed(&nobody), ["connection"]);
    let texts = format!("{good:?}{wrong:?}{older:?}{unable:?}{nobody:?}");
    assert!(!texts.contains("canary"), "no secret is repeated");
}

#[sqlx::test]
async fn a_source_of_another_version_is_refused_before_anything_is_made(pool: PgPool) {
    let world = world(pool.clone()).await;
    let source = Source::new(&pool, "replication").await;
    let copy = world.create(NewService { postgres_version: "16".into(), ..source.agreed(&world).await }).await;
    let failed = world.until(copy.uuid, State::Failed).await;
    assert!(failed.state_reason.unwrap().contains("runs PostgreSQL 17"));
    assert_eq!(world.runtime.effects(&name(&copy)), []);
}
