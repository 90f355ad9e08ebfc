use contract::operation::OperationState;
use contract::{NewService, State};
use control::testing::{Effect, Fault, Method};
use sqlx::PgPool;
use uuid::Uuid;

use crate::world::{World, name};

#[sqlx::test]
async fn a_created_service_becomes_healthy_step_by_step(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    let operation = world.operation(&service).await;
    assert_eq!((operation.summary.state, operation.summary.progress), (OperationState::Succeeded, 1.0));
    let database = name(&service).database();
    let steps: Vec<_> = operation.steps.iter().map(|s| (&*s.key, &*s.title, s.detail.as_deref().unwrap())).collect();
    assert_eq!(
        steps,
        [
            ("place", "Placed it", "on r1: 256 MiB of memory and 1 GiB of disk reserved"),
            ("prepare", "Prepared the data directory", "from the template"),
            ("start", "Started the server", "on its port"),
            ("configure", "Created the role and the database", &*format!("both are called {database}")),
            ("sign_in", "Signed in", "with the credentials shown here, to PostgreSQL 17.1"),
            ("variables", "Wrote the variables", "two written"),
        ]
    );
    assert!(operation.steps.iter().all(|s| s.state == OperationState::Succeeded && s.took_ms.is_some()));
    let sum: u64 = operation.steps.iter().filter_map(|s| s.took_ms).sum();
    assert!(sum <= operation.took_ms.unwrap() + 1, "{operation:?}");
    assert_eq!(world.runtime.effects(&name(&service)), [Effect::Made, Effect::Started, Effect::Configured]);
    assert_eq!(world.on.audited().await.last().unwrap(), &format!("service.create {}", service.name));
}

#[sqlx::test]
async fn a_create_shows_every_state_on_its_way(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    assert_eq!(
        (service.state, service.operation.unwrap().step.as_deref()),
        (State::Pending, Some("Preparing the data directory"))
    );
    world.runtime.always(Method::Ensure, Fault::PauseBefore);
    world.runtime.always(Method::SignIn, Fault::PauseBefore);
    world.work();
    let mut states = Vec::new();
    for steps_begun in [2, 2, 3, 3, 4, 5] {
        world.runtime.paused(1).await;
        let now = world.wait("begun", async || {
            let now = world.get(service.uuid).await;
            let operation = world.operation(&now).await;
            let begun = operation.steps.iter().filter(|s| s.state != OperationState::Queued).count();
            (begun == steps_begun && now.state != State::Pending).then_some(now)
        });
        states.push(now.await.state);
        let calls = world.runtime.count(Method::Ensure) + world.runtime.count(Method::SignIn);
        world.runtime.release();
        world
            .wait("the next call", async || {
                (world.runtime.count(Method::Ensure) + world.runtime.count(Method::SignIn) > calls
                    || world.get(service.uuid).await.state == State::Healthy)
                    .then_some(())
            })
            .await;
    }
    use State::{Creating, Processing};
    assert_eq!(states, [Processing, Creating, Creating, Creating, Creating, Creating]);
    world.settled(service.uuid, State::Healthy).await;
}

#[sqlx::test]
async fn it_is_healthy_once_its_variables_are_written_and_not_before(pool: PgPool) {
    let world = World::new(pool).await;
    let mut holder = world.on.pool.begin().await.unwrap();
    sqlx::query("lock table vars in share mode").execute(&mut *holder).await.unwrap();
    let service = world.create(world.with_variables()).await;
    world.step_waits_for_a_lock().await;
    assert_eq!(world.get(service.uuid).await.state, State::Creating);
    holder.commit().await.unwrap();
    let healthy = world.until(service.uuid, State::Healthy).await;
    assert_eq!(healthy.operation.unwrap().state, OperationState::Succeeded);
}

#[sqlx::test]
async fn the_entity_has_every_field_of_the_contract(pool: PgPool) {
    let world = World::idle(pool).await;
    let new = NewService { label: "  Orders база ".into(), disk_size: 1.5.into(), ..world.wanted() };
    let service = world.create(new).await;
    let password = service.connection_details.as_ref().unwrap().internal.password.clone().unwrap();
    assert_eq!(password.expose().len(), 32);
    let (database, port) = (name(&service).database(), service.connection_details.as_ref().unwrap().internal.port);
    let text = serde_json::to_string(&service).unwrap();
    let text = text.replace(password.expose(), "[password]").replace(&service.name, "[name]");
    let text = text.replace(&database, "[database]").replace(&format!(":{port}/"), ":[port]/");
    let text = text.replace(&format!("-p {port} "), "-p [port] ");
    let entity: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_json_snapshot!(entity, {
        ".uuid" => "[uuid]", ".project_id" => "[uuid]", ".resource_id" => "[uuid]", ".operation.uuid" => "[uuid]",
        ".created_at" => "[time]", ".updated_at" => "[time]", ".connection_details.internal.port" => "[port]",
    }, @r#"
    {
      "connection_details": {
        "external": null,
        "internal": {
          "connection_url": "postgres://[database]:[password]@127.0.0.1:[port]/[database]",
          "database": "[database]",
          "hostname": "127.0.0.1",
          "password": "[password]",
          "port": "[port]",
          "psql_command": "PGPASSWORD=[password] psql -h 127.0.0.1 -p [port] -U [database] [database]",
          "username": "[database]"
        }
      },
      "cpu_size": 0.25,
      "created_at": "[time]",
      "creation_mode": "fresh",
      "disk_size": 1.5,
      "environment_variables": false,
      "instances": 1,
      "label": "Orders база",
      "mount_point": null,
      "mounts": [],
      "name": "[name]",
      "observed_at": null,
      "operation": {
        "error": null,
        "kind": "create",
        "progress": 0.2,
        "state": "running",
        "step": "Preparing the data directory",
        "uuid": "[uuid]"
      },
      "postgres_version": "17",
      "primary_addon_uuid": null,
      "project_id": "[uuid]",
      "public_access": "0",
      "ram_size": 256,
      "replicas": [],
      "resource_id": "[uuid]",
      "role": "primary",
      "service_type": "postgres",
      "state": "pending",
      "state_reason": null,
      "storage_access": null,
      "updated_at": "[time]",
      "uuid": "[uuid]"
    }
    "#);
    assert!(service.name.starts_with("postgres-"));
    let listed = world.on.control.clone();
    let page = contract::Console::list_services(&listed, &world.on.owner, Default::default(), Default::default()).await;
    let fields = |s: &contract::Service| {
        let json = serde_json::to_value(s).unwrap();
        json.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(fields(&page.unwrap().items[0]), fields(&service));
}

#[sqlx::test]
async fn a_service_is_found_by_uuid_and_by_name(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    let get = async |id: String| {
        let hidden = contract::console::Secrets::Hidden;
        contract::Console::get_service(&world.on.control, &world.on.owner, &id, hidden).await
    };
    assert_eq!(get(service.name.clone()).await.unwrap().uuid, service.uuid);
    assert_eq!(get(service.uuid.to_string()).await.unwrap().uuid, service.uuid);
    for nobody in [Uuid::now_v7().to_string(), "postgres-aaaaaa".into(), "".into(), "'; --".into(), "\0".into()] {
        assert_eq!(crate::world::refusal(get(nobody).await), (404, "Service not found".into()));
    }
}
