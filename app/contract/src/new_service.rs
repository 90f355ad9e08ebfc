//! The wire form of `POST /services` and its parsing: the only validation there is.

use crate::capabilities::{Capabilities, Range};
use crate::problem::{Invalid, Problem};
use crate::read::Reader;
use crate::scalar::{Raw, plain, wire};
use crate::spec::{
    AuthType, CreationMode, Kind, Origin, PostgresSpec, ServiceSpec, ServiceType, SharedStorageSpec, Size, Source,
    SourceAuth, StorageAccess, WalArchive,
};
use crate::values::{Endpoint, Instances, Label, Mib, MilliCores, MountPoint, PgMajor, Port, Secret, SourceHost, Word};
use time::OffsetDateTime;

wire! {
    /// The body of `POST /services`, field for field (contract, section 2).
    pub struct NewService {
        /// What kind of service.
        [value_type = ServiceType] service_type,
        /// A project that the caller can reach.
        [value_type = uuid::Uuid] project_id,
        /// Default: the project's only usable resource.
        [value_type = Option<uuid::Uuid>] resource_id,
        /// 1 to 40 characters, for display only.
        [value_type = String, min_length = 1, max_length = 40, example = "Orders database"] label,
        /// MiB of one instance, 256 by default.
        [value_type = Option<f64>, minimum = 64, maximum = 1048576, example = 256] ram_size,
        /// GiB of one instance, 1 by default.
        [value_type = Option<f64>, minimum = 0.5, maximum = 65536, example = 1] disk_size,
        /// Cores of one instance, 0.25 by default.
        [value_type = Option<f64>, minimum = 0.001, maximum = 256, example = 0.25] cpu_size,
        /// "13" to "18"; needed for postgres.
        [value_type = Option<String>, pattern = "^1[3-8]$", example = "17"] postgres_version,
        /// "0" or "1"; postgres only.
        [value_type = Option<String>, pattern = "^(0|1|true|false)$"] public_access,
        /// Writes `<SERVICE_NAME>_URL` and `DATABASE_URL` to the project's variables; existing ones are kept.
        [value_type = Option<bool>] environment_variables,
        /// 1, 3, 5 or 7.
        [value_type = Option<Instances>] instances,
        /// fresh by default.
        [value_type = Option<CreationMode>] creation_mode,
        /// Hostname or IP address of the source; external_replica.
        [value_type = Option<String>] external_host,
        /// 5432 by default.
        [value_type = Option<u16>, minimum = 1, maximum = 65535] external_port,
        /// How the replica signs in; external_replica.
        [value_type = Option<AuthType>] auth_type,
        /// A role with REPLICATION on the source.
        [value_type = Option<String>] replication_username,
        /// Secret; auth_type password.
        [value_type = Option<String>, write_only] replication_password,
        /// PEM; needed for auth_type tls, turns verify-full on for password.
        [value_type = Option<String>] ca_crt,
        /// PEM; auth_type tls.
        [value_type = Option<String>] tls_crt,
        /// PEM, secret; auth_type tls.
        [value_type = Option<String>, write_only] tls_key,
        /// "0" or "1": fall back to the source's WAL archive in S3.
        [value_type = Option<String>, pattern = "^(0|1|true|false)$"] s3_enabled,
        /// Address of the S3 server.
        [value_type = Option<String>] s3_endpoint,
        /// Bucket.
        [value_type = Option<String>] s3_bucket,
        /// Prefix in the bucket.
        [value_type = Option<String>] s3_path,
        /// Secret.
        [value_type = Option<String>, write_only] s3_access_key,
        /// Secret.
        [value_type = Option<String>, write_only] s3_secret_key,
        /// The server name that barman-cloud-wal-archive wrote under.
        [value_type = Option<String>] s3_server_name,
        /// Where the volume appears in a container; shared_storage.
        [value_type = Option<String>, example = "/data"] mount_point,
        /// RWX by default; shared_storage.
        [value_type = Option<StorageAccess>] storage_access,
    }
}

