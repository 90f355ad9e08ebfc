//! The WAL archive of a source: a bucket that `barman-cloud-wal-archive` writes to.

use std::net::SocketAddr;
use std::time::Duration;

use contract::spec::WalArchive;
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use url::Url;

use crate::outbound::{Outbound, OutboundError};

/// For one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a signed request is good for.
const GOOD: Duration = Duration::from_secs(60);
/// What signatures name where a server has no regions: what every such server takes.
const REGION: &str = "us-east-1";
/// Bytes of an answer.
const LONGEST: usize = 1 << 20;

/// Why it can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("{0}")]
    Unusable(String),
    #[error("it answered {0}")]
    Refused(reqwest::StatusCode),
    #[error("{0}")]
    Unreachable(reqwest::Error),
}

/// Its address holds the key and a signature: no error repeats that.
impl From<reqwest::Error> for ArchiveError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

/// Where it listens.
pub(crate) async fn addresses(outbound: &Outbound, archive: &WalArchive) -> Result<Vec<SocketAddr>, OutboundError> {
    let unknown = || OutboundError::Unknown(archive.endpoint.as_str().to_owned());
    let url = Url::parse(archive.endpoint.as_str()).map_err(|_| unknown())?;
    let (host, port) = url.host_str().zip(url.port_or_known_default()).ok_or_else(unknown)?;
    outbound.resolve(host.trim_matches(['[', ']']), port).await
}

/// Whether there is any WAL of the server in it.
pub(super) async fn holds_wal(outbound: &Outbound, archive: &WalArchive) -> Result<bool, ArchiveError> {
    let unusable = |error: &dyn std::fmt::Display| ArchiveError::Unusable(error.to_string());
    let at = addresses(outbound, archive).await?;
    let endpoint = Url::parse(archive.endpoint.as_str()).map_err(|error| unusable(&error))?;
    let host = endpoint.host_str().unwrap_or_default().to_owned();
    let bucket = Bucket::new(endpoint, UrlStyle::Path, archive.bucket.as_str().to_owned(), REGION);
    let bucket = bucket.map_err(|error| unusable(&error))?;
    let credentials = Credentials::new(archive.access_key.expose(), archive.secret_key.expose());
    let mut list = bucket.list_objects_v2(Some(&credentials));
    list.with_prefix(prefix(archive));
    list.with_max_keys(1);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(&host, &at)
        .timeout(ANSWER)
        .build()?;
    let mut answer = client.get(list.sign(GOOD)).send().await?;
    if !answer.status().is_success() {
        return Err(ArchiveError::Refused(answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(ArchiveError::Unusable("its answer has no end".into()));
        }
    }
    let body = String::from_utf8(body).map_err(|error| unusable(&error))?;
    let listed = ListObjectsV2::parse_response(&body).map_err(|error| unusable(&error))?;
    Ok(!listed.contents.is_empty())
}

/// `path/server/wals/`, as barman lays it out.
fn prefix(archive: &WalArchive) -> String {
    let path = archive.path.as_str().trim_matches('/');
    let parts = [path, archive.server_name.as_str(), "wals", ""];
    parts[usize::from(path.is_empty())..].join("/")
}
