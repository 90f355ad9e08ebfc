//! The row of a source.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use contract::spec::{AuthType, Source, SourceAuth, WalArchive};
use contract::values::{Endpoint, Port, Secret, SourceHost, Word};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Reached;
use crate::error::Error;
use crate::port::{ServiceName, SslMode};
use crate::seal::{Place, Sealer};

/// A source as it is kept.
#[derive(Debug)]
pub(crate) struct Stored {
    pub host: String,
    pub port: u16,
    username: String,
    auth_type: String,
    ca: Option<String>,
    certificate: Option<String>,
    sealed_secret: Option<Vec<u8>>,
    s3_endpoint: Option<String>,
    s3_bucket: Option<String>,
    s3_path: Option<String>,
    s3_server_name: Option<String>,
    sealed_s3_access_key: Option<Vec<u8>>,
    sealed_s3_secret_key: Option<Vec<u8>>,
    /// What it said when it was first reached.
    pub settings: Option<BTreeMap<String, u32>>,
    pub sslmode: Option<SslMode>,
    /// What it may be reached by, other than with all of TLS.
    pub agreed: Option<SslMode>,
    /// Where it and its archive were found last.
    pub addresses: Vec<SocketAddr>,
    pub promote_at: Option<OffsetDateTime>,
}

impl Stored {
    /// `None` where the service has none.
    pub(crate) async fn load(
        connection: &mut PgConnection,
        workspace: Uuid,
        service: Uuid,
    ) -> Result<Option<Self>, Error> {
        let row = sqlx::query!(
            "select host, port, username, auth_type, ca, certificate, sealed_secret, s3_endpoint, s3_bucket, s3_path,
                    s3_server_name, sealed_s3_access_key, sealed_s3_secret_key, settings, sslmode, agreed, addresses, promote_at
             from sources where workspace_id = $1 and service_id = $2",
            workspace,
            service
        );
        let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
        let unexpected = |column| move |_| Error::Unexpected(column);
        Ok(Some(Self {
            host: row.host,
            port: u16::try_from(row.port).map_err(unexpected("sources.port"))?,
            username: row.username,
            auth_type: row.auth_type,
            ca: row.ca,
            certificate: row.certificate,
            sealed_secret: row.sealed_secret,
            s3_endpoint: row.s3_endpoint,
            s3_bucket: row.s3_bucket,
            s3_path: row.s3_path,
            s3_server_name: row.s3_server_name,
            sealed_s3_access_key: row.sealed_s3_access_key,
            sealed_s3_secret_key: row.sealed_s3_secret_key,
            settings: row
                .settings
                .map(serde_json::from_value)
                .transpose()
                .map_err(|_| Error::Unexpected("sources.settings"))?,
            sslmode: row.sslmode.as_deref().and_then(SslMode::parse),
            agreed: row.agreed.as_deref().and_then(SslMode::parse),
            addresses: row.addresses.iter().filter_map(|at| at.parse().ok()).collect(),
            promote_at: row.promote_at,
        }))
    }

    /// Its secrets opened; `None` where it was promoted, and they are gone.
    pub(crate) fn open(&self, sealer: &Sealer, workspace: Uuid, name: &ServiceName) -> Result<Option<Source>, Error> {
        let Some(sealed) = self.sealed_secret.as_deref().filter(|_| self.promote_at.is_none()) else { return Ok(None) };
        let secret = sealer.open(place(workspace, name, SECRET), sealed)?;
        let unexpected = |column| move |_| Error::Unexpected(column);
        let word = |text: &str| Word::new(text, usize::MAX).map_err(unexpected("sources"));
        let auth = match self.auth_type.parse::<AuthType>() {
            Ok(AuthType::Password) => SourceAuth::Password { password: secret, ca: self.ca.clone() },
            Ok(AuthType::Tls) => SourceAuth::Tls {
                ca: self.ca.clone().ok_or(Error::Unexpected("sources.ca"))?,
                certificate: self.certificate.clone().ok_or(Error::Unexpected("sources.certificate"))?,
                key: secret,
            },
            Err(_) => return Err(Error::Unexpected("sources.auth_type")),
        };
        let archive = match (&self.s3_endpoint, &self.s3_bucket, &self.s3_path, &self.s3_server_name) {
            (Some(endpoint), Some(bucket), Some(path), Some(server_name)) => {
                let open = |column, sealed: &Option<Vec<u8>>| -> Result<Secret, Error> {
                    let sealed = sealed.as_deref().ok_or(Error::Unexpected("sources.sealed_s3_access_key"))?;
                    sealer.open(place(workspace, name, column), sealed)
                };
                Some(WalArchive {
                    endpoint: Endpoint::new(endpoint).map_err(unexpected("sources.s3_endpoint"))?,
                    bucket: word(bucket)?,
                    path: word(path)?,
                    access_key: open(ACCESS_KEY, &self.sealed_s3_access_key)?,
                    secret_key: open(SECRET_KEY, &self.sealed_s3_secret_key)?,
                    server_name: word(server_name)?,
                })
            }
            _ => None,
        };
        Ok(Some(Source {
            host: SourceHost::new(&self.host).map_err(unexpected("sources.host"))?,
            port: Port::new(f64::from(self.port)).ok_or(Error::Unexpected("sources.port"))?,
            username: word(&self.username)?,
            auth,
            archive,
        }))
    }

