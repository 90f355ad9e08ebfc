use contract::Caller;
use contract::page::PageRequest;
use contract::permission::Role;
use contract::user::NewToken;
use contract::values::Secret;
use sqlx::PgPool;
use uuid::Uuid;

use crate::setting::{Setting, refusal};

const NO: (u16, &str) = (401, "The token is not valid or has expired");

fn labelled(label: &str, days: &str) -> NewToken {
    NewToken { label: label.into(), expires_in_days: days.into(), ..Default::default() }
}

async fn good(on: &Setting, token: &Secret) -> bool {
    match on.identity.caller_by_bearer(token.expose(), None, "r1").await {
        Ok(caller) => caller == Caller { proof: caller.proof, ..on.owner.clone() },
        answer => {
            let (status, words) = refusal(answer);
            assert_eq!((status, words.as_str()), NO);
            false
        }
    }
}

#[sqlx::test]
async fn an_access_token_says_who_somebody_is_for_thirty_minutes(pool: PgPool) {
    let on = Setting::new(pool).await;
    let tokens = on.identity.issue(on.owner.user_id).await.unwrap();
    assert_eq!(tokens.expires_in, 1800);
    assert!(tokens.access_token.expose().starts_with("bat_"));
    assert!(tokens.refresh_token.expose().starts_with("brt_"));
    assert!(good(&on, &tokens.access_token).await);
    assert!(!good(&on, &tokens.refresh_token).await, "a refresh token is no access token");
    on.run("update tokens set expires_at = now() where user_id = $1", on.owner.user_id).await;
    assert!(!good(&on, &tokens.access_token).await);
    for bad in ["", "bat_", "berth_x", "bat_' or true --", "berth_a\0b", "Bearer x"] {
        assert!(!good(&on, &Secret::new(bad)).await, "{bad:?}");
    }
}

#[sqlx::test]
async fn a_refresh_token_is_good_for_one_use(pool: PgPool) {
    let on = Setting::new(pool).await;
    let first = on.identity.issue(on.owner.user_id).await.unwrap();
    let second = on.identity.refresh(&first.refresh_token).await.unwrap();
    assert!(good(&on, &second.access_token).await);
    let third = on.identity.refresh(&second.refresh_token).await.unwrap();
    assert!(good(&on, &third.access_token).await);
    for wrong in [third.access_token, Secret::new("brt_x")] {
        assert_eq!(refusal(on.identity.refresh(&wrong).await).0, 401);
    }
}

#[sqlx::test]
async fn a_refresh_token_used_twice_ends_its_family_and_no_other(pool: PgPool) {
    let on = Setting::new(pool).await;
    let other = on.identity.issue(on.owner.user_id).await.unwrap();
    let first = on.identity.issue(on.owner.user_id).await.unwrap();
    let second = on.identity.refresh(&first.refresh_token).await.unwrap();
    let (status, words) = refusal(on.identity.refresh(&first.refresh_token).await);
    assert_eq!((status, words.as_str()), NO);
    for ended in [&first.access_token, &second.access_token] {
        assert!(!good(&on, ended).await);
    }
    assert_eq!(refusal(on.identity.refresh(&second.refresh_token).await).0, 401);
    assert!(good(&on, &other.access_token).await);
    assert!(on.identity.refresh(&other.refresh_token).await.is_ok());
}

#[sqlx::test]
async fn of_two_refreshes_at_once_no_token_survives(pool: PgPool) {
    let on = Setting::new(pool).await;
    let tokens = on.identity.issue(on.owner.user_id).await.unwrap();
    let many = (0..6).map(|_| on.identity.refresh(&tokens.refresh_token)).collect::<Vec<_>>();
    let answers = futures::future::join_all(many).await;
    let won: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(won.len(), 1);
    assert!(!good(&on, &won[0].access_token).await);
    assert_eq!(on.count("select count(*) from tokens").await, 0);
}

#[sqlx::test]
async fn an_expired_refresh_token_ends_nothing(pool: PgPool) {
    let on = Setting::new(pool).await;
    let tokens = on.identity.issue(on.owner.user_id).await.unwrap();
    on.run("update tokens set expires_at = now() where kind = 'refresh' and user_id = $1", on.owner.user_id).await;
    assert_eq!(refusal(on.identity.refresh(&tokens.refresh_token).await).0, 401);
    assert!(good(&on, &tokens.access_token).await);
}

