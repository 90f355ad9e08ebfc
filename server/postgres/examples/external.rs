//! Somebody else's PostgreSQL server, for tests: plain, with TLS, and open to replicas.
//!
//! `external ADDRESS MAJOR [NAME=VALUE …]`: listens on the address as well, with these parameters over the usual ones. Says as one line
//! of JSON where it is and what signs in there, and lives until its standard input ends. The role `replicator` may replicate by its
//! password, and by its certificate where it says that it is `certified`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use postgres::{Host, Limits, Listen, Major, Settings, free_port, random_password};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use secrecy::ExposeSecret as _;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Away from the ports that tests hand out to services.
const PORTS: std::ops::RangeInclusive<u16> = 14500..=14599;
/// Who may do what, before what `initdb` says.
const PG_HBA: &str = "\
local all postgres scram-sha-256
hostssl replication certified all cert
host replication replicator all scram-sha-256
host all all all scram-sha-256
";

fn main() -> Outcome<()> {
    // as root, this replaces the process by itself under another account
    let place = postgres::testing::unprivileged()?;
    let mut args = std::env::args().skip(1);
    let usage = "usage: external ADDRESS MAJOR [NAME=VALUE …]";
    let (address, major) = args.next().zip(args.next()).ok_or(usage)?;
    let more: Vec<(String, String)> =
        args.filter_map(|arg| arg.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let host = Host::new(place.host_config())?;
        let dir = place.path().join("server");
        let port = free_port(PORTS, &Default::default()).ok_or("no free port")?;
        let limits = Limits { ram_mib: 256, disk_mib: 1024, cpu_millis: 1000 };
        let pki = Pki::of(&address)?;
        let file = |name: &str| dir.join("data").join(name).display().to_string();
        let mut settings = Settings::new(Major::new(major.parse()?).ok_or("no major")?, limits, Listen::Loopback, port)
            .with("listen_addresses", format!("127.0.0.1,{address}"))?
            .with("wal_level", "replica")?
            .with("max_wal_senders", "10")?
            .with("ssl", "on")?
            .with("ssl_cert_file", file("server.crt"))?
            .with("ssl_key_file", file("server.key"))?
            .with("ssl_ca_file", file("root.crt"))?;
        for (name, value) in more {
            settings = settings.with(&name, value)?;
        }
        host.prepare(&dir, &settings).await?;
        for (name, pem) in [("root.crt", &pki.root), ("server.crt", &pki.certificate), ("server.key", &pki.key)] {
            write(&dir.join("data").join(name), pem)?;
        }
        let hba = dir.join("data/pg_hba.conf");
        fs::write(&hba, format!("{PG_HBA}{}", fs::read_to_string(&hba)?))?;
        host.start(&dir).await?;
        let superuser = host.superuser_password(&dir)?.ok_or("no password")?;
        let url = format!("postgres://postgres:{}@{address}:{port}/postgres", superuser.expose_secret());
        let password = random_password();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        let verifier = postgres::scram_verifier(&password);
        client.batch_execute("create role replicator replication").await?;
        postgres::set_password(&client, "replicator", &verifier).await?;
        client.batch_execute("create role certified replication login").await?;
        let said = serde_json::json!({
            "url": url, "host": address, "port": port, "password": password.expose_secret(), "ca": pki.root,
            "certificate": pki.own, "key": pki.own_key,
        });
        writeln!(std::io::stdout(), "{said}")?;
        std::io::stdout().flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        host.remove(&dir).await?;
        Ok(())
    })
}

/// In PEM.
struct Pki {
    root: String,
    certificate: String,
    key: String,
    /// Of the role `certified`.
    own: String,
    own_key: String,
}

impl Pki {
    fn of(address: &str) -> Outcome<Self> {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "an authority");
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let (key, own_key) = (KeyPair::generate()?, KeyPair::generate()?);
        let server = CertificateParams::new(vec![address.to_owned(), "source.example".to_owned()])?;
        let mut own = CertificateParams::default();
        own.distinguished_name.push(DnType::CommonName, "certified");
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self {
            certificate: server.signed_by(&key, &root)?.pem(),
            own: own.signed_by(&own_key, &root)?.pem(),
            root: root.pem(),
            key: key.serialize_pem(),
            own_key: own_key.serialize_pem(),
        })
    }
}

/// A private key that others can read is refused.
fn write(path: &Path, pem: &str) -> Outcome<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(pem.as_bytes())?)
}
