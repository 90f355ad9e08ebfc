//! What a server is told: sizes, port and parameters, all derived from its limits.

mod derive;
mod file;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Major;
pub(crate) use file::render;

/// What a server may take of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory in MiB. Below 64 the server is sized as for 64.
    pub ram_mib: u64,
    /// Disk in MiB. PostgreSQL has no limit of its own for a data directory: see [`crate::disk_usage`] and [`crate::set_read_only`].
    pub disk_mib: u64,
    /// CPU time in thousandths of a core; a ceiling, and only with a cgroup.
    pub cpu_millis: u32,
}

/// Where a server takes connections. Its unix socket is open to this user in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// The unix socket only.
    SocketOnly,
    /// 127.0.0.1 as well.
    Loopback,
}

/// A server's settings. Pure data: [`Settings::parameters`] is what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub major: Major,
    pub limits: Limits,
    pub listen: Listen,
    /// The TCP port, and part of the socket's name even without TCP.
    pub port: u16,
    /// Parameters that win over the derived ones.
    #[serde(default)]
    overrides: BTreeMap<String, String>,
}

/// A parameter that can't be written to a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a parameter name, or its value holds a NUL character")]
pub struct InvalidSetting(String);

impl Settings {
    pub fn new(major: Major, limits: Limits, listen: Listen, port: u16) -> Settings {
        Settings { major, limits, listen, port, overrides: BTreeMap::new() }
    }

    /// Adds a parameter of the caller's, such as `primary_conninfo` or a standby's `max_connections`; it wins over a derived one. Not for
    /// secrets: settings are kept in readable files (use a passfile).
    ///
    /// # Errors
    /// A name that isn't lowercase letters, digits, `_` and `.`, or a value with a NUL character.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Result<Settings, InvalidSetting> {
        let value = value.into();
        let named = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'));
        if !named || value.contains('\0') {
            return Err(InvalidSetting(name.to_owned()));
        }
        self.overrides.insert(name.to_owned(), value);
        Ok(self)
    }

    /// All parameters by name, unquoted, but for the socket directory, which the host knows.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = derive::parameters(self);
        parameters.extend(self.overrides.clone());
        parameters
    }

    /// The parameters that differ between two settings and take effect at a restart only. Empty: a reload is enough.
    pub fn needs_restart(old: &Settings, new: &Settings) -> Vec<String> {
        let (old, new) = (old.parameters(), new.parameters());
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name))
            .filter(|name| derive::AT_RESTART.contains(&name.as_str()))
            .cloned()
            .collect()
    }
}
