//! Passwords: made, hashed for the server, kept in files of mode 0600.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::disk::write_durably;
use crate::error::{At, Result};

/// Bytes of randomness in a password: 192 bits, more than any guess.
const PASSWORD_BYTES: usize = 24;

/// A fresh random password of 48 hexadecimal digits, which no URL, shell or file format needs to escape.
pub fn random_password() -> SecretString {
    let bytes: [u8; PASSWORD_BYTES] = rand::random();
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    SecretString::from(text)
}

/// The SCRAM-SHA-256 verifier of a password, in the form that `ALTER ROLE … PASSWORD` stores as it stands: the clear text then never
/// reaches the server, its log or `pg_stat_activity`.
pub fn scram_verifier(password: &SecretString) -> SecretString {
    SecretString::from(postgres_protocol::password::scram_sha_256(password.expose_secret().as_bytes()))
}

/// Writes a password file, 0600, and lets it reach the disk. The line ends as `initdb --pwfile` wants it.
pub(crate) fn write(path: &Path, password: &SecretString) -> Result<()> {
    let line = SecretString::from(format!("{}\n", password.expose_secret()));
    write_durably(path, line.expose_secret().as_bytes())
}

/// Reads a password file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<SecretString>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = SecretString::from(text);
            Ok(Some(SecretString::from(text.expose_secret().trim_end())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_hide() {
        let (one, other) = (random_password(), random_password());
        assert_eq!(one.expose_secret().len(), 48);
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(!format!("{one:?}").contains(one.expose_secret()));
    }

    #[test]
    fn a_verifier_does_not_hold_the_password() {
        let verifier = scram_verifier(&SecretString::from("open sesame"));
        assert!(verifier.expose_secret().starts_with("SCRAM-SHA-256$4096:"));
        assert!(!verifier.expose_secret().contains("sesame"));
    }

    #[test]
    fn a_password_file_is_private_and_reads_back() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("superuser");
        assert!(read(&path).unwrap().is_none());
        write(&path, &SecretString::from("s3cret")).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), "s3cret");
    }
}
