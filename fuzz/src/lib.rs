//! What the targets have in common: the body of a create, parsed as the server does, and what holds for every answer.

use contract::capabilities::{Capabilities, Runtime};
use contract::{Invalid, NewService};
use time::OffsetDateTime;

/// Shorter ones stand in a message by chance.
const TELLING: usize = 12;

/// Parses a body by everything that any installation can do.
///
/// # Panics
/// An error says nothing, names no field, or repeats a secret.
pub fn create(body: &[u8]) {
    let Ok(new) = serde_json::from_slice::<NewService>(body) else { return };
    // January 2027; certificates are judged by it
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a moment");
    let within = Capabilities::everything(Runtime::Local, now.date());
    if let Err(refused) = new.parse(&within, now) {
        is_telling(&refused);
        for raw in [&new.replication_password, &new.tls_key, &new.s3_access_key, &new.s3_secret_key] {
            let secret = raw.as_text().unwrap_or_default();
            assert!(secret.len() < TELLING || !refused.words().contains(secret), "a secret stands in {refused:?}");
        }
    }
}

fn is_telling(refused: &Invalid) {
    assert!(!refused.0.is_empty(), "a refusal without a problem");
    for problem in &refused.0 {
        assert!(!problem.message().trim().is_empty(), "{problem:?} says nothing");
    }
}
