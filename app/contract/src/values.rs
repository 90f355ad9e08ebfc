//! Checked values: a private field, one constructor, a message that a user can act on.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Why a text isn't a value of some type: a stable code, and words that follow the field's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub code: &'static str,
    pub rest: String,
}

fn broken<T>(code: &'static str, rest: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { code, rest: rest.into() })
}

/// What a service or project is called by people: 1 to 40 scalar values, trimmed, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label(String);

impl Label {
    pub const MAX: usize = 40;

    pub fn new(text: &str) -> Result<Self, Broken> {
        let text = text.trim();
        match text.chars().count() {
            0 => broken("too_short", "is too short (minimum is 1 character)"),
            n if n > Self::MAX => broken("too_long", "is too long (maximum is 40 characters)"),
            _ if text.chars().any(char::is_control) => broken("control", "must not contain control characters"),
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Memory or disk in whole MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mib(u32);

impl Mib {
    const PER_GIB: f64 = 1024.0;

    /// From MiB, rounded; `None` for what isn't a count of MiB at all.
    pub fn from_mib(mib: f64) -> Option<Self> {
        let whole = mib.round();
        (0.0..=f64::from(u32::MAX)).contains(&whole).then_some(Self(whole as u32))
    }

    /// From GiB, rounded to whole MiB.
    pub fn from_gib(gib: f64) -> Option<Self> {
        Self::from_mib(gib * Self::PER_GIB)
    }

    pub const fn new(mib: u32) -> Self {
        Self(mib)
    }

    pub fn mib(self) -> u32 {
        self.0
    }

    pub fn gib(self) -> f64 {
        f64::from(self.0) / Self::PER_GIB
    }

    pub fn bytes(self) -> u64 {
        u64::from(self.0) << 20
    }
}

/// CPU in thousandths of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MilliCores(u32);

impl MilliCores {
    /// From cores, rounded; `None` for what isn't an amount of cores.
    pub fn from_cores(cores: f64) -> Option<Self> {
        Mib::from_mib(cores * 1000.0).map(|m| Self(m.0))
    }

    pub const fn new(millis: u32) -> Self {
        Self(millis)
    }

    pub fn millis(self) -> u32 {
        self.0
    }

    pub fn cores(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// A major version of PostgreSQL that the contract knows: 13 to 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PgMajor(u8);

impl PgMajor {
    pub const OLDEST: u8 = 13;
    pub const NEWEST: u8 = 18;

    pub fn new(major: u8) -> Option<Self> {
        (Self::OLDEST..=Self::NEWEST).contains(&major).then_some(Self(major))
    }

    /// Exactly `13` to `18`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|m| m.to_string() == text)
    }

    /// Oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (Self::OLDEST..=Self::NEWEST).map(Self)
    }

    pub fn number(self) -> u8 {
        self.0
    }

    /// The month in which the community's support ends (postgresql.org/support/versioning): year, month, day.
    pub fn end_of_life(self) -> (i32, u8, u8) {
        match self.0 {
            13 => (2025, 11, 13),
            14 => (2026, 11, 12),
            15 => (2027, 11, 11),
            16 => (2028, 11, 9),
            17 => (2029, 11, 8),
            _ => (2030, 11, 14),
        }
    }
}

impl fmt::Display for PgMajor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for PgMajor {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text} is no major version from 13 to 18"))
    }
}

impl From<PgMajor> for String {
    fn from(major: PgMajor) -> Self {
        major.to_string()
    }
}

/// How many servers serve one database: 1, 3, 5 or 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Instances(u8);

impl Instances {
    pub const ALL: [u8; 4] = [1, 3, 5, 7];
    pub const ONE: Self = Self(1);

    pub fn new(count: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|n| f64::from(*n) == count).map(Self)
    }

