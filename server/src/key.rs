//! The key that seals secrets at rest: `key` in the data directory, or the file that `--key-file` names.
//!
//! One key per line, 32 bytes in base64. The first line seals; the others only open what was sealed before a
//! rotation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng;
use secrecy::{ExposeSecret, SecretBox, SecretString};

/// A key: 32 bytes.
pub type Key = SecretBox<[u8; 32]>;

/// Name of the key file in the data directory.
pub const KEY_FILE: &str = "key";

/// Rotations further back than this are done by sealing anew.
const MOST_KEYS: usize = 16;

/// Why there is no key. No message holds a part of one.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("can't {doing} the key file {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("line {line} of the key file {} isn't 32 bytes in base64: make one with `head -c 32 /dev/urandom | base64`", path.display())]
    Malformed { path: PathBuf, line: usize },
    #[error("the key file {} holds no key, or more than {MOST_KEYS}", path.display())]
    Count { path: PathBuf },
    #[error("the key file {} is missing, and what is stored beside it was sealed with it: put it back from your backup", path.display())]
    Lost { path: PathBuf },
}

/// Reads the keys that the operator named. Done before root is given up: such files are often root's alone.
pub fn read(path: &Path) -> Result<Vec<Key>, KeyError> {
    let io = |doing| move |source| KeyError::Io { doing, path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(io("look at"))?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "others than its owner may read the key file");
    }
    let text = SecretString::from(fs::read_to_string(path).map_err(io("read"))?);
    let mut keys = Vec::new();
    for (number, line) in text.expose_secret().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let malformed = || KeyError::Malformed { path: path.to_owned(), line: number + 1 };
        let mut bytes = SecretBox::new(Box::new([0u8; 32]));
        use secrecy::ExposeSecretMut;
        let length = STANDARD.decode_slice(line.trim(), bytes.expose_secret_mut()).map_err(|_| malformed())?;
        if length != 32 {
            return Err(malformed());
        }
        keys.push(bytes);
    }
    if (1..=MOST_KEYS).contains(&keys.len()) { Ok(keys) } else { Err(KeyError::Count { path: path.to_owned() }) }
}

/// Reads the keys of the data directory, and makes the first one where none is there yet.
///
/// `sealed_before` says that something sealed may exist already; then a missing key is a loss and not a first start.
pub fn read_or_make(data_dir: &Path, sealed_before: bool) -> Result<Vec<Key>, KeyError> {
    let path = data_dir.join(KEY_FILE);
    if !path.exists() {
        if sealed_before {
            return Err(KeyError::Lost { path });
        }
        make(data_dir, &path).map_err(|source| KeyError::Io { doing: "make", path: path.clone(), source })?;
        tracing::info!(path = %path.display(), "made the key that seals secrets: keep a copy of it apart from the data");
    }
    read(&path)
}

/// Durable before anything is sealed with it: the file, then its name.
fn make(data_dir: &Path, path: &Path) -> io::Result<()> {
    let mut bytes = SecretBox::new(Box::new([0u8; 32]));
    use secrecy::ExposeSecretMut;
    rand::rngs::SysRng.try_fill_bytes(bytes.expose_secret_mut()).map_err(io::Error::other)?;
    let line = SecretString::from(STANDARD.encode(bytes.expose_secret()) + "\n");
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(line.expose_secret().as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(data_dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_and_later_ones_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let made = read_or_make(dir.path(), false).unwrap();
        let again = read_or_make(dir.path(), true).unwrap();
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].expose_secret(), again[0].expose_secret());
        assert_ne!(made[0].expose_secret(), &[0; 32]);
        let mode = fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lost_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read_or_make(dir.path(), true), Err(KeyError::Lost { .. })));
    }

    #[test]
    fn the_first_line_seals_and_older_ones_follow() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        fs::write(&path, format!("{}\n\n{}\n", STANDARD.encode([1; 32]), STANDARD.encode([2; 32]))).unwrap();
        let keys = read(&path).unwrap();
        assert_eq!(keys.iter().map(|k| k.expose_secret()[0]).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_malformed_key_is_named_by_line_and_never_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        for wrong in ["Hunter2", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            fs::write(&path, format!("{}\n{wrong}\n", STANDARD.encode([1; 32]))).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains("line 2") && !message.contains(wrong), "{message}");
        }
        fs::write(&path, "\n").unwrap();
        assert!(matches!(read(&path), Err(KeyError::Count { .. })));
    }
}
