//! TLS from the operator's two files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why the files aren't good for TLS. The key's content is in no message.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("can't read {flag} {}: {source}", path.display())]
    Pem { flag: &'static str, path: PathBuf, source: pem::Error },
    #[error("--tls-cert {} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("--tls-cert and --tls-key don't work together: {0}")]
    Pair(#[from] rustls::Error),
}

/// Reads both files. Done before root is given up: the key is often root's alone.
///
/// HTTP/1.1 only: the listener bounds what one connection may do by it, and a proxy speaks it, too.
pub fn load(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let pem = |flag, path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { flag, path, source }
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(pem("--tls-cert", cert))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: cert.to_owned() });
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem("--tls-key", key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
