use contract::Caller;
use contract::audit::AuditFilter;
use contract::page::PageRequest;
use contract::permission::Role;
use contract::project::ProjectFields;
use contract::user::{NewToken, PasswordChange};
use contract::values::Secret;
use sqlx::PgPool;
use uuid::Uuid;

use crate::setting::{Setting, refusal};

const OLD: &str = "correct horse battery";

/// The owner, with a password, in a browser; and the secret of that.
async fn in_a_browser(on: &Setting) -> (Caller, Secret) {
    on.identity.reset_password(&on.owner.email, &Secret::new(OLD)).await.unwrap();
    let secret = on.identity.open_session(on.owner.user_id, "192.0.2.1", "Firefox").await.unwrap();
    (on.identity.caller_by_session(&secret, None, "r1").await.unwrap(), secret)
}

fn change(current: &str, new: &str) -> PasswordChange {
    PasswordChange { current_password: current.into(), new_password: new.into(), ..Default::default() }
}

#[sqlx::test]
async fn sessions_are_listed_and_ended_by_whose_they_are(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (here, _) = in_a_browser(&on).await;
    let other = on.identity.open_session(on.owner.user_id, "192.0.2.2", "Chrome").await.unwrap();
    let stranger = on.colleague(Role::Admin).await;
    let sessions = on.control.list_sessions(&here).await.unwrap();
    let seen: Vec<_> = sessions.iter().map(|s| (s.address.as_str(), s.current)).collect();
    assert_eq!(seen, [("192.0.2.1", true), ("192.0.2.2", false)]);
    assert!(on.control.list_sessions(&stranger).await.unwrap().is_empty());
    assert_eq!(refusal(on.control.end_session(&stranger, sessions[1].uuid).await), (404, "Session not found".into()));
    assert!(on.identity.caller_by_session(&other, None, "r1").await.is_ok());
    on.control.end_session(&here, sessions[1].uuid).await.unwrap();
    assert!(on.identity.caller_by_session(&other, None, "r1").await.is_err());
    assert_eq!(on.audited().await, ["session.end 192.0.2.2"]);
}

#[sqlx::test]
async fn a_new_password_ends_everything_but_this_session_and_personal_tokens(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (here, secret) = in_a_browser(&on).await;
    let other = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let api = on.identity.issue(on.owner.user_id).await.unwrap();
    let new_token = NewToken { label: "ci".into(), ..Default::default() };
    let personal = on.control.create_token(&here, new_token).await.unwrap();
    for (current, new, status, field) in [
        ("wrong horse battery", "another long password", 422, "current_password"),
        (OLD, "short", 422, "new_password"),
        ("", "another long password", 400, "current_password"),
    ] {
        let answer = on.control.change_password(&here, change(current, new)).await;
        let error: contract::ApiError = answer.unwrap_err().into();
        assert_eq!((error.status(), error.problems()[0].field.as_str()), (status, field));
    }
    on.identity.sign_in(&on.owner.email, &Secret::new(OLD)).await.unwrap();
    for _ in 0..4 {
        on.control.change_password(&here, change("guess", "another long password")).await.unwrap_err();
    }
    assert_eq!(refusal(on.control.change_password(&here, change(OLD, "another long password")).await).0, 429);
    on.run("update audit set at = at - interval '11 minutes' where user_id = $1", on.owner.user_id).await;
    on.control.change_password(&here, change(OLD, "another long password")).await.unwrap();
    assert!(on.identity.sign_in(&on.owner.email, &Secret::new(OLD)).await.is_err());
    on.identity.sign_in(&on.owner.email, &Secret::new("another long password")).await.unwrap();
    assert!(on.identity.caller_by_session(&secret, None, "r1").await.is_ok());
    assert!(on.identity.caller_by_session(&other, None, "r1").await.is_err());
    assert!(on.identity.caller_by_bearer(api.access_token.expose(), None, "r1").await.is_err());
    assert!(on.identity.refresh(&api.refresh_token).await.is_err());
    assert!(on.identity.caller_by_bearer(personal.token.expose(), None, "r1").await.is_ok());
}

#[sqlx::test]
async fn the_log_is_read_whole_by_security_and_by_others_as_far_as_it_is_theirs(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (member, stranger) = (on.colleague(Role::Member).await, on.stranger().await);
    let fields = |name: &str| ProjectFields { name: name.into(), ..Default::default() };
    let project = on.control.create_project(&on.owner, fields("Shop")).await.unwrap().uuid;
    on.control.create_token(&member, NewToken { label: "mine".into(), ..Default::default() }).await.unwrap();
    on.control.create_project(&stranger, fields("Elsewhere")).await.unwrap();
    let read = async |who: &Caller, entity: Option<Uuid>| {
        let filter = AuditFilter { entity_id: entity };
        let page = on.control.list_audit(who, filter, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|line| format!("{} {}", line.action, line.entity)).collect::<Vec<_>>()
    };
    assert_eq!(read(&on.owner, None).await, ["token.create mine", "project.create Shop"]);
    assert_eq!(read(&member, None).await, ["token.create mine"]);
    assert_eq!(read(&on.owner, Some(project)).await, ["project.create Shop"]);
    assert!(read(&member, Some(project)).await.is_empty());
    assert!(read(&on.colleague(Role::Viewer).await, None).await.is_empty());
    let first = PageRequest { limit: Some("1".into()), cursor: None };
    let page = on.control.list_audit(&on.owner, AuditFilter::default(), first).await.unwrap();
    let next = PageRequest { limit: Some("1".into()), cursor: page.next };
    let next = on.control.list_audit(&on.owner, AuditFilter::default(), next).await.unwrap();
    assert_eq!((next.items[0].entity.as_str(), next.next), ("Shop", None));
}
