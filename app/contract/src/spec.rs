//! What a request means once it is checked. Built only by [`crate::NewService::parse`].

use serde::Serialize;
use uuid::Uuid;

use crate::values::{Endpoint, Instances, Label, Mib, MilliCores, MountPoint, PgMajor, Port, Secret, SourceHost, Word};

/// A type that is written as one of a few words. A word is a `tt`: utoipa passes over a `rename` by a `literal`.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:tt,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// "a, b or c", without commas: "a/b/c".
            pub fn listed() -> String {
                [$($text,)+].join("/")
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(Self::listed()) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What kind of thing a service is.
    pub enum ServiceType { Postgres = "postgres", SharedStorage = "shared_storage", }
}
words! {
    /// Where a database's first content comes from.
    pub enum CreationMode { Fresh = "fresh", ExternalReplica = "external_replica", }
}
words! {
    /// How a replica signs in at its source.
    pub enum AuthType { Password = "password", Tls = "tls", }
}
words! {
    /// How many may mount a volume for writing: one app, or many.
    pub enum StorageAccess { Rwo = "RWO", Rwx = "RWX", }
}

/// A service that may be created, as far as the request alone can tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceSpec {
    pub project_id: Uuid,
    /// `None`: the project's only usable resource.
    pub resource_id: Option<Uuid>,
    pub label: Label,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Kind {
    Postgres(PostgresSpec),
    SharedStorage(SharedStorageSpec),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostgresSpec {
    pub size: Size,
    pub version: PgMajor,
    pub instances: Instances,
    pub public_access: bool,
    pub environment_variables: bool,
    pub origin: Origin,
}

/// What one instance takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    pub ram: Mib,
    pub disk: Mib,
    pub cpu: MilliCores,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Origin {
    Fresh,
    ExternalReplica(Box<Source>),
}

/// An external PostgreSQL that a replica follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    pub host: SourceHost,
    pub port: Port,
    pub username: Word,
    pub auth: SourceAuth,
    pub archive: Option<WalArchive>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum SourceAuth {
    /// SCRAM; verify-full where a CA is given.
    Password { password: Secret, ca: Option<String> },
    /// Client certificate, sslmode verify-full.
    Tls { ca: String, certificate: String, key: Secret },
}

/// Where the source archives its WAL, as `barman-cloud-wal-archive` lays it out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WalArchive {
    pub endpoint: Endpoint,
    pub bucket: Word,
    pub path: Word,
    pub access_key: Secret,
    pub secret_key: Secret,
    pub server_name: Word,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedStorageSpec {
    pub disk: Mib,
    pub mount_point: MountPoint,
    pub access: StorageAccess,
}

impl ServiceSpec {
    pub fn service_type(&self) -> ServiceType {
        match self.kind {
            Kind::Postgres(_) => ServiceType::Postgres,
            Kind::SharedStorage(_) => ServiceType::SharedStorage,
        }
    }
}
