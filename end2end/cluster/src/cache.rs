//! Where built programs and images are kept, each under the hash of what goes into it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// Names another place for the cache.
const PLACE: &str = "BERTH_CLUSTER_CACHE";

/// A directory of files that can be made again.
#[derive(Debug, Clone)]
pub struct Cache(PathBuf);

impl Cache {
    /// `BERTH_CLUSTER_CACHE`, else `berth/cluster` below the user's cache directory.
    ///
    /// # Errors
    /// There is no such directory, and it can't be made.
    pub fn open() -> Result<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let users = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
        let place = set(PLACE).or_else(|| Some(users()?.join("berth/cluster")));
        let place = place.with_context(|| format!("neither {PLACE} nor HOME is set: nowhere to keep programs"))?;
        fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
        Ok(Self(place.canonicalize()?))
    }

    /// What `make` puts at the path that it is given, unless it has been made from the same inputs before. What is made half
    /// is never taken for whole: it is renamed when it is done.
    ///
    /// # Errors
    /// Those of `make`, and of the file system.
    pub fn keep(&self, name: &str, key: &Key, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let kept = self.0.join(format!("{name}-{}", key.text()));
        if kept.exists() {
            return Ok(kept);
        }
        let place = tempfile::Builder::new().prefix(".making-").tempdir_in(&self.0)?;
        let made = place.path().join(name);
        make(&made)?;
        fs::rename(&made, &kept).with_context(|| format!("keeping {}", kept.display()))?;
        Ok(kept)
    }
}

/// All that goes into something made.
#[derive(Debug, Clone, Default)]
pub struct Key(Sha256);

impl Key {
    #[must_use]
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update(part.len().to_le_bytes());
        self.0.update(part);
        self
    }

    /// Every file below a directory, with its path in there.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn with_files(mut self, dir: &Path) -> Result<Self> {
        let mut files = crate::files::below(dir)?;
        files.sort();
        for file in files {
            self = self.with(file.strip_prefix(dir)?.to_string_lossy().as_bytes()).with(fs::read(&file)?);
        }
        Ok(self)
    }

    fn text(&self) -> String {
        self.0.clone().finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_made_once_and_what_fails_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache(dir.path().to_owned());
        let key = Key::default().with("one");
        cache.keep("it", &key, |_| anyhow::bail!("no luck")).unwrap_err();
        let made = cache.keep("it", &key, |path| Ok(fs::write(path, "made")?)).unwrap();
        assert_eq!(fs::read_to_string(&made).unwrap(), "made");
        assert_eq!(cache.keep("it", &key, |_| unreachable!("it is there")).unwrap(), made);
        let other = cache.keep("it", &key.with("two"), |path| Ok(fs::write(path, "other")?)).unwrap();
        assert_ne!(other, made);
    }

    #[test]
    fn a_key_is_of_names_and_contents_and_of_where_one_ends() {
        let text = |parts: &[&str]| parts.iter().fold(Key::default(), |key, part| key.with(part)).text();
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
        let dir = tempfile::tempdir().unwrap();
        let of = || Key::default().with_files(dir.path()).unwrap().text();
        fs::write(dir.path().join("a"), "1").unwrap();
        let one = of();
        assert_eq!(one, of());
        fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
        assert_ne!(one, of());
    }
}
