use contract::page::PageRequest;
use contract::permission::Role;
use contract::project::{Var, VarFields, VarKey};
use sqlx::PgPool;
use uuid::Uuid;

use crate::projects::named;
use crate::setting::{Setting, refusal};

fn pair(key: &str, value: &str) -> VarFields {
    VarFields { key: key.into(), value: value.into(), ..Default::default() }
}

fn key(key: &str) -> VarKey {
    VarKey { key: key.into(), ..Default::default() }
}

async fn project(on: &Setting) -> Uuid {
    on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid
}

async fn listed(on: &Setting, who: &contract::Caller, project: Uuid) -> Vec<Var> {
    on.control.list_vars(who, project, PageRequest::default()).await.unwrap().items
}

#[sqlx::test]
async fn a_variable_is_made_edited_and_deleted_with_its_trail(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    let made = on.control.create_var(&on.owner, project, pair("API_KEY", "hunter2")).await.unwrap();
    assert_eq!((made.key.as_str(), made.value.as_deref()), ("API_KEY", Some("hunter2")));
    let edited = on.control.update_var(&on.owner, project, pair("api_key", "hunter3")).await.unwrap();
    assert_eq!((edited.key.as_str(), edited.value.as_deref()), ("API_KEY", Some("hunter3")));
    assert_eq!(listed(&on, &on.owner, project).await, [edited]);
    on.control.delete_var(&on.owner, project, key("Api_Key")).await.unwrap();
    assert_eq!(listed(&on, &on.owner, project).await, []);
    let trail = ["var.create Shop/API_KEY", "var.update Shop/API_KEY", "var.delete Shop/API_KEY"];
    assert_eq!(on.audited().await[1..], trail);
    assert_eq!(on.count("select count(*) from events where kind = 'project'").await, 4);
}

#[sqlx::test]
async fn an_absent_value_is_an_empty_one(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    on.control.create_var(&on.owner, project, pair("EMPTY", "")).await.unwrap();
    assert_eq!(listed(&on, &on.owner, project).await[0].value.as_deref(), Some(""));
}

#[sqlx::test]
async fn a_key_exists_once_whatever_its_case(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    on.control.create_var(&on.owner, project, pair("A", "1")).await.unwrap();
    let again = on.control.create_var(&on.owner, project, pair("a", "2")).await;
    assert_eq!(refusal(again), (409, "The variable a exists already".into()));
    assert_eq!(listed(&on, &on.owner, project).await[0].value.as_deref(), Some("1"));
    let other = on.control.create_project(&on.owner, named("Other")).await.unwrap().uuid;
    on.control.create_var(&on.owner, other, pair("a", "2")).await.unwrap();
}

#[sqlx::test]
async fn of_many_creates_at_once_one_wins_and_the_others_conflict(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    let many = (0..8).map(|n| on.control.create_var(&on.owner, project, pair("RACE", &n.to_string())));
    let answers = futures::future::join_all(many.collect::<Vec<_>>()).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 7));
    assert!(refused.into_iter().all(|answer| refusal(answer).0 == 409));
    assert_eq!(on.count("select count(*) from vars").await, 1);
    assert_eq!(on.count("select count(*) from audit where action = 'var.create'").await, 1);
}

#[sqlx::test]
async fn what_is_not_there_can_be_neither_edited_nor_deleted(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    let no = (404, "Variable not found".to_owned());
    assert_eq!(refusal(on.control.update_var(&on.owner, project, pair("A", "1")).await), no);
    assert_eq!(refusal(on.control.delete_var(&on.owner, project, key("A")).await), no);
}

#[sqlx::test]
async fn h11_values_are_masked_below_operate(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    on.control.create_var(&on.owner, project, pair("A", "hunter2")).await.unwrap();
    for role in Role::ALL {
        let who = on.colleague(*role).await;
        let shown = listed(&on, &who, project).await.remove(0);
        let operates = matches!(role, Role::Owner | Role::Admin | Role::Member);
        assert_eq!(shown.value.as_deref(), operates.then_some("hunter2"), "{role}");
        let edit = on.control.update_var(&who, project, pair("A", "hunter2")).await;
        assert_eq!(edit.is_ok(), operates, "{role}");
        if !operates {
            assert_eq!(refusal(edit), (403, "You lack the permission projects:operate".into()));
            assert_eq!(refusal(on.control.create_var(&who, project, pair("B", "x")).await).0, 403);
            assert_eq!(refusal(on.control.delete_var(&who, project, key("A")).await).0, 403);
        }
    }
}

#[sqlx::test]
async fn an_edited_variable_belongs_to_nobodys_service(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    let resource = on.resource(&on.owner, "r1").await;
    let service = on.service(&on.owner, project, resource, 1).await;
    on.control.create_var(&on.owner, project, pair("DATABASE_URL", "postgres://x")).await.unwrap();
    on.run("update vars set service_id = $1", service).await;
    assert_eq!(listed(&on, &on.owner, project).await[0].service_id, Some(service));
    let edited = on.control.update_var(&on.owner, project, pair("DATABASE_URL", "postgres://y")).await.unwrap();
    assert_eq!(edited.service_id, None);
}

#[sqlx::test]
async fn variables_of_another_workspace_or_a_restricted_project_are_not_there(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    on.control.create_var(&on.owner, project, pair("A", "1")).await.unwrap();
    on.restrict(project).await;
    for who in [on.stranger().await, on.colleague(Role::Member).await] {
        let no = (404, "Project not found".to_owned());
        assert_eq!(refusal(on.control.list_vars(&who, project, PageRequest::default()).await), no);
        assert_eq!(refusal(on.control.create_var(&who, project, pair("B", "1")).await), no);
        assert_eq!(refusal(on.control.update_var(&who, project, pair("A", "2")).await), no);
        assert_eq!(refusal(on.control.delete_var(&who, project, key("A")).await), no);
    }
    assert_eq!(listed(&on, &on.owner, project).await[0].value.as_deref(), Some("1"));
}

#[sqlx::test]
async fn h30_values_are_sealed_and_open_only_where_they_were(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    for (key, value) in [("A", "hunter2"), ("B", "other")] {
        on.control.create_var(&on.owner, project, pair(key, value)).await.unwrap();
    }
    assert_eq!(on.count("select count(*) from vars where position('hunter2'::bytea in sealed_value) > 0").await, 0);
    on.run(
        "update vars set sealed_value = (select sealed_value from vars where key = 'A')
         where key = 'B' and project_id = $1",
        project,
    )
    .await;
    assert_eq!(refusal(on.control.list_vars(&on.owner, project, PageRequest::default()).await).0, 500);
}

#[sqlx::test]
async fn variables_go_with_their_project(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = project(&on).await;
    on.control.create_var(&on.owner, project, pair("A", "1")).await.unwrap();
    on.control.delete_project(&on.owner, project).await.unwrap();
    assert_eq!(on.count("select count(*) from vars").await, 0);
}