#[sqlx::test]
async fn h14_a_bearer_who_names_a_foreign_workspace_finds_none(pool: PgPool) {
    let on = Setting::new(pool).await;
    let foreign = on.stranger().await.workspace_id;
    let tokens = on.identity.issue(on.owner.user_id).await.unwrap();
    for named in [foreign, Uuid::now_v7()] {
        let answer = on.identity.caller_by_bearer(tokens.access_token.expose(), Some(named), "r1").await;
        assert_eq!(refusal(answer), (404, "Workspace not found".into()));
    }
    let own = Some(on.owner.workspace_id);
    let caller = on.identity.caller_by_bearer(tokens.access_token.expose(), own, "r1").await.unwrap();
    assert_eq!(caller, Caller { proof: caller.proof, ..on.owner.clone() });
}

#[sqlx::test]
async fn a_personal_token_is_shown_once_and_works_until_it_is_revoked(pool: PgPool) {
    let on = Setting::new(pool).await;
    let issued = on.control.create_token(&on.owner, labelled("laptop", "")).await.unwrap();
    assert!(issued.token.expose().starts_with("berth_"));
    assert_eq!((issued.about.expires_at, issued.about.last_used_at), (None, None));
    assert!(good(&on, &issued.token).await);
    let listed = on.control.list_tokens(&on.owner, PageRequest::default()).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].uuid), (1, issued.about.uuid));
    assert!(listed[0].last_used_at.is_some());
    on.control.revoke_token(&on.owner, issued.about.uuid).await.unwrap();
    assert!(!good(&on, &issued.token).await);
    let again = on.control.revoke_token(&on.owner, issued.about.uuid).await;
    assert_eq!(refusal(again), (404, "Token not found".into()));
    assert_eq!(on.audited().await, ["token.create laptop", "token.revoke laptop"]);
}

#[sqlx::test]
async fn a_personal_token_may_expire(pool: PgPool) {
    let on = Setting::new(pool).await;
    let issued = on.control.create_token(&on.owner, labelled("ci", "7")).await.unwrap();
    let life = issued.about.expires_at.unwrap() - issued.about.created_at;
    assert_eq!(life.whole_days(), 7);
    on.run("update tokens set expires_at = now() where id = $1", issued.about.uuid).await;
    assert!(!good(&on, &issued.token).await);
    assert_eq!(refusal(on.control.create_token(&on.owner, labelled("ci", "0")).await).0, 400);
    assert_eq!(refusal(on.control.create_token(&on.owner, labelled("", "1")).await).0, 400);
}

#[sqlx::test]
async fn tokens_are_their_owners_alone(pool: PgPool) {
    let on = Setting::new(pool).await;
    let issued = on.control.create_token(&on.owner, labelled("laptop", "")).await.unwrap();
    let colleague = on.colleague(Role::Owner).await;
    assert_eq!(on.control.list_tokens(&colleague, PageRequest::default()).await.unwrap().items, []);
    assert_eq!(refusal(on.control.revoke_token(&colleague, issued.about.uuid).await).0, 404);
    assert!(good(&on, &issued.token).await);
    // what a session or sign_in made is no personal token
    on.identity.issue(on.owner.user_id).await.unwrap();
    assert_eq!(on.control.list_tokens(&on.owner, PageRequest::default()).await.unwrap().items.len(), 1);
}

#[sqlx::test]
async fn one_user_has_a_hundred_personal_tokens_at_most(pool: PgPool) {
    let on = Setting::new(pool).await;
    on.run(
        "insert into tokens (id, user_id, kind, secret_hash)
         select gen_random_uuid(), $1, 'personal', sha256(n::text::bytea) from generate_series(1, 100) n",
        on.owner.user_id,
    )
    .await;
    assert_eq!(refusal(on.control.create_token(&on.owner, labelled("one more", "")).await).0, 422);
}

#[sqlx::test]
async fn me_names_every_membership_and_what_it_permits(pool: PgPool) {
    let on = Setting::new(pool).await;
    let (second, _) = crate::setting::workspace(&on.pool, "two").await;
    crate::setting::join(&on.pool, on.owner.user_id, second, Role::Viewer).await;
    on.stranger().await;
    let me = on.control.me(&on.owner).await.unwrap();
    assert_eq!((me.uuid, &me.email), (on.owner.user_id, &on.owner.email));
    let shown: Vec<_> = me.workspaces.iter().map(|w| (w.slug.as_str(), w.role)).collect();
    assert_eq!(shown, [("one", Role::Owner), ("two", Role::Viewer)]);
    assert_eq!(me.workspaces[1].permissions, Role::Viewer.permissions());
}
