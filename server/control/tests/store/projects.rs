use contract::ApiError;
use contract::error::Noun;
use contract::page::PageRequest;
use contract::permission::{Permission, Role};
use contract::project::ProjectFields;
use control::Error;
use sqlx::PgPool;
use uuid::Uuid;

use crate::setting::{Setting, refusal};

pub fn named(name: &str) -> ProjectFields {
    ProjectFields { name: name.into(), ..Default::default() }
}

#[sqlx::test]
async fn a_project_is_made_renamed_and_deleted_with_its_trail(pool: PgPool) {
    let on = Setting::new(pool).await;
    let made = on.control.create_project(&on.owner, named("  Shop ")).await.unwrap();
    assert_eq!((made.name.as_str(), made.restricted), ("Shop", false));
    assert_eq!(on.control.get_project(&on.owner, made.uuid).await.unwrap(), made);
    let renamed = on.control.update_project(&on.owner, made.uuid, named("Store")).await.unwrap();
    assert_eq!((renamed.uuid, renamed.name.as_str()), (made.uuid, "Store"));
    assert!(renamed.updated_at > made.updated_at);
    on.control.delete_project(&on.owner, made.uuid).await.unwrap();
    let gone = on.control.get_project(&on.owner, made.uuid).await;
    assert_eq!(refusal(gone), (404, "Project not found".into()));
    assert_eq!(on.audited().await, ["project.create Shop", "project.update Store", "project.delete Store"]);
    assert_eq!(on.count("select count(*) from events where kind = 'project' and project_id = entity_id").await, 3);
}

#[sqlx::test]
async fn a_name_is_taken_once_in_a_workspace_whatever_its_case(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.control.create_project(&on.owner, named("Shop")).await.unwrap();
    let other = on.control.create_project(&on.owner, named("Other")).await.unwrap();
    for answer in [
        on.control.create_project(&on.owner, named("SHOP")).await,
        on.control.update_project(&on.owner, other.uuid, named("shop")).await,
    ] {
        let Err(Error::Api(error)) = answer else { panic!("{answer:?}") };
        assert_eq!((error.status(), error.problems()[0].code.as_str()), (422, "taken"));
        assert_eq!(error.problems()[0].field, "name");
    }
    // its own name in another case, and the same name elsewhere
    on.control.update_project(&on.owner, other.uuid, named("OTHER")).await.unwrap();
    on.control.create_project(&on.stranger().await, named("Shop")).await.unwrap();
}

#[sqlx::test]
async fn names_are_checked_as_labels_are(pool: PgPool) {
    let on = Setting::new(pool).await;
    assert_eq!(refusal(on.control.create_project(&on.owner, named("")).await).0, 400);
    let long = on.control.create_project(&on.owner, named(&"x".repeat(41))).await;
    assert_eq!(refusal(long), (422, "Name is too long (maximum is 40 characters)".into()));
}

#[sqlx::test]
async fn a_project_with_services_stays(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid;
    let resource = on.resource(&on.owner, "r1").await;
    for words in [
        "Project still has 1 service: delete or move them first",
        "Project still has 2 services: delete or move them first",
    ] {
        on.service(&on.owner, project, resource, 1).await;
        assert_eq!(refusal(on.control.delete_project(&on.owner, project).await), (422, words.into()));
    }
    on.run("delete from services where project_id = $1", project).await;
    on.control.delete_project(&on.owner, project).await.unwrap();
}

#[sqlx::test]
async fn h09_another_workspace_answers_like_a_random_uuid(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid;
    let stranger = on.stranger().await;
    for id in [project, Uuid::now_v7()] {
        let no = (404, "Project not found".to_owned());
        assert_eq!(refusal(on.control.get_project(&stranger, id).await), no);
        assert_eq!(refusal(on.control.update_project(&stranger, id, named("x")).await), no);
        assert_eq!(refusal(on.control.delete_project(&stranger, id).await), no);
    }
    assert_eq!(on.control.list_projects(&stranger, PageRequest::default()).await.unwrap().items, []);
    assert_eq!(on.control.get_project(&on.owner, project).await.unwrap().name, "Shop");
}

#[sqlx::test]
async fn a_restricted_project_is_there_for_owners_and_admins_only(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = on.control.create_project(&on.owner, named("Secret")).await.unwrap().uuid;
    on.restrict(project).await;
    for role in Role::ALL {
        let who = on.colleague(*role).await;
        let listed = on.control.list_projects(&who, PageRequest::default()).await.unwrap().items.len();
        let got = on.control.get_project(&who, project).await;
        if matches!(role, Role::Owner | Role::Admin) {
            assert_eq!((listed, got.unwrap().restricted), (1, true), "{role}");
        } else {
            assert_eq!(listed, 0, "{role}");
            assert!(matches!(got, Err(Error::Api(ApiError::NotFound(Noun::Project)))), "{role}");
        }
    }
}

#[sqlx::test]
async fn changing_projects_takes_the_permission_to_manage_them(pool: PgPool) {
    let on = Setting::new(pool).await;
    let project = on.control.create_project(&on.owner, named("Shop")).await.unwrap().uuid;
    for role in [Role::Member, Role::Support, Role::Viewer] {
        let who = on.colleague(role).await;
        let lacks = (403, ApiError::Forbidden(Permission::ProjectsManage).to_string());
        // even where the body is nonsense: authorisation comes first
        assert_eq!(refusal(on.control.create_project(&who, named("")).await), lacks);
        assert_eq!(refusal(on.control.update_project(&who, project, named("x")).await), lacks);
        assert_eq!(refusal(on.control.delete_project(&who, project).await), lacks);
        assert_eq!(on.control.get_project(&who, project).await.unwrap().uuid, project);
    }
}

#[sqlx::test]
async fn pages_go_from_the_newest_to_the_oldest(pool: PgPool) {
    let on = Setting::new(pool).await;
    for name in ["a", "b", "c", "d", "e"] {
        on.control.create_project(&on.owner, named(name)).await.unwrap();
    }
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: Some("2".into()), cursor };
        let page = on.control.list_projects(&on.owner, page).await.unwrap();
        assert!((1..=2).contains(&page.items.len()));
        names.extend(page.items.into_iter().map(|p| p.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["e", "d", "c", "b", "a"]);
    for (limit, cursor) in [("0", ""), ("201", ""), ("x", ""), ("2", "nonsense"), ("2", "AA")] {
        let page = PageRequest { limit: Some(limit.into()), cursor: Some(cursor.into()) };
        assert_eq!(refusal(on.control.list_projects(&on.owner, page).await).0, 400, "{limit} {cursor}");
    }
}
