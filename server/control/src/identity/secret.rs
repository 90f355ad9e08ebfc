//! Secrets that somebody carries: random, and only their SHA-256 is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::values::Secret;
use sha2::{Digest, Sha256};

/// As many as a key of AES-256 has: not to be guessed, so a fast hash is enough for what is stored.
const BYTES: usize = 32;

/// A new secret behind a prefix that says what it is.
pub(super) fn fresh(prefix: &str) -> Secret {
    let bytes: [u8; BYTES] = rand::random();
    Secret::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What stands in the store.
pub(super) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, two) = (fresh("bat_"), fresh("bat_"));
        assert_eq!(one.expose().len(), 4 + 43);
        assert_ne!(one.expose(), two.expose());
        assert_ne!(digest(one.expose()), digest(two.expose()));
    }
}
