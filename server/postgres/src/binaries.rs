//! Finds PostgreSQL's programs: in a configured directory, in the cache, on the system, or by download.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::{Host, Major, process};

/// Programs of one version that run on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub major: Major,
    /// As the programs or their folder name it: `17.11`, `17.11.0`.
    pub version: String,
    pub source: Source,
    /// Holds `postgres` and `initdb`.
    bin: PathBuf,
}

impl Binaries {
    pub fn postgres(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    pub fn initdb(&self) -> PathBuf {
        self.bin.join("initdb")
    }
}

/// Where programs were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The directory that the configuration names.
    Configured,
    /// What was fetched, or put there by hand.
    Cache,
    /// Installed on the system.
    System,
}

/// Whether a major version can be run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// Its programs are here.
    Ready { version: String, source: Source },
    /// They would be fetched at first use.
    Downloadable { version: String },
    /// They are not here and may not be fetched.
    Missing { version: String },
}

/// What takes its time while programs are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// About 15 MB are on their way.
    Downloading { version: &'static str },
    /// They are checked, and become about 60 MiB of files.
    Unpacking { version: &'static str },
}

/// Versions that programs told of themselves, by path and time of change: asking takes some milliseconds each.
#[derive(Default)]
pub(crate) struct Versions {
    known: Mutex<HashMap<PathBuf, (SystemTime, Option<String>)>>,
}

impl Host {
    /// The programs of a major version; downloads them if nothing else is found. Several callers at once, in several processes too, share
    /// one download. Cancelling leaves nothing behind that the next call minds.
    ///
    /// # Errors
    /// [`Error::BinariesMissing`] without a network, or where downloads are off; it names the version and the folder to put it in.
    pub async fn binaries(&self, major: Major, on_progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<Binaries> {
        if let Some(found) = self.find(major).await {
            return Ok(found);
        }
        match self.download(major, on_progress).await {
            Ok(()) => self.find(major).await.ok_or_else(|| self.missing(major)),
            // An older minor version than wanted is better than none.
            Err(error) => self.older_in_cache(major).ok_or(error),
        }
    }

    /// What can be run here, oldest first. Uses no network.
    pub async fn available_majors(&self) -> Vec<(Major, Availability)> {
        let mut all = Vec::with_capacity(Major::ALL.len());
        for major in Major::ALL {
            let version = major.archive_version().to_owned();
            let found = self.find(major).await;
            let found = found.or_else(|| self.older_in_cache(major));
            let availability = match found {
                Some(Binaries { version, source, .. }) => Availability::Ready { version, source },
                None if self.config().downloads => Availability::Downloadable { version },
                None => Availability::Missing { version },
            };
            all.push((major, availability));
        }
        all
    }

    /// Without the network.
    pub(crate) async fn find(&self, major: Major) -> Option<Binaries> {
        let mut configured = Vec::new();
        if let Some(dir) = &self.config().binaries {
            configured.push(dir.join(major.to_string()).join("bin"));
            configured.push(dir.join("bin"));
        }
        if let Some(found) = self.first(major, Source::Configured, configured).await {
            return Some(found);
        }
        if let Some(found) = self.in_cache(major, major.archive_version()) {
            return Some(found);
        }
        self.first(major, Source::System, system_dirs(major)).await
    }

    async fn first(&self, major: Major, source: Source, dirs: impl IntoIterator<Item = PathBuf>) -> Option<Binaries> {
        for bin in dirs {
            if let Some(version) = self.version_of(&bin).await
                && major_of(&version) == Some(major)
            {
                return Some(Binaries { major, version, source, bin });
            }
        }
        None
    }

    fn in_cache(&self, major: Major, version: &str) -> Option<Binaries> {
        let bin = self.binaries_dir().join(version).join("bin");
        is_whole(&bin).then(|| Binaries { major, version: version.to_owned(), source: Source::Cache, bin })
    }

    /// The newest other version of this major in the cache.
    fn older_in_cache(&self, major: Major) -> Option<Binaries> {
        let entries = std::fs::read_dir(self.binaries_dir()).ok()?;
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| major_of(name) == Some(major))
            .max_by_key(|name| name.split('.').nth(1)?.parse::<u16>().ok())
            .and_then(|name| self.in_cache(major, &name))
    }

    /// Asks the programs in a directory.
    async fn version_of(&self, bin: &Path) -> Option<String> {
        let postgres = bin.join("postgres");
        let changed = std::fs::metadata(&postgres).and_then(|m| m.modified());
        let changed = changed.ok().filter(|_| is_whole(bin))?;
        if let Some(known) = self.versions().get(&postgres, changed) {
            return known;
        }
        let mut command = process::command(&postgres, Path::new("/"));
        command.arg("--version");
        let output = process::run(command).await.ok()?;
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().nth(2).map(str::to_owned);
        self.versions().put(postgres, changed, version.clone());
        version
    }

    pub(crate) fn missing(&self, major: Major) -> Error {
        Error::BinariesMissing {
            version: major.archive_version().to_owned(),
            place: self.binaries_dir().join(major.archive_version()),
            reason: "downloads are off".to_owned(),
            source: None,
        }
    }
}

impl Versions {
    fn get(&self, postgres: &Path, changed: SystemTime) -> Option<Option<String>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (when, version) = known.get(postgres)?;
        (*when == changed).then(|| version.clone())
    }

    fn put(&self, postgres: PathBuf, changed: SystemTime, version: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(postgres, (changed, version));
    }
}

pub(crate) fn is_whole(bin: &Path) -> bool {
    bin.join("postgres").is_file() && bin.join("initdb").is_file()
}

/// Where Debian and Red Hat put their packages, where the source does, and the search path.
fn system_dirs(major: Major) -> Vec<PathBuf> {
    let mut dirs = vec![
        PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")),
        PathBuf::from(format!("/usr/pgsql-{major}/bin")),
        PathBuf::from("/usr/local/pgsql/bin"),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    dirs.extend(std::env::split_paths(&path).filter(|dir| dir.is_absolute()));
    dirs
}

fn major_of(version: &str) -> Option<Major> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_names_its_major() {
        assert_eq!(major_of("17.11.0"), Some(Major::V17));
        assert_eq!(major_of("15.18"), Some(Major::V15));
        assert_eq!(major_of("19beta1"), None);
        assert_eq!(major_of(".lock"), None);
    }
}
