//! TLS to an external PostgreSQL, as libpq does it: <https://www.postgresql.org/docs/18/libpq-ssl.html>.

use std::sync::Arc;

use contract::spec::{Source, SourceAuth};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::session::SessionError;

/// What of the other side's certificate has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It comes from the authority, and is for the name that was dialled: verify-full.
    Name,
    /// It comes from the authority: verify-ca.
    Chain,
    /// Nothing: require.
    Anybody,
}

/// Presents the replica's own certificate, where it has one.
pub(super) fn connector(source: &Source, trust: Trust) -> Result<TlsConnector, SessionError> {
    let unusable = |error: &dyn std::fmt::Display| SessionError::Certificate(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(source, trust, Arc::clone(&provider))?);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &source.auth {
        SourceAuth::Password { .. } => config.with_no_client_auth(),
        SourceAuth::Tls { certificate, key, .. } => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| unusable(&"tls_key"))?;
            config.with_client_auth_cert(chain, key).map_err(|error| unusable(&error))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the other side's certificate has to be for.
pub(super) fn name(source: &Source) -> Result<ServerName<'static>, SessionError> {
    let host = source.host.as_str();
    let host = host.strip_suffix('.').unwrap_or(host).to_owned();
    ServerName::try_from(host).map_err(|error| SessionError::Certificate(error.to_string()))
}

/// Why a handshake failed.
pub(super) fn failed(error: &std::io::Error) -> SessionError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(reason)) if is_about_the_name(reason) => {
            SessionError::OtherName(reason.to_string())
        }
        Some(Error::InvalidCertificate(reason)) => SessionError::Certificate(reason.to_string()),
        // the other side's words about ours
        Some(Error::AlertReceived(alert)) => SessionError::Certificate(format!("it refused ours ({alert:?})")),
        Some(other) => SessionError::Strange(other.to_string()),
        None => SessionError::Unreachable(error.to_string()),
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, SessionError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    all.map_err(|error| SessionError::Certificate(error.to_string()))
}

fn is_about_the_name(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    /// What the user gave as authority; a server's own certificate may be one.
    given: Vec<CertificateDer<'static>>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(source: &Source, trust: Trust, provider: Arc<CryptoProvider>) -> Result<Self, SessionError> {
        let given = match &source.auth {
            SourceAuth::Password { ca: Some(ca), .. } | SourceAuth::Tls { ca, .. } => certificates(ca)?,
            SourceAuth::Password { ca: None, .. } => Vec::new(),
        };
        let mut roots = RootCertStore::empty();
        // one that is no authority's may still be the server's own
        roots.add_parsable_certificates(given.iter().cloned());
        let chain = match trust {
            Trust::Anybody => None,
            Trust::Name | Trust::Chain if roots.is_empty() => None,
            Trust::Name | Trust::Chain => {
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
                Some(verifier.build().map_err(|error| SessionError::Certificate(error.to_string()))?)
            }
        };
        Ok(Self { trust, given, chain, provider })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.trust == Trust::Anybody {
            return Ok(ServerCertVerified::assertion());
        }
        if self.given.iter().any(|given| given.as_ref() == end_entity.as_ref()) {
            if self.trust == Trust::Name {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let Some(chain) = &self.chain else { return Err(CertificateError::UnknownIssuer.into()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // the name is looked at last: the chain holds
            Err(Error::InvalidCertificate(reason)) if self.trust == Trust::Chain && is_about_the_name(&reason) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
