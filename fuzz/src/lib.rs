//! What the targets have in common: the body of a create, parsed as the server does, and what holds for every answer.

use contract::capabilities::{Capabilities, Runtime};
use contract::{Invalid, NewService};
use serde_json::Value;
use time::OffsetDateTime;

const SECRETS: [&str; 4] = ["replication_password", "tls_key", "s3_access_key", "s3_secret_key"];
/// Shorter ones stand in a message by chance.
const TELLING: usize = 12;

/// Parses a body by everything that any installation can do.
///
/// # Panics
/// An error says nothing, or repeats a secret.
pub fn create(body: &[u8]) {
    let Some(refused) = parse(body) else { return };
    assert!(!refused.problems.is_empty(), "a refusal without a problem");
    for problem in &refused.problems {
        assert!(!problem.message().trim().is_empty(), "{problem:?} says nothing");
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return };
    for name in SECRETS {
        let Some(secret) = fields.get(name).and_then(Value::as_str).filter(|text| text.len() >= TELLING) else {
            continue;
        };
        // words of ours may be a secret by chance: they stand there without it, too
        let mut without = fields.clone();
        without.insert(name.to_owned(), "x".into());
        let ours = parse(Value::from(without).to_string().as_bytes()).map(|refused| refused.words());
        let by_chance = ours.is_some_and(|words| words.contains(secret));
        assert!(by_chance || !refused.words().contains(secret), "{name} stands in {refused:?}");
    }
}

fn parse(body: &[u8]) -> Option<Invalid> {
    let new: NewService = serde_json::from_slice(body).ok()?;
    // January 2027; certificates are judged by it
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a moment");
    new.parse(&Capabilities::everything(Runtime::Local, now.date()), now).err()
}