/// Longest user name, bucket and server name.
const WORD_MAX: usize = 255;
/// Longest key of an S3 server (S3 object keys, 1024 bytes).
const PATH_MAX: usize = 1024;
/// Longest password or access key.
const SECRET_MAX: usize = 1024;
/// Longest PEM text: a chain of a dozen RSA-4096 certificates.
const PEM_MAX: usize = 32 * 1024;

/// A source that somebody asks about.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRequest {
    pub source: Source,
    /// The version that the replica shall have.
    pub version: Option<PgMajor>,
    /// The disk of one of its instances.
    pub disk: Mib,
    pub instances: Instances,
}

impl NewService {
    /// Checks every rule that needs no rows, and reports every problem at once.
    ///
    /// `within` is what this installation can do; `now` judges the dates of certificates, where the feature
    /// `certificates` is on (the browser leaves that to the server).
    ///
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self, within: &Capabilities, now: OffsetDateTime) -> Result<ServiceSpec, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let service_type: Option<ServiceType> = read
            .required("service_type", &self.service_type)
            .and_then(|raw| read.listed("service_type", raw, &ServiceType::listed(), |t| t.parse().ok()));
        if let Some(t) = service_type {
            read.note(Capabilities::refusal(&within.service_types, "service_type", t.as_str()));
        }
        let project_id = read.required("project_id", &self.project_id).and_then(|raw| read.uuid("project_id", raw));
        let resource_id = read.uuid("resource_id", &self.resource_id);
        let label = read.required("label", &self.label).and_then(|raw| read.checked("label", raw, Label::new));
        let kind = match service_type {
            Some(ServiceType::SharedStorage) => self.shared_storage(&mut read, within).map(Kind::SharedStorage),
            // without a type, what is there is judged as a database's
            known => self.postgres(&mut read, within, now, known.is_some()).map(Kind::Postgres),
        };
        let spec = match (service_type, project_id, label, kind) {
            (Some(_), Some(project_id), Some(label), Some(kind)) => {
                Some(ServiceSpec { project_id, resource_id, label, kind })
            }
            _ => None,
        };
        read.finish(spec)
    }

    /// Checks what is asked about an external source before anything is made of it; what isn't about the source may be left out.
    ///
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse_source(&self, within: &Capabilities, now: OffsetDateTime) -> Result<SourceRequest, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let disk = disk(&mut read, &self.disk_size, &within.disk_size);
        let version = read.listed("postgres_version", &self.postgres_version, "13 to 18", PgMajor::parse);
        let instances = match instances(&mut read, &self.instances, within) {
            None if self.instances.is_absent() => Some(Instances::ONE),
            other => other,
        };
        let external = CreationMode::ExternalReplica.as_str();
        read.listed("creation_mode", &self.creation_mode, external, |text| (text == external).then_some(()));
        read.note(Capabilities::refusal(&within.creation_modes, "creation_mode", external));
        let source = self.source(&mut read, now);
        let asked = source.zip(disk).zip(instances);
        read.finish(asked.map(|((source, disk), instances)| SourceRequest { source, version, disk, instances }))
    }

    fn postgres(
        &self,
        read: &mut Reader,
        within: &Capabilities,
        now: OffsetDateTime,
        known: bool,
    ) -> Option<PostgresSpec> {
        let ram = ram(read, &self.ram_size, &within.ram_size);
        let disk = disk(read, &self.disk_size, &within.disk_size);
        let cpu = cpu(read, &self.cpu_size, &within.cpu_size);
        if known && self.postgres_version.is_absent() {
            read.note(Problem::missing("postgres_version"));
        }
        let version = read.listed("postgres_version", &self.postgres_version, "13 to 18", PgMajor::parse);
        if let Some(major) = version {
            read.note(within.version_refusal(major));
        }
        let public_access = switch(read, "public_access", &self.public_access);
        if public_access == Some(true) {
            read.note(Capabilities::refusal(&within.public_access, "public_access", "1"));
        }
        let environment_variables = switch(read, "environment_variables", &self.environment_variables);
        let instances = match instances(read, &self.instances, within) {
            None if self.instances.is_absent() => Some(Instances::ONE),
            other => other,
        };
        let origin = self.origin(read, within, now);
        if known {
            let foreign = [("mount_point", &self.mount_point), ("storage_access", &self.storage_access)];
            read.foreign(&foreign, "it belongs to shared_storage");
        }
        Some(PostgresSpec {
            size: Size { ram: ram?, disk: disk?, cpu: cpu? },
            version: version?,
            instances: instances?,
            public_access: public_access?,
            environment_variables: environment_variables?,
            origin: origin?,
        })
    }

    fn origin(&self, read: &mut Reader, within: &Capabilities, now: OffsetDateTime) -> Option<Origin> {
        let mode = match read.listed("creation_mode", &self.creation_mode, &CreationMode::listed(), |t| t.parse().ok())
        {
            None if self.creation_mode.is_absent() => CreationMode::Fresh,
            other => other?,
        };
        read.note(Capabilities::refusal(&within.creation_modes, "creation_mode", mode.as_str()));
        match mode {
            CreationMode::Fresh => {
                read.foreign(&self.external_fields(), "it belongs to creation_mode external_replica");
                Some(Origin::Fresh)
            }
            CreationMode::ExternalReplica => self.source(read, now).map(Box::new).map(Origin::ExternalReplica),
        }
    }

    fn source(&self, read: &mut Reader, now: OffsetDateTime) -> Option<Source> {
        let host = read
            .required("external_host", &self.external_host)
            .and_then(|raw| read.checked("external_host", raw, SourceHost::new));
        let port = match read.number("external_port", &self.external_port, "1 to 65535", Port::new) {
            None if self.external_port.is_absent() => Some(Port::POSTGRES),
            other => other,
        };
        let auth_type: Option<AuthType> = read
            .required("auth_type", &self.auth_type)
            .and_then(|raw| read.listed("auth_type", raw, &AuthType::listed(), |t| t.parse().ok()));
        let username = word(read, "replication_username", &self.replication_username, WORD_MAX);
        // the operator writes it into a conninfo by the quoting of SQL, which libpq reads otherwise
        if username.as_ref().is_some_and(|name| name.as_str().contains(['\\', '\''])) {
            read.note(Problem::breaks("replication_username", "not_plain", "must not contain a quote or a backslash"));
        }
        let auth = auth_type.and_then(|auth_type| self.auth(read, auth_type, now));
        let archive = self.archive(read);
        Some(Source { host: host?, port: port?, username: username?, auth: auth?, archive: archive? })
    }

    fn auth(&self, read: &mut Reader, auth_type: AuthType, now: OffsetDateTime) -> Option<SourceAuth> {
        match auth_type {
            AuthType::Password => {
                let password = secret(read, "replication_password", &self.replication_password);
                let ca = pem(read, "ca_crt", &self.ca_crt, Pem::Certificate);
                let foreign = [("tls_crt", &self.tls_crt), ("tls_key", &self.tls_key)];
                read.foreign(&foreign, "it belongs to auth_type tls");
                certificates_hold(read, ca.as_deref(), None, now);
                Some(SourceAuth::Password { password: password?, ca })
            }
            AuthType::Tls => {
                let foreign = [("replication_password", &self.replication_password)];
                read.foreign(&foreign, "it belongs to auth_type password");
                let needed = |read: &mut Reader, field: &str, raw: &Raw, what: Pem| {
                    read.required(field, raw).and_then(|raw| pem(read, field, raw, what))
                };
                let ca = needed(read, "ca_crt", &self.ca_crt, Pem::Certificate);
                let certificate = needed(read, "tls_crt", &self.tls_crt, Pem::Certificate);
                let key = needed(read, "tls_key", &self.tls_key, Pem::Key);
                certificates_hold(read, ca.as_deref(), certificate.as_deref().zip(key.as_deref()), now);
                Some(SourceAuth::Tls { ca: ca?, certificate: certificate?, key: Secret::new(key?) })
            }
        }
    }

    /// `None`: a problem was noted; `Some(None)`: no archive is wanted.
    fn archive(&self, read: &mut Reader) -> Option<Option<WalArchive>> {
        if !switch(read, "s3_enabled", &self.s3_enabled)? {
            read.foreign(&self.archive_fields(), "it needs s3_enabled");
            return Some(None);
        }
        let endpoint = read
            .required("s3_endpoint", &self.s3_endpoint)
            .and_then(|raw| read.checked("s3_endpoint", raw, Endpoint::new));
        let bucket = word(read, "s3_bucket", &self.s3_bucket, WORD_MAX);
        let path = word(read, "s3_path", &self.s3_path, PATH_MAX);
        let access_key = secret(read, "s3_access_key", &self.s3_access_key);
        let secret_key = secret(read, "s3_secret_key", &self.s3_secret_key);
        let server_name = word(read, "s3_server_name", &self.s3_server_name, WORD_MAX);
        // it becomes an argument of barman-cloud-wal-restore
        if server_name.as_ref().is_some_and(|name| name.as_str().starts_with('-')) {
            read.note(Problem::breaks("s3_server_name", "not_plain", "must not begin with a hyphen"));
        }
        Some(Some(WalArchive {
            endpoint: endpoint?,
            bucket: bucket?,
            path: path?,
            access_key: access_key?,
            secret_key: secret_key?,
            server_name: server_name?,
        }))
    }

    fn shared_storage(&self, read: &mut Reader, within: &Capabilities) -> Option<SharedStorageSpec> {
        let disk = disk(read, &self.disk_size, &within.disk_size);
        let mount_point = read
            .required("mount_point", &self.mount_point)
            .and_then(|raw| read.checked("mount_point", raw, MountPoint::new));
        let listed = StorageAccess::listed();
        let access = match read.listed("storage_access", &self.storage_access, &listed, |t| t.parse().ok()) {
            None if self.storage_access.is_absent() => Some(StorageAccess::Rwx),
            other => other,
        };
        if let Some(access) = access {
            read.note(Capabilities::refusal(&within.storage_access, "storage_access", access.as_str()));
        }
        let foreign = [
            ("ram_size", &self.ram_size),
            ("cpu_size", &self.cpu_size),
            ("postgres_version", &self.postgres_version),
            ("public_access", &self.public_access),
            ("environment_variables", &self.environment_variables),
            ("instances", &self.instances),
            ("creation_mode", &self.creation_mode),
        ];
        read.foreign(&foreign, "it belongs to postgres");
        read.foreign(&self.external_fields(), "it belongs to postgres");
        Some(SharedStorageSpec { disk: disk?, mount_point: mount_point?, access: access? })
    }

    fn external_fields(&self) -> Vec<(&'static str, &Raw)> {
        let mut fields = vec![
            ("external_host", &self.external_host),
            ("external_port", &self.external_port),
            ("auth_type", &self.auth_type),
            ("replication_username", &self.replication_username),
            ("replication_password", &self.replication_password),
            ("ca_crt", &self.ca_crt),
            ("tls_crt", &self.tls_crt),
            ("tls_key", &self.tls_key),
            ("s3_enabled", &self.s3_enabled),
        ];
        fields.extend(self.archive_fields());
        fields
    }

    fn archive_fields(&self) -> [(&'static str, &Raw); 6] {
        [
            ("s3_endpoint", &self.s3_endpoint),
            ("s3_bucket", &self.s3_bucket),
            ("s3_path", &self.s3_path),
            ("s3_access_key", &self.s3_access_key),
            ("s3_secret_key", &self.s3_secret_key),
            ("s3_server_name", &self.s3_server_name),
        ]
    }
}

