//! Sealing of secrets at rest: XChaCha20-Poly1305, bound to workspace, row and column.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use contract::values::Secret;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::Error;

/// Where a secret stands. Moved to another place it doesn't open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub workspace: Uuid,
    /// The row, by whatever names it for good.
    pub row: &'a str,
    pub column: &'static str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.workspace, self.row, self.column).into_bytes()
    }
}

/// Seals and opens; the first key seals, all of them open.
#[derive(Clone)]
pub struct Sealer {
    keys: Vec<([u8; KEY_ID], XChaCha20Poly1305)>,
    fingerprint_key: Option<[u8; KEY]>,
}

/// A key is named in front of what it sealed by the first bytes of its SHA-256.
const KEY_ID: usize = 4;
const NONCE: usize = 24;
const KEY: usize = 32;

impl Sealer {
    /// The newest key first; older ones only open.
    pub fn from_keys(keys: &[[u8; KEY]]) -> Self {
        let named = |key: &[u8; KEY]| {
            let mut id = [0; KEY_ID];
            id.copy_from_slice(&Sha256::digest(key)[..KEY_ID]);
            (id, XChaCha20Poly1305::new(&Key::from(*key)))
        };
        let derived =
            |key: &[u8; KEY]| Sha256::new().chain_update(b"berth fingerprint").chain_update(key).finalize().into();
        Self { keys: keys.iter().map(named).collect(), fingerprint_key: keys.first().map(derived) }
    }

    /// # Errors
    /// The cipher refused, which no input of ours makes it do.
    pub fn seal(&self, place: Place<'_>, secret: &Secret) -> Result<Vec<u8>, Error> {
        let (id, cipher) = self.keys.first().ok_or(Error::Seal("there is no key"))?;
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &place.associated_data() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::Seal("sealing failed"))?;
        Ok([id.as_slice(), nonce.as_slice(), &sealed].concat())
    }

    /// A keyed hash: equal for equal bytes, and no help in guessing them without the key.
    ///
    /// # Errors
    /// There is no key.
    pub fn fingerprint(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.fingerprint_key.ok_or(Error::Seal("there is no key"))?;
        // a key of fixed length in front and one behind: no extension, no collision with another length
        Ok(Sha256::new().chain_update(key).chain_update(bytes).chain_update(key).finalize().to_vec())
    }

    /// # Errors
    /// It was sealed for another place, with a key that isn't in the file, or was changed.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret, Error> {
        let (id, rest) = sealed.split_at_checked(KEY_ID).ok_or(Error::Seal("it is too short"))?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(Error::Seal("it is too short"))?;
        let cipher = self.keys.iter().find(|(known, _)| known == id).map(|(_, cipher)| cipher);
        let cipher = cipher.ok_or(Error::Seal("its key isn't in the key file"))?;
        let payload = Payload { msg: text, aad: &place.associated_data() };
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::Seal("it doesn't open here"))?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| Error::Seal("it isn't a text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place { workspace: Uuid::nil(), row: "postgres-abcde", column: "password" };

    #[test]
    fn opens_where_it_was_sealed_and_nowhere_else() {
        let sealer = Sealer::from_keys(&[[7; KEY]]);
        let sealed = sealer.seal(HERE, &Secret::new("hunter2")).unwrap();
        assert_eq!(sealer.open(HERE, &sealed).unwrap().expose(), "hunter2");
        for elsewhere in [
            Place { workspace: Uuid::max(), ..HERE },
            Place { row: "postgres-fghij", ..HERE },
            Place { column: "value", ..HERE },
        ] {
            assert!(sealer.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));
    }

    #[test]
    fn a_rotated_key_still_opens_and_a_removed_one_does_not() {
        let sealed = Sealer::from_keys(&[[1; KEY]]).seal(HERE, &Secret::new("x")).unwrap();
        assert!(Sealer::from_keys(&[[2; KEY], [1; KEY]]).open(HERE, &sealed).is_ok());
        assert!(Sealer::from_keys(&[[2; KEY]]).open(HERE, &sealed).is_err());
        assert!(Sealer::from_keys(&[[1; KEY]]).open(HERE, &sealed[..20]).is_err());
    }
}
