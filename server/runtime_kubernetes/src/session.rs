//! A session on a service's primary, encrypted, as its owner.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use control::port::{Outside, PortError, ServiceRef, SignIn};
use k8s_openapi::api::core::v1::{Pod, Secret as SecretObject};
use kube::api::Api;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Inner;
use crate::answers::failed;
use crate::manifests::POSTGRES;
use crate::names;

/// How long it may take to be signed in, over however many hops.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// How instances are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By their Service: Berth runs in the cluster.
    Direct,
    /// Through the API server: Berth runs outside.
    Forwarded,
}

impl Reach {
    pub(crate) fn from(access: &kube::Config) -> Self {
        let inside = kube::Config::incluster_env().is_ok_and(|inside| inside.cluster_url == access.cluster_url);
        if inside { Self::Direct } else { Self::Forwarded }
    }
}

impl Inner {
    /// Signs in as the owner. The session ends with the client.
    pub(crate) async fn session(&self, at: &SignIn) -> Result<Client, PortError> {
        let service = &at.service;
        let connected = tokio::time::timeout(TIMEOUT, async {
            let authority = self.authority(service).await?;
            match self.reach {
                Reach::Direct => signed_in(dialled(&at.host, at.port).await?, at, &authority).await,
                Reach::Forwarded => {
                    let primary = self.primary(service).await?;
                    let stream = self.forwarded(service, &primary, POSTGRES).await?;
                    signed_in(stream, at, &authority).await
                }
            }
        });
        let connected = connected.await;
        let waited = || Err(PortError::retry(format!("{service} did not answer within {} s", TIMEOUT.as_secs())));
        let connected = connected.unwrap_or_else(|_| waited());
        if connected.is_err() {
            // it may have been made anew, with another authority
            self.authorities.lock().unwrap_or_else(PoisonError::into_inner).remove(&service.name);
        }
        connected
    }

    /// Signs in as the owner through an address that everybody reaches.
    pub(crate) async fn session_from_outside(&self, at: &SignIn, outside: &Outside) -> Result<Client, PortError> {
        let connected = tokio::time::timeout(TIMEOUT, async {
            let authority = self.authority(&at.service).await?;
            signed_in(dialled(&outside.host, outside.port).await?, at, &authority).await
        });
        let Outside { host, port } = outside;
        let waited = || Err(PortError::retry(format!("{host}:{port} did not answer within {} s", TIMEOUT.as_secs())));
        connected.await.unwrap_or_else(|_| waited())
    }

    pub(crate) fn namespaced<K>(&self, service: &ServiceRef) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &names::namespace(service.workspace))
    }

    /// The pod of the server that takes writes.
    pub(crate) async fn primary(&self, service: &ServiceRef) -> Result<String, PortError> {
        let cluster = self.look(service, None).await?;
        let primary = cluster.and_then(|cluster| cluster.status.current_primary.clone());
        primary.ok_or_else(|| PortError::retry(format!("{service} has no primary")))
    }

    /// A connection to a port of a pod, by way of the API server and the kubelet.
    pub(crate) async fn forwarded(
        &self,
        service: &ServiceRef,
        pod: &str,
        port: u16,
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, PortError> {
        let mut forwarder = self.namespaced::<Pod>(service).portforward(pod, &[port]).await.map_err(failed)?;
        forwarder.take_stream(port).ok_or_else(|| PortError::retry(format!("{pod} can't be reached")))
    }

    pub(crate) async fn authority(&self, service: &ServiceRef) -> Result<Vec<u8>, PortError> {
        let known = self.authorities.lock().unwrap_or_else(PoisonError::into_inner).get(&service.name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let secrets = self.namespaced::<SecretObject>(service);
        let secret = secrets.get_opt(&names::authority(&service.name)).await.map_err(failed)?;
        let pem = secret.and_then(|secret| secret.data?.remove("ca.crt"));
        let pem = pem.ok_or_else(|| PortError::retry(format!("{service} has no certificate yet")))?.0;
        let mut known = self.authorities.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(service.name.clone(), pem.clone());
        Ok(pem)
    }
}

pub(crate) async fn dialled(host: &str, port: u16) -> Result<TcpStream, PortError> {
    TcpStream::connect((host, port)).await.map_err(|error| PortError::retry(format!("{host}:{port}: {error}")))
}

async fn signed_in<S>(stream: S, at: &SignIn, authority: &[u8]) -> Result<Client, PortError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tls = <MakeRustlsConnect as MakeTlsConnect<S>>::make_tls_connect(
        &mut connector(authority)?,
        &names::primary(&at.service.name),
    );
    let tls = tls.map_err(|error| PortError::retry(format!("The name of {} can't be checked: {error}", at.service)))?;
    let mut config = tokio_postgres::Config::new();
    config.dbname(&at.database).user(&at.database).password(at.password.expose()).application_name("berth");
    config.ssl_mode(SslMode::Require);
    let (client, connection) = config.connect_raw(stream, tls).await.map_err(|error| refused(&error))?;
    // it ends when the client is dropped
    tokio::spawn(connection);
    Ok(client)
}

fn connector(authority: &[u8]) -> Result<MakeRustlsConnect, PortError> {
    trusting(authority).map(MakeRustlsConnect::new)
}

/// Trusts this authority only.
pub(crate) fn trusting(authority: &[u8]) -> Result<rustls::ClientConfig, PortError> {
    let unusable = |error: &dyn std::fmt::Display| PortError::retry(format!("Its certificate can't be used: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    Ok(rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// One row, within a bound: a server that hangs is one that doesn't answer.
pub(crate) async fn ask(client: &Client, query: &str) -> Result<Row, PortError> {
    match tokio::time::timeout(TIMEOUT, client.query_one(query, &[])).await {
        Ok(row) => row.map_err(|error| refused(&error)),
        Err(_) => Err(PortError::retry(format!("the server did not answer within {} s", TIMEOUT.as_secs()))),
    }
}

/// What a server says stands as it says it.
pub(crate) fn refused(error: &tokio_postgres::Error) -> PortError {
    match error.as_db_error() {
        Some(said) => PortError::retry(format!("the server answered: {}", said.message())),
        None => PortError::retry(format!("the connection broke: {error}")),
    }
}