/// A switch that is off where it is absent.
fn switch(read: &mut Reader, field: &str, raw: &Raw) -> Option<bool> {
    if raw.is_absent() { Some(false) } else { read.switch(field, raw) }
}

pub(crate) fn instances(read: &mut Reader, raw: &Raw, within: &Capabilities) -> Option<Instances> {
    let count = read.number("instances", raw, "1/3/5/7", Instances::new)?;
    read.note(Capabilities::refusal(&within.instances, "instances", &count.count().to_string()));
    Some(count)
}

pub(crate) fn ram(read: &mut Reader, raw: &Raw, range: &Range) -> Option<Mib> {
    let ram = sized(read, "ram_size", raw, range, "MiB, such as 256")?;
    bounded(read, "ram_size", Mib::from_mib(ram), range, "MiB", |m| f64::from(m.mib()))
}

pub(crate) fn disk(read: &mut Reader, raw: &Raw, range: &Range) -> Option<Mib> {
    let disk = sized(read, "disk_size", raw, range, "GiB, such as 1")?;
    bounded(read, "disk_size", Mib::from_gib(disk), range, "GiB", Mib::gib)
}

pub(crate) fn cpu(read: &mut Reader, raw: &Raw, range: &Range) -> Option<MilliCores> {
    let cpu = sized(read, "cpu_size", raw, range, "cores, such as 0.25")?;
    bounded(read, "cpu_size", MilliCores::from_cores(cpu), range, "cores", MilliCores::cores)
}

