//! Checked values of single flags.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

/// A host name or an IP address that users reach this machine by; no scheme, no port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicHost(String);

impl PublicHost {
    /// The longest name that DNS knows.
    const LONGEST: usize = 253;

    /// The name in lower case, an IPv6 address without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > Self::LONGEST || !text.split('.').all(label) {
            return Err(
                "give a host name or an IP address alone, as in berth.example.com: no scheme, port or path".into()
            );
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// Takes any text as a secret, so that no message of the parser repeats it.
pub(super) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}

/// Whether this is the URL of a PostgreSQL database; the message doesn't repeat it.
pub(super) fn check_database_url(text: &SecretString) -> Result<(), String> {
    match url::Url::parse(text.expose_secret()) {
        Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(()),
        _ => Err("--database-url (BERTH_DATABASE_URL) isn't a URL of PostgreSQL, as in postgres://user:password@host:5432/database".into()),
    }
}
