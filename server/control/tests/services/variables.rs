use contract::project::VarFields;
use contract::{ServiceChange, State};
use sqlx::PgPool;

use crate::world::{World, name};

fn switch(on: bool) -> ServiceChange {
    ServiceChange { environment_variables: on.into(), ..Default::default() }
}

fn own_key(service: &contract::Service) -> String {
    format!("{}_URL", service.name.to_uppercase().replace('-', "_"))
}

#[sqlx::test]
async fn a_service_writes_its_url_under_two_names_once_it_is_healthy(pool: PgPool) {
    let world = World::idle(pool).await;
    let service = world.create(world.with_variables()).await;
    assert_eq!(world.vars(world.project).await, []);
    world.work();
    world.settled(service.uuid, State::Healthy).await;
    let (url, id) = (world.url(service.uuid).await, Some(service.uuid));
    assert!(url.starts_with(&format!("postgres://{}:", name(&service).database())));
    assert_eq!(
        world.vars(world.project).await,
        [("DATABASE_URL".into(), url.clone(), id), (own_key(&service), url, id)]
    );
}

#[sqlx::test]
async fn a_second_service_never_overwrites_what_is_there(pool: PgPool) {
    let world = World::new(pool).await;
    let first = world.healthy(world.with_variables()).await;
    let second = world.healthy(world.with_variables()).await;
    let url = world.url(first.uuid).await;
    let vars = world.vars(world.project).await;
    assert_eq!(vars.len(), 3);
    assert_eq!(vars[0], ("DATABASE_URL".into(), url, Some(first.uuid)));
    let said = world.operation(&second).await.steps.pop().unwrap().detail;
    assert_eq!(said.as_deref(), Some("one written, one left alone"));
    world.delete(first.uuid).await;
    world.gone(first.uuid).await;
    assert_eq!(world.vars(world.project).await, [(own_key(&second), world.url(second.uuid).await, Some(second.uuid))]);
}

#[sqlx::test]
async fn an_edited_variable_stays_and_the_others_go_with_the_service(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    let fields = VarFields { key: "DATABASE_URL".into(), value: "edited".into(), ..Default::default() };
    world.on.control.update_var(&world.on.owner, world.project, fields).await.unwrap();
    let edited = ("DATABASE_URL".to_owned(), "edited".to_owned(), None);
    // an edited one is somebody else's from now on
    world.update(service.uuid, ServiceChange { ram_size: 128.0.into(), ..Default::default() }).await;
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.vars(world.project).await[0], edited);
    world.delete(service.uuid).await;
    world.gone(service.uuid).await;
    assert_eq!(world.vars(world.project).await, [edited]);
}

#[sqlx::test]
async fn the_switch_writes_and_takes_away(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    assert_eq!(world.vars(world.project).await, []);
    for (on, vars) in [(true, 2), (false, 0), (true, 2)] {
        world.update(service.uuid, switch(on)).await;
        assert_eq!(world.settled(service.uuid, State::Healthy).await.environment_variables, on);
        assert_eq!(world.vars(world.project).await.len(), vars);
    }
    assert_eq!(world.on.count("select count(*) from operations where state = 'succeeded'").await, 4);
}

#[sqlx::test]
async fn a_variable_that_somebody_deleted_comes_back_with_the_next_work(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.with_variables()).await;
    let key = contract::project::VarKey { key: "DATABASE_URL".into(), ..Default::default() };
    world.on.control.delete_var(&world.on.owner, world.project, key).await.unwrap();
    world.ask(service.uuid, "restart").await.unwrap();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(world.vars(world.project).await.len(), 2);
}