/// The number as it came, or the default.
fn sized(read: &mut Reader, field: &str, raw: &Raw, range: &Range, mend: &str) -> Option<f64> {
    if raw.is_absent() { Some(range.default) } else { read.number(field, raw, mend, Some) }
}

fn bounded<T: Copy>(
    read: &mut Reader,
    field: &str,
    rounded: Option<T>,
    range: &Range,
    unit: &str,
    size: impl Fn(T) -> f64,
) -> Option<T> {
    let problem = match rounded {
        Some(value) if size(value) < range.min => {
            ("too_small", format!("is too small (minimum is {} {unit})", plain(range.min)))
        }
        Some(value) if size(value) <= range.max => return Some(value),
        _ => ("out_of_range", format!("is out of range ({} to {} {unit})", plain(range.min), plain(range.max))),
    };
    read.note(Problem::breaks(field, problem.0, &problem.1));
    None
}

fn word(read: &mut Reader, field: &str, raw: &Raw, max: usize) -> Option<Word> {
    let raw = read.required(field, raw)?;
    read.checked(field, raw, |text| Word::new(text, max))
}

fn secret(read: &mut Reader, field: &str, raw: &Raw) -> Option<Secret> {
    word(read, field, raw, SECRET_MAX).map(|w| Secret::new(w.as_str()))
}

