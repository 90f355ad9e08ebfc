use contract::Caller;
use contract::permission::Role;
use contract::values::Secret;
use sqlx::PgPool;
use uuid::Uuid;

use crate::setting::{Setting, join, refusal, workspace};

const NO: (u16, &str) = (401, "Sign in first");

#[sqlx::test]
async fn a_session_says_who_somebody_is_until_it_is_closed(pool: PgPool) {
    let on = Setting::new(pool).await;
    let secret = on.identity.open_session(on.owner.user_id, "127.0.0.1", "Firefox\0\n").await.unwrap();
    let caller = on.identity.caller_by_session(&secret, None, "r1").await.unwrap();
    assert_eq!(caller, Caller { proof: caller.proof, ..on.owner.clone() });
    on.identity.close_session(&secret).await.unwrap();
    on.identity.close_session(&secret).await.unwrap();
    let (status, words) = refusal(on.identity.caller_by_session(&secret, None, "r1").await);
    assert_eq!((status, words.as_str()), NO);
}

#[sqlx::test]
async fn only_the_hash_of_a_session_is_stored(pool: PgPool) {
    let on = Setting::new(pool).await;
    let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let found: i64 =
        sqlx::query_scalar("select count(*) from sessions where secret_hash = $1 or secret_hash = sha256($1)")
            .bind(secret.expose().as_bytes())
            .fetch_one(&on.pool)
            .await
            .unwrap();
    assert_eq!((found, secret.expose().len()), (1, 43));
    assert_eq!(on.count("select count(*) from sessions where length(secret_hash) = 32").await, 1);
}

#[sqlx::test]
async fn a_session_ends_after_a_week_of_silence_or_thirty_days(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let days = "select extract(day from max(expires_at) - max(created_at))::bigint from sessions";
    assert_eq!(on.count(days).await, 30);
    for (age, good) in [
        ("update sessions set last_seen_at = now() - interval '6 days 23 hours' where user_id = $1", true),
        ("update sessions set last_seen_at = now() - interval '7 days 1 second' where user_id = $1", false),
        ("update sessions set expires_at = now() - interval '1 second' where user_id = $1", false),
    ] {
        let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
        on.run(age, on.owner.user_id).await;
        assert_eq!(on.identity.caller_by_session(&secret, None, "r1").await.is_ok(), good, "{age}");
    }
}

#[sqlx::test]
async fn last_seen_is_written_once_a_minute(pool: PgPool) {
    let on = Setting::new(pool).await;
    let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let recent = "select count(*) from sessions where last_seen_at > now() - interval '20 seconds'";
    for (age, written) in [
        ("update sessions set last_seen_at = now() - interval '30 seconds' where user_id = $1", 0),
        ("update sessions set last_seen_at = now() - interval '61 seconds' where user_id = $1", 1),
    ] {
        on.run(age, on.owner.user_id).await;
        on.identity.caller_by_session(&secret, None, "r1").await.unwrap();
        assert_eq!(on.count(recent).await, written);
    }
}

#[sqlx::test]
async fn a_workspace_is_chosen_by_slug_or_uuid_and_the_oldest_is_the_default(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (second, slug) = workspace(&on.pool, "two").await;
    join(&on.pool, on.owner.user_id, second, Role::Viewer).await;
    let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    for (named, expected) in [
        (None, on.owner.workspace_id),
        (Some(on.owner.workspace_slug.clone()), on.owner.workspace_id),
        (Some(slug), second),
        (Some(second.to_string()), second),
    ] {
        let caller = on.identity.caller_by_session(&secret, named.as_deref(), "r1").await.unwrap();
        assert_eq!(caller.workspace_id, expected);
    }
    let there = on.identity.caller_by_session(&secret, Some("two"), "r1").await.unwrap();
    assert_eq!((there.role, there.workspace_name.as_str()), (Role::Viewer, "TWO"));
}

#[sqlx::test]
async fn h14_a_workspace_that_is_not_his_is_not_found(pool: PgPool) {
    let on = Setting::new(pool).await;
    let stranger = on.stranger().await;
    let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    let (uuid, random) = (stranger.workspace_id.to_string(), Uuid::now_v7().to_string());
    for named in [uuid.as_str(), &stranger.workspace_slug, &random, "", "a\0b", "' or true --", &"x".repeat(9000)] {
        let answer = on.identity.caller_by_session(&secret, Some(named), "r1").await;
        assert_eq!(refusal(answer), (404, "Workspace not found".into()), "{named:?}");
    }
}

#[sqlx::test]
async fn h16_a_demoted_or_removed_member_is_so_from_the_next_request_on(pool: PgPool) {
    let on = Setting::new(pool).await;
    let secret = on.identity.open_session(on.owner.user_id, "::1", "x").await.unwrap();
    on.run("update memberships set role = 'viewer' where user_id = $1", on.owner.user_id).await;
    assert_eq!(on.identity.caller_by_session(&secret, None, "r1").await.unwrap().role, Role::Viewer);
    on.run("delete from memberships where user_id = $1", on.owner.user_id).await;
    assert_eq!(refusal(on.identity.caller_by_session(&secret, Some("one"), "r1").await).0, 404);
    on.run("delete from users where id = $1", on.owner.user_id).await;
    assert_eq!(refusal(on.identity.caller_by_session(&secret, None, "r1").await).0, 401);
}

#[sqlx::test]
async fn a_secret_that_nobody_has_says_sign_in_first(pool: PgPool) {
    let on = Setting::new(pool).await;
    for secret in ["", "x", "' or true --", "a\0b"] {
        let (status, words) = refusal(on.identity.caller_by_session(&Secret::new(secret), Some("one"), "r1").await);
        assert_eq!((status, words.as_str()), NO, "{secret:?}");
    }
}