    pub fn count(self) -> u8 {
        self.0
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Instances {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(Self::ALL)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Instances {}

/// A TCP port, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Port(u16);

impl Port {
    pub const POSTGRES: Self = Self(5432);

    pub fn new(number: f64) -> Option<Self> {
        (number.fract() == 0.0 && (1.0..=65535.0).contains(&number)).then_some(Self(number as u16))
    }

    pub fn number(self) -> u16 {
        self.0
    }
}

/// A hostname or an IP address: one host, never a list, a socket path or an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceHost(String);

impl SourceHost {
    /// RFC 1035, section 2.3.4.
    const MAX: usize = 253;
    const MAX_PART: usize = 63;

    pub fn new(text: &str) -> Result<Self, Broken> {
        let text = text.trim();
        let part = |p: &str| {
            !p.is_empty()
                && p.len() <= Self::MAX_PART
                && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !p.starts_with('-')
                && !p.ends_with('-')
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        let named = name.len() <= Self::MAX && name.split('.').all(part);
        // inet_aton reads 0x7f.1 as 127.0.0.1; no domain ends in a number (URL Standard, section 3.5)
        let ends_in_number = name.rsplit('.').next().is_some_and(|last| {
            let digits = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
            digits.map_or(last.bytes().all(|b| b.is_ascii_digit()), |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        let looks_like_address = ends_in_number || !name.bytes().any(|b| b.is_ascii_alphabetic());
        let good = text.parse::<IpAddr>().is_ok() || (named && !looks_like_address);
        if good { Ok(Self(text.to_owned())) } else { broken("invalid_host", "must be a hostname or an IP address") }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text of bounded length without control characters: role names, buckets, prefixes, keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word(String);

impl Word {
    pub fn new(text: &str, max: usize) -> Result<Self, Broken> {
        if text.chars().count() > max {
            return broken("too_long", format!("is too long (maximum is {max} characters)"));
        }
        if text.chars().any(char::is_control) {
            return broken("control", "must not contain control characters");
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a volume appears in a container: absolute, no `..`, not `/`, not a system directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MountPoint(String);

impl MountPoint {
    const MAX: usize = 255;
    /// Directories that a container's own system needs (Filesystem Hierarchy Standard 3.0, section 3).
    const SYSTEM: [&'static str; 14] =
        ["bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "tmp"];

    pub fn new(text: &str) -> Result<Self, Broken> {
        if text.len() > Self::MAX {
            return broken("too_long", "is too long (maximum is 255 characters)");
        }
        if !text.starts_with('/') {
            return broken("relative", "must be an absolute path, such as /data");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !text.chars().all(plain) {
            return broken("characters", "may only have letters, digits and - _ . / in it");
        }
        let parts: Vec<&str> = text.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
        if parts.contains(&"..") {
            return broken("parent", "must not contain ..");
        }
        match parts.first() {
            None => broken("root", "must not be /"),
            Some(top) if Self::SYSTEM.contains(top) => {
                broken("system", format!("must not lie in the system directory /{top}"))
            }
            Some(_) => Ok(Self(format!("/{}", parts.join("/")))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of an S3 server: http or https, a host, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint(String);

impl Endpoint {
    const MAX: usize = 512;

    pub fn new(text: &str) -> Result<Self, Broken> {
        if text.len() <= Self::MAX && Self::is_server(text) {
            Ok(Self(text.to_owned()))
        } else {
            broken("invalid_url", "must be an address such as https://s3.example.com")
        }
    }

    fn is_server(text: &str) -> bool {
        let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host_good, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((v6, port)) => (v6.parse::<Ipv6Addr>().is_ok(), port),
            None => {
                let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (SourceHost::new(host).is_ok_and(|good| good.as_str() == host), port)
            }
        };
        let is_port = |p: &str| p.bytes().all(|b| b.is_ascii_digit()) && p.parse::<u16>().is_ok_and(|n| n > 0);
        host_good && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret: no `Display`, and `Debug` prints dots. On the wire it is a plain text, only where it is meant to be seen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_counts_scalar_values_after_trimming() {
        assert_eq!(Label::new("  Orders база  ").unwrap().as_str(), "Orders база");
        assert!(Label::new(&"🦀".repeat(40)).is_ok());
        assert_eq!(Label::new(&"🦀".repeat(41)).unwrap_err().rest, "is too long (maximum is 40 characters)");
        assert_eq!(Label::new("   ").unwrap_err().code, "too_short");
        assert_eq!(Label::new("a\0b").unwrap_err().code, "control");
        assert_eq!(Label::new("a\u{7f}b").unwrap_err().code, "control");
    }

    #[test]
    fn sizes_round_to_their_unit() {
        assert_eq!(Mib::from_mib(255.6), Some(Mib::new(256)));
        assert_eq!(Mib::from_gib(1.5), Some(Mib::new(1536)));
        assert_eq!(Mib::from_mib(-1.0), None);
        assert_eq!(Mib::from_mib(-0.0), Some(Mib::new(0)));
        assert_eq!(Mib::from_mib(1e308), None);
        assert_eq!(Mib::from_mib(f64::NAN), None);
        assert_eq!(MilliCores::from_cores(0.25), Some(MilliCores::new(250)));
    }

    #[test]
    fn majors_are_13_to_18_exactly() {
        assert_eq!(PgMajor::all().map(|m| m.to_string()).collect::<Vec<_>>(), ["13", "14", "15", "16", "17", "18"]);
        for text in ["12", "19", "17.1", "017", " 17", "+17", ""] {
            assert_eq!(PgMajor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn instances_are_odd_and_at_most_seven() {
        for good in [1.0, 3.0, 5.0, 7.0] {
            assert!(Instances::new(good).is_some());
        }
        for bad in [0.0, 2.0, 4.0, 8.0, 9.0, -1.0, 1.5, f64::NAN] {
            assert!(Instances::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn ports_are_1_to_65535() {
        assert!(Port::new(1.0).is_some() && Port::new(65535.0).is_some());
        assert!(Port::new(0.0).is_none() && Port::new(65536.0).is_none() && Port::new(5432.5).is_none());
    }

    #[test]
    fn hosts_are_one_host() {
        for good in ["db.example.com", "localhost", "10.0.0.1", "::1", "db_1.internal.", "xn--bcher-kva.example"] {
            assert!(SourceHost::new(good).is_ok(), "{good}");
        }
        for bad in [
            "/run/postgresql",
            "a,b",
            "a b",
            "a\nb",
            "host=x",
            "-a",
            "1.2.3.999",
            "a..b",
            "[::1]",
            "@x",
            "x:5432",
            "0x7f.1",
            "0X7F000001",
            "db.1",
        ] {
            assert!(SourceHost::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn mount_points_stay_out_of_the_system() {
        assert_eq!(MountPoint::new("/data//x/").unwrap().as_str(), "/data/x");
        for (bad, code) in [
            ("data", "relative"),
            ("/", "root"),
            ("//", "root"),
            ("/data/../etc", "parent"),
            ("/etc", "system"),
            ("/./etc/x", "system"),
            ("/proc/self", "system"),
            ("/a b", "characters"),
            ("/a\0b", "characters"),
        ] {
            assert_eq!(MountPoint::new(bad).unwrap_err().code, code, "{bad}");
        }
    }

    #[test]
    fn endpoints_are_a_scheme_and_a_host() {
        for good in ["https://s3.example.com", "http://127.0.0.1:9000", "https://[::1]:9000/", "https://minio"] {
            assert!(Endpoint::new(good).is_ok(), "{good}");
        }
        for bad in [
            "s3.example.com",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://u:p@h",
            "https://h:0",
            "https://h:x",
            "https://h?x",
            "http://[::1]2900",
            "https://[s3.example.com]",
            "https://[10.0.0.1]",
            "https:// s3.example.com",
            "https://h:+80",
            "https://h:",
        ] {
            assert!(Endpoint::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_print_dots() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "•••");
    }
}