#[derive(Clone, Copy, PartialEq)]
enum Pem {
    Certificate,
    Key,
}

/// The frame of a PEM text; what stands in it is judged by [`certificates_hold`].
fn pem(read: &mut Reader, field: &str, raw: &Raw, what: Pem) -> Option<String> {
    read.checked(field, raw, |text| {
        let broken = |code, rest: &str| Err(crate::values::Broken { code, rest: rest.to_owned() });
        if text.len() > PEM_MAX {
            return broken("too_long", "is too long (maximum is 32 KiB)");
        }
        if text.contains("ENCRYPTED") {
            return broken("encrypted", "must not be encrypted with a passphrase");
        }
        let framed = match what {
            Pem::Certificate => {
                text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
            }
            Pem::Key => text.contains("PRIVATE KEY-----") && text.contains("-----BEGIN ") && text.contains("-----END "),
        };
        match (framed, what) {
            (true, _) => Ok(text.to_owned()),
            (false, Pem::Certificate) => broken("not_pem", "must be a PEM certificate (-----BEGIN CERTIFICATE-----)"),
            (false, Pem::Key) => broken("not_pem", "must be a PEM private key (-----BEGIN PRIVATE KEY-----)"),
        }
    })
}

#[cfg(feature = "certificates")]
fn certificates_hold(read: &mut Reader, ca: Option<&str>, own: Option<(&str, &str)>, now: OffsetDateTime) {
    read.problems.extend(crate::certificates::problems(ca, own, now));
}

/// The browser has no X.509; the server judges the content.
#[cfg(not(feature = "certificates"))]
fn certificates_hold(_: &mut Reader, _: Option<&str>, _: Option<(&str, &str)>, _: OffsetDateTime) {}
