use contract::permission::Role;
use contract::values::Secret;
use control::identity::{FirstStart, Identity, seed_workspace};
use sqlx::PgPool;

use crate::setting::refusal;

const EMAIL: &str = "ada@example.com";
const BAD_LINK: &str = "This set-up link is not valid, was used or has expired";

fn good() -> Secret {
    Secret::new("correct horse battery")
}

async fn link(identity: &Identity) -> Secret {
    identity.create_setup_link().await.unwrap()
}

#[sqlx::test]
async fn the_admin_of_the_configuration_becomes_the_owner_once(pool: PgPool) {
    let identity = Identity::new(pool.clone());
    seed_workspace(&pool).await.unwrap();
    assert!(!identity.has_users().await.unwrap());
    let short = identity.bootstrap(Some((EMAIL, &Secret::new("short")))).await;
    assert_eq!(refusal(short), (422, "Password is too short (minimum is 12 characters)".into()));
    let FirstStart::AdminMade(id) = identity.bootstrap(Some((EMAIL, &good()))).await.unwrap() else { panic!() };
    assert_eq!(identity.bootstrap(Some(("bob@example.com", &good()))).await.unwrap(), FirstStart::Done);
    assert_eq!(identity.bootstrap(None).await.unwrap(), FirstStart::Done);
    assert_eq!(identity.sign_in(EMAIL, &good()).await.unwrap(), id);
    let users = identity.list_users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].roles, [("main".into(), Role::Owner)]);
}

#[sqlx::test]
async fn h15_a_setup_link_makes_one_owner_and_is_used_up(pool: PgPool) {
    let identity = Identity::new(pool);
    let FirstStart::Link(link) = identity.bootstrap(None).await.unwrap() else { panic!() };
    // a typing error doesn't use it up
    let short = identity.use_setup_link(&link, "ada", &Secret::new("short")).await;
    assert_eq!(refusal(short).0, 422);
    let id = identity.use_setup_link(&link, EMAIL, &good()).await.unwrap();
    assert_eq!(identity.sign_in(EMAIL, &good()).await.unwrap(), id);
    let again = identity.use_setup_link(&link, "bob@example.com", &good()).await;
    assert_eq!(refusal(again), (403, BAD_LINK.into()));
    let another = identity.create_setup_link().await;
    assert_eq!(refusal(another), (403, "Berth is set up already; sign in instead".into()));
}

#[sqlx::test]
async fn h15_a_newer_link_ends_the_older_and_a_day_ends_any(pool: PgPool) {
    let identity = Identity::new(pool.clone());
    let (old, new) = (link(&identity).await, link(&identity).await);
    for bad in [old, Secret::new(""), Secret::new("guess")] {
        assert_eq!(refusal(identity.use_setup_link(&bad, EMAIL, &good()).await), (403, BAD_LINK.into()));
    }
    sqlx::query("update setup_links set expires_at = now()").execute(&pool).await.unwrap();
    assert_eq!(refusal(identity.use_setup_link(&new, EMAIL, &good()).await).0, 403);
    assert!(!identity.has_users().await.unwrap());
}

#[sqlx::test]
async fn h15_one_link_used_at_once_makes_one_user(pool: PgPool) {
    let identity = Identity::new(pool);
    let link = link(&identity).await;
    let emails = ["a@x", "b@x", "c@x", "d@x"];
    let (password, identity) = (good(), &identity);
    let answers = futures::future::join_all(emails.map(|email| identity.use_setup_link(&link, email, &password))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 3));
    assert!(refused.into_iter().all(|answer| refusal(answer).0 == 403));
    assert_eq!(identity.list_users().await.unwrap().len(), 1);
}

#[sqlx::test]
async fn h15_a_link_is_worth_nothing_once_the_command_line_made_a_user(pool: PgPool) {
    let identity = Identity::new(pool.clone());
    seed_workspace(&pool).await.unwrap();
    let link = link(&identity).await;
    identity.add_user("bob@example.com", &good(), None, "viewer").await.unwrap();
    let late = identity.use_setup_link(&link, EMAIL, &good()).await;
    assert_eq!(refusal(late), (403, "Berth is set up already; sign in instead".into()));
}
