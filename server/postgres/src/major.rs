//! The major versions that Berth runs, and the exact build of each one that it fetches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A major version of PostgreSQL, 13 to 18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Major(u16);

impl Major {
    pub const V13: Major = Major(13);
    pub const V14: Major = Major(14);
    pub const V15: Major = Major(15);
    pub const V16: Major = Major(16);
    pub const V17: Major = Major(17);
    pub const V18: Major = Major(18);

    /// Oldest first.
    pub const ALL: [Major; 6] = [Major::V13, Major::V14, Major::V15, Major::V16, Major::V17, Major::V18];

    /// `None` outside 13 to 18.
    pub fn new(number: u16) -> Option<Major> {
        Major::ALL.into_iter().find(|major| major.0 == number)
    }

    pub fn get(self) -> u16 {
        self.0
    }

    /// The exact version that is fetched: the newest that
    /// `io.zonky.test.postgres:embedded-postgres-binaries-*` on Maven Central had in November 2026.
    pub fn archive_version(self) -> &'static str {
        match self.0 {
            13 => "13.23.0",
            14 => "14.24.0",
            15 => "15.19.0",
            16 => "16.15.0",
            17 => "17.11.0",
            _ => "18.6.0",
        }
    }
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A major version that Berth doesn't run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a major version from 13 to 18")]
pub struct UnknownMajor(String);

impl TryFrom<u16> for Major {
    type Error = UnknownMajor;

    fn try_from(number: u16) -> Result<Major, UnknownMajor> {
        Major::new(number).ok_or_else(|| UnknownMajor(number.to_string()))
    }
}

impl FromStr for Major {
    type Err = UnknownMajor;

    fn from_str(text: &str) -> Result<Major, UnknownMajor> {
        text.parse().ok().and_then(Major::new).ok_or_else(|| UnknownMajor(text.to_owned()))
    }
}

impl From<Major> for u16 {
    fn from(major: Major) -> u16 {
        major.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_13_to_18_are_majors() {
        assert_eq!(Major::new(12), None);
        assert_eq!(Major::new(19), None);
        assert_eq!("17".parse(), Ok(Major::V17));
        assert!("17.1".parse::<Major>().is_err());
    }

    #[test]
    fn every_archive_is_of_its_major() {
        for major in Major::ALL {
            let prefix = format!("{major}.");
            assert!(major.archive_version().starts_with(&prefix), "{major}");
        }
    }
}
