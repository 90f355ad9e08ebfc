use contract::permission::Role;
use contract::user::NewToken;
use contract::values::Secret;
use control::Error;
use control::identity::sweep;
use sqlx::PgPool;

use crate::setting::{Setting, refusal};

const EMAIL: &str = "ada@example.com";

fn good() -> Secret {
    Secret::new("correct horse battery")
}

#[sqlx::test]
async fn a_user_signs_in_with_his_password_and_with_no_other(pool: PgPool) {
    let on = Setting::new(pool).await;
    let id = on.identity.add_user(" Ada@Example.com", &good(), None, "member").await.unwrap();
    assert_eq!(on.identity.sign_in("ADA@example.com ", &good()).await.unwrap(), id);
    let secret = on.identity.open_session(id, "::1", "x").await.unwrap();
    assert_eq!(on.identity.caller_by_session(&secret, None, "r1").await.unwrap().role, Role::Member);
    assert_eq!(on.count("select count(*) from users where password_hash like '%horse%'").await, 0);
    // H22: the same words whether the address or the password is wrong
    for (email, password) in [
        (EMAIL, "correct horse batterz"),
        ("bob@example.com", "correct horse battery"),
        ("no address\0", "correct horse battery"),
        (EMAIL, ""),
    ] {
        let answer = on.identity.sign_in(email, &Secret::new(password)).await;
        assert_eq!(refusal(answer), (401, "E-mail address or password is wrong".into()), "{email:?}");
    }
}

#[sqlx::test]
async fn every_problem_of_a_new_user_is_named_at_once(pool: PgPool) {
    let on = Setting::new(pool).await;
    let answer = on.identity.add_user("ada", &Secret::new("short"), None, "king").await;
    let Err(Error::Api(error)) = answer else { panic!("{answer:?}") };
    let fields: Vec<_> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields, ["email", "password", "role"]);
    let unknown = on.identity.add_user(EMAIL, &good(), Some("nowhere"), "member").await;
    assert_eq!(refusal(unknown), (422, "Workspace is none that exists".into()));
    assert_eq!(on.count("select count(*) from users where email = 'ada@example.com'").await, 0);
}

#[sqlx::test]
async fn an_email_address_is_taken_once(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.identity.add_user(EMAIL, &good(), Some("one"), "viewer").await.unwrap();
    let again = on.identity.add_user("ADA@example.com", &good(), None, "owner").await;
    assert_eq!(refusal(again), (422, "Email is taken by another user".into()));
}

#[sqlx::test]
async fn a_password_reset_ends_sessions_and_tokens(pool: PgPool) {
    let on = Setting::new(pool).await;
    let id = on.identity.add_user(EMAIL, &good(), None, "member").await.unwrap();
    let others = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let session = on.identity.open_session(id, "::1", "x").await.unwrap();
    let tokens = on.identity.issue(id).await.unwrap();
    let caller = on.identity.caller_by_session(&session, None, "r1").await.unwrap();
    let new = NewToken { label: "laptop".into(), ..Default::default() };
    let personal = on.control.create_token(&caller, new).await.unwrap().token;
    on.identity.reset_password(EMAIL, &Secret::new("another good password")).await.unwrap();
    assert_eq!(refusal(on.identity.caller_by_session(&session, None, "r1").await).0, 401);
    for token in [&tokens.access_token, &personal] {
        assert_eq!(refusal(on.identity.caller_by_bearer(token.expose(), None, "r1").await).0, 401);
    }
    assert_eq!(refusal(on.identity.refresh(&tokens.refresh_token).await).0, 401);
    assert_eq!(refusal(on.identity.sign_in(EMAIL, &good()).await).0, 401);
    assert_eq!(on.identity.sign_in(EMAIL, &Secret::new("another good password")).await.unwrap(), id);
    assert!(on.identity.caller_by_session(&others, None, "r1").await.is_ok());
    let unknown = on.identity.reset_password("bob@example.com", &good()).await;
    assert_eq!(refusal(unknown), (422, "Email is no user's".into()));
    assert_eq!(refusal(on.identity.reset_password(EMAIL, &Secret::new("short")).await).0, 422);
}

#[sqlx::test]
async fn users_are_listed_with_roles_and_when_they_were_seen(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.stranger().await;
    on.run("update users set email = 'z@example.com' where id = $1", on.owner.user_id).await;
    let (second, slug) = crate::setting::workspace(&on.pool, "two").await;
    crate::setting::join(&on.pool, on.owner.user_id, second, Role::Admin).await;
    on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let users = on.identity.list_users().await.unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!((users[0].roles.len(), users[0].last_seen_at), (1, None));
    assert_eq!(users[1].email, "z@example.com");
    assert_eq!(users[1].roles, [("one".into(), Role::Owner), (slug, Role::Admin)]);
    assert!(users[1].last_seen_at.is_some());
}

#[sqlx::test]
async fn the_sweep_takes_what_is_over_and_nothing_else(pool: PgPool) {
    let on = Setting::new(pool).await;
    let user = on.owner.user_id;
    let fill = async || {
        on.identity.open_session(user, "::1", "x").await.unwrap();
        on.identity.issue(user).await.unwrap();
        on.run("insert into setup_links values (sha256(gen_random_uuid()::text::bytea), now() + interval '1 minute' + ($1::uuid is null)::int * interval '0')", user).await;
        on.run(
            "insert into idempotency_keys (user_id, workspace_id, route, key, body_hash, service_id)
             select $1, workspace_id, 'r', gen_random_uuid()::text, '', $1 from memberships where user_id = $1",
            user,
        )
        .await;
        on.run("insert into events (workspace_id, kind, entity_id) select workspace_id, 'service', $1 from memberships where user_id = $1", user).await;
    };
    fill().await;
    for old in [
        "update sessions set last_seen_at = now() - interval '8 days' where $1::uuid is not null",
        "update tokens set expires_at = now() where $1::uuid is not null",
        "update setup_links set expires_at = now() where $1::uuid is not null",
        "update idempotency_keys set created_at = now() - interval '25 hours' where $1::uuid is not null",
        "update events set created_at = now() - interval '25 hours' where $1::uuid is not null",
    ] {
        on.run(old, user).await;
    }
    fill().await;
    assert_eq!(sweep(&on.pool).await.unwrap(), 6);
    assert_eq!(sweep(&on.pool).await.unwrap(), 0);
    for (rows, table) in [
        ("select count(*) from sessions", 1),
        ("select count(*) from tokens", 2),
        ("select count(*) from setup_links", 1),
        ("select count(*) from idempotency_keys", 1),
        ("select count(*) from events", 1),
    ] {
        assert_eq!(on.count(rows).await, table, "{rows}");
    }
}
