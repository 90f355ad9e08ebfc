//! What an installation says of its cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::spec::StorageAccess;
use contract::values::PgMajor;
use serde::Deserialize;

/// The file of `--kubernetes-config`, in YAML. Every part may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The image of each major version, `"17": registry.example/postgresql:17.5`. The operator reads the major version from the
    /// tag.
    pub images: BTreeMap<String, String>,
    /// The storage class of databases; without one, the cluster's default.
    pub storage_class: Option<String>,
    /// The storage class of volumes that apps share, by access: `RWX: nfs`. Without one for RWO, the cluster's default; without one
    /// for RWX there are no such volumes.
    pub volume_classes: BTreeMap<String, String>,
    /// The namespace of the operator, which has to reach the instances.
    pub operator_namespace: String,
    /// The namespace that Berth runs in, where that is in the cluster and another than that of its pod: it reaches the databases, too.
    pub berth_namespace: Option<String>,
    /// Labels of the nodes that databases are placed on; without any, on all.
    pub node_selector: BTreeMap<String, String>,
    /// What may be asked for in all.
    pub quota: Quota,
}

/// What databases and volumes may have together; what is left out is what the nodes have that they are placed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    pub ram_gib: Option<u32>,
    pub disk_gib: Option<u32>,
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{} can't be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Wrong { path: PathBuf, message: String },
}

impl Default for Config {
    /// The community's images: <https://github.com/cloudnative-pg/postgres-containers>.
    fn default() -> Self {
        let image = |major: u8| (major.to_string(), format!("ghcr.io/cloudnative-pg/postgresql:{major}"));
        Self {
            images: (14..=18).map(image).collect(),
            storage_class: None,
            volume_classes: BTreeMap::new(),
            operator_namespace: "cnpg-system".into(),
            berth_namespace: None,
            node_selector: BTreeMap::new(),
            quota: Quota::default(),
        }
    }
}

impl Config {
    /// # Errors
    /// The file can't be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|message| ConfigError::Wrong { path: path.to_owned(), message })
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let config: Self = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let known = |major: &str| PgMajor::all().any(|known| known.to_string() == major);
        if let Some(major) = config.images.keys().find(|major| !known(major)) {
            return Err(format!("images: {major} is no major version of PostgreSQL that Berth knows"));
        }
        match config.volume_classes.keys().find(|access| access.parse::<StorageAccess>().is_err()) {
            Some(access) => Err(format!("volume_classes: {access} is none of {}", StorageAccess::listed())),
            None => Ok(config),
        }
    }

    /// The storage class of a volume; `None`: the cluster's default.
    pub(crate) fn volume_class(&self, access: StorageAccess) -> Option<&str> {
        self.volume_classes.get(access.as_str()).map(String::as_str)
    }

    pub(crate) fn image(&self, major: PgMajor) -> Option<&str> {
        self.images.get(&major.to_string()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_by_default() {
        let config = Config::parse("images: {\"17\": \"a/b:17.5\"}").unwrap();
        assert_eq!(config.image(PgMajor::new(17).unwrap()), Some("a/b:17.5"));
        assert_eq!(config.image(PgMajor::new(16).unwrap()), None);
        assert_eq!(Config { images: Config::default().images, ..config }, Config::default());
    }

    #[test]
    fn what_it_does_not_know_is_refused_by_name() {
        assert!(Config::parse("image: {}").unwrap_err().contains("image"));
        assert!(Config::parse("images: {\"9\": \"a\"}").unwrap_err().contains("images: 9 "));
        assert!(Config::parse("volume_classes: {ROX: a}").unwrap_err().contains("volume_classes: ROX "));
    }
}