    /// What people call the archive: `s3://bucket/path`.
    pub(crate) fn archive(&self) -> Option<String> {
        let (bucket, path) = (self.s3_bucket.as_deref()?, self.s3_path.as_deref()?);
        Some(format!("s3://{bucket}/{}", path.trim_matches('/')))
    }
}

const SECRET: &str = "sources.secret";
const ACCESS_KEY: &str = "sources.s3_access_key";
const SECRET_KEY: &str = "sources.s3_secret_key";

fn place<'a>(workspace: Uuid, name: &'a ServiceName, column: &'static str) -> Place<'a> {
    Place { workspace, row: name.as_str(), column }
}

/// Writes a source with its service. `agreed`: by whoever creates it.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    sealer: &Sealer,
    (workspace, service, name): (Uuid, Uuid, &ServiceName),
    source: &Source,
    agreed: Option<SslMode>,
) -> Result<(), Error> {
    let (auth_type, secret, ca, certificate) = match &source.auth {
        SourceAuth::Password { password, ca } => (AuthType::Password, password, ca.as_deref(), None),
        SourceAuth::Tls { ca, certificate, key } => (AuthType::Tls, key, Some(ca.as_str()), Some(certificate.as_str())),
    };
    let seal = |column, secret: &Secret| sealer.seal(place(workspace, name, column), secret);
    let archive = source.archive.as_ref();
    let (access_key, secret_key) = match archive {
        Some(archive) => (Some(seal(ACCESS_KEY, &archive.access_key)?), Some(seal(SECRET_KEY, &archive.secret_key)?)),
        None => (None, None),
    };
    sqlx::query!(
        "insert into sources (service_id, workspace_id, host, port, username, auth_type, ca, certificate, sealed_secret,
             s3_endpoint, s3_bucket, s3_path, s3_server_name, sealed_s3_access_key, sealed_s3_secret_key,
             agreed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        service,
        workspace,
        source.host.as_str(),
        i32::from(source.port.number()),
        source.username.as_str(),
        auth_type.as_str(),
        ca,
        certificate,
        seal(SECRET, secret)?,
        archive.map(|archive| archive.endpoint.as_str()),
        archive.map(|archive| archive.bucket.as_str()),
        archive.map(|archive| archive.path.as_str()),
        archive.map(|archive| archive.server_name.as_str()),
        access_key,
        secret_key,
        agreed.map(SslMode::as_str)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes what a source said when it was first reached.
pub(crate) async fn note(
    connection: &mut PgConnection,
    (workspace, service): (Uuid, Uuid),
    reached: &Reached,
) -> Result<(), Error> {
    let settings = serde_json::to_value(&reached.settings).map_err(|_| Error::Unexpected("sources.settings"))?;
    sqlx::query!(
        "update sources set settings = $3, sslmode = $4 where workspace_id = $1 and service_id = $2 and settings is null",
        workspace,
        service,
        settings,
        reached.sslmode.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes where a source and its archive are now.
pub(crate) async fn note_addresses(
    connection: &mut PgConnection,
    (workspace, service): (Uuid, Uuid),
    at: &[SocketAddr],
) -> Result<(), Error> {
    let at: Vec<String> = at.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "update sources set addresses = $3 where workspace_id = $1 and service_id = $2",
        workspace,
        service,
        &at
    )
    .execute(connection)
    .await?;
    Ok(())
}
