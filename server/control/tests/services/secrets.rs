use contract::Console;
use contract::change::RevealRequest;
use contract::console::Secrets;
use contract::permission::Role;
use sqlx::PgPool;

use crate::world::{World, refusal, seen};

fn because(reason: &str) -> RevealRequest {
    RevealRequest { reason: reason.into(), ..Default::default() }
}

#[sqlx::test]
async fn credentials_are_in_create_and_get_for_those_who_may_and_in_no_list(pool: PgPool) {
    let world = World::idle(pool).await;
    let made = world.create(world.wanted()).await;
    let details = made.connection_details.clone().unwrap();
    let internal = &details.internal;
    assert!(internal.password.is_some() && internal.connection_url.is_some() && internal.psql_command.is_some());
    let password = internal.password.as_ref().unwrap().expose();
    for role in Role::ALL {
        let who = world.on.colleague(*role).await;
        let shown = seen(&world, &who, made.uuid, Secrets::Shown).await.unwrap();
        let operates = matches!(role, Role::Owner | Role::Admin | Role::Member);
        if operates {
            assert_eq!(shown.connection_details.as_ref(), Some(&details), "{role}");
        }
        for (answer, may) in [(shown, operates), (seen(&world, &who, made.uuid, Secrets::Hidden).await.unwrap(), false)]
        {
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(text.contains(password), may, "{role}");
            assert_eq!(answer.connection_details.unwrap().internal.hostname, "127.0.0.1", "{role}");
        }
        let listed = world.on.control.list_services(&who, Default::default(), Default::default()).await.unwrap().items;
        assert_eq!(listed[0].connection_details, None, "{role}");
        assert!(!serde_json::to_string(&listed).unwrap().contains(password), "{role}");
    }
    let shown = "select count(*) from audit where action = 'service.reveal'";
    assert_eq!(world.on.count(shown).await, 3);
}

#[sqlx::test]
async fn a_reveal_is_for_those_who_may_and_support_says_why(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    let id = service.uuid.to_string();
    let reveal = async |role: Role, reason: &str| {
        let who = world.on.colleague(role).await;
        world.on.control.reveal(&who, &id, because(reason)).await
    };
    let lacking = "You lack the permission services:reveal".to_owned();
    assert_eq!(refusal(reveal(Role::Viewer, "curious").await), (403, lacking));
    for reason in ["", "   "] {
        let (status, words) = refusal(reveal(Role::Support, reason).await);
        assert_eq!(status, 422);
        assert!(words.starts_with("Reason is needed"), "{words}");
    }
    assert_eq!(world.on.count("select count(*) from audit where action = 'service.reveal'").await, 0);
    assert_eq!(Some(reveal(Role::Support, "ticket 4711").await.unwrap()), service.connection_details);
    assert_eq!(Some(reveal(Role::Member, "").await.unwrap()), service.connection_details);
    let why =
        sqlx::query_scalar::<_, Option<String>>("select reason from audit where action = 'service.reveal' order by id");
    assert_eq!(why.fetch_all(&world.on.pool).await.unwrap(), [Some("ticket 4711".to_owned()), None]);
}

#[sqlx::test]
async fn h31_no_audit_no_secret(pool: PgPool) {
    let world = World::idle(pool).await;
    let id = world.create(world.wanted()).await.uuid;
    sqlx::query("alter table audit add check (action <> 'service.reveal') not valid")
        .execute(&world.on.pool)
        .await
        .unwrap();
    assert_eq!(refusal(seen(&world, &world.on.owner, id, Secrets::Shown).await).0, 500);
    assert_eq!(refusal(world.on.control.reveal(&world.on.owner, &id.to_string(), because("x")).await).0, 500);
    sqlx::query("alter table audit add check (action <> 'service.create') not valid")
        .execute(&world.on.pool)
        .await
        .unwrap();
    let refused = world.on.control.create_service(&world.on.owner, world.wanted(), None).await;
    assert_eq!(refusal(refused).0, 500);
    assert_eq!(world.on.count("select count(*) from services").await, 1);
}

#[sqlx::test]
async fn every_use_case_asks_for_its_permission(pool: PgPool) {
    let world = World::idle(pool).await;
    let id = world.create(world.wanted()).await.uuid.to_string();
    let control = &world.on.control;
    for role in [Role::Support, Role::Viewer] {
        let who = world.on.colleague(role).await;
        let stop = contract::change::StateChange { state: "process_stop".into(), ..Default::default() };
        let no = |what: &str| (403, format!("You lack the permission services:{what}"));
        assert_eq!(refusal(control.create_service(&who, world.wanted(), None).await), no("manage"));
        assert_eq!(refusal(control.update_service(&who, &id, Default::default()).await), no("manage"));
        assert_eq!(refusal(control.delete_service(&who, &id).await), no("manage"));
        assert_eq!(refusal(control.change_state(&who, &id, stop).await), no("operate"));
        assert_eq!(refusal(control.retry_service(&who, &id).await), no("operate"));
    }
}

#[sqlx::test]
async fn what_the_caller_cannot_reach_is_not_there(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.wanted()).await;
    world.on.restrict(world.project).await;
    let control = &world.on.control;
    let operation = service.operation.as_ref().unwrap().uuid;
    for who in [world.on.stranger().await, world.on.colleague(Role::Member).await] {
        for id in [service.uuid.to_string(), service.name.clone()] {
            let stop = contract::change::StateChange { state: "process_stop".into(), ..Default::default() };
            let no = (404, "Service not found".to_owned());
            assert_eq!(refusal(control.get_service(&who, &id, Secrets::Shown).await), no);
            assert_eq!(refusal(control.update_service(&who, &id, Default::default()).await), no);
            assert_eq!(refusal(control.delete_service(&who, &id).await), no);
            assert_eq!(refusal(control.change_state(&who, &id, stop).await), no);
            assert_eq!(refusal(control.retry_service(&who, &id).await), no);
            assert_eq!(refusal(control.reveal(&who, &id, because("x")).await), no);
            assert_eq!(refusal(control.test_connection(&who, &id).await), no);
            assert_eq!(refusal(control.list_operations(&who, &id, Default::default()).await), no);
        }
        assert_eq!(refusal(control.get_operation(&who, operation).await), (404, "Operation not found".into()));
        assert_eq!(control.list_services(&who, Default::default(), Default::default()).await.unwrap().items, []);
        let refused = control.create_service(&who, world.wanted(), None).await;
        assert_eq!(refusal(refused), (404, "Project not found".into()));
    }
    assert_eq!(world.on.count("select count(*) from audit where action <> 'project.create'").await, 1);
}
