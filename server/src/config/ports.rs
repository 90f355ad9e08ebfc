//! The range of TCP ports that databases get.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// First and last port, both included: `15432-16431`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    first: u16,
    last: u16,
}

impl Ports {
    /// A thousand ports beside PostgreSQL's own, below the range that Linux gives outgoing connections.
    pub const DEFAULT: Self = Self { first: 15432, last: 16431 };

    /// Ports below this belong to root.
    const LOWEST: u16 = 1024;

    /// Every port of the range.
    pub fn range(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| {
            text.trim()
                .parse::<u16>()
                .map_err(|_| format!("`{}` is not a port; give two, as in 15432-16431", text.trim()))
        };
        let (first, last) = text.split_once('-').ok_or("give the first and the last port, as in 15432-16431")?;
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(format!("{first} comes after {last}; give the lower port first"));
        }
        if first < Self::LOWEST {
            return Err(format!("ports below {} belong to root; begin at {} or above", Self::LOWEST, Self::LOWEST));
        }
        Ok(Self { first, last })
    }
}
