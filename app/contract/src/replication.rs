//! How far a replica has come.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

/// A place in the WAL, in bytes; `16/B374D848` on the wire, as PostgreSQL writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Bytes of WAL from another place to this one; none where that is ahead.
    pub fn since(self, other: Self) -> u64 {
        self.0.saturating_sub(other.0)
    }
}

impl std::fmt::Display for Lsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl std::str::FromStr for Lsn {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let half = |text: &str| u32::from_str_radix(text, 16).ok();
        let both = text.split_once('/').and_then(|(high, low)| half(high).zip(half(low)));
        let (high, low) = both.ok_or_else(|| format!("{text} is no place in the WAL"))?;
        Ok(Self(u64::from(high) << 32 | u64::from(low)))
    }
}

impl Serialize for Lsn {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lsn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a replica follows, an external server or another service, and what has come of it. Each number is asked of whoever knows it: the standby's own view of its lag reads
/// zero when its link is dead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    pub host: String,
    pub port: u16,
    /// The archive that it falls back to.
    pub archive: Option<String>,
    /// Since then it follows nobody.
    #[serde(with = "time::serde::rfc3339::option")]
    pub promoted_at: Option<OffsetDateTime>,
    /// Where the source writes, as it says itself; `null` where it can't be asked.
    pub source: Option<Lsn>,
    /// Why the source can't be asked.
    pub source_error: Option<String>,
    /// The receiver is connected.
    pub streams: bool,
    /// What has arrived, and what of it has been replayed.
    pub received: Option<Lsn>,
    pub replayed: Option<Lsn>,
    /// Why the replica can't be asked.
    pub error: Option<String>,
}

impl Replication {
    /// Bytes of WAL that the source has written and the replica hasn't replayed; `None` where one of them can't say.
    pub fn behind(&self) -> Option<u64> {
        Some(self.source?.since(self.replayed?))
    }

    /// It streams, and everything that the source has written has been replayed.
    pub fn is_level(&self) -> bool {
        self.streams && self.behind() == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_print_and_parse_as_postgresql_writes_them() {
        let at: Lsn = "16/B374D848".parse().unwrap();
        assert_eq!((at.0, at.to_string().as_str()), (0x16_B374_D848, "16/B374D848"));
        assert_eq!("0/0".parse(), Ok(Lsn(0)));
        for wrong in ["", "16", "16/", "/1", "1/2/3", "1/1FFFFFFFF", "x/1"] {
            assert!(wrong.parse::<Lsn>().is_err(), "{wrong}");
        }
        assert_eq!([at.since(Lsn(at.0 - 5)), Lsn(1).since(at)], [5, 0]);
    }

    #[test]
    fn a_dead_link_is_never_level() {
        let level = Replication {
            host: "db.example".into(),
            port: 5432,
            archive: None,
            promoted_at: None,
            source: Some(Lsn(100)),
            source_error: None,
            streams: true,
            received: Some(Lsn(100)),
            replayed: Some(Lsn(100)),
            error: None,
        };
        assert!(level.is_level());
        assert!(!Replication { streams: false, ..level.clone() }.is_level());
        assert!(!Replication { source: None, ..level.clone() }.is_level());
        assert_eq!(Replication { replayed: Some(Lsn(40)), ..level }.behind(), Some(60));
    }
}
