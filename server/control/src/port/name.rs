//! How a runtime is told which service is meant.

use std::fmt;

use uuid::Uuid;

/// The name of a service: given by Berth before the first call, so that every call can be repeated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName(String);

impl ServiceName {
    /// Letters that can't be mistaken for one another when read aloud or copied by hand.
    const LETTERS: &'static [u8] = b"abcdefghjkmnpqrstvwxyz23456789";
    const SUFFIX: usize = 6;
    /// CloudNativePG makes names of other objects of it, which are labels of 63 letters at most.
    pub const LONGEST: usize = 50;

    /// A new name with a random suffix: `postgres-mwvzqk`.
    pub fn random(prefix: &str) -> Self {
        let suffix: String =
            (0..Self::SUFFIX).map(|_| char::from(Self::LETTERS[rand::random_range(0..Self::LETTERS.len())])).collect();
        Self(format!("{prefix}-{suffix}"))
    }

    /// `None` for what isn't a DNS label of ours (RFC 1123: lower case letters, digits, `-`), or too long.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let good = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(plain)
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-');
        good.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The database and its owner: `-` as `_`.
    pub fn database(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a service is: its workspace, and its name in there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceRef {
    pub workspace: Uuid,
    pub name: ServiceName,
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}
