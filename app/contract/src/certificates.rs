//! What stands in certificates and keys: they parse, they haven't expired, and they belong together.

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::problem::Problem;
use time::OffsetDateTime;

/// A chain that anybody really has; more is a way to keep the server busy.
const CHAIN_MAX: usize = 16;

/// Problems of the CA and of the caller's own certificate and key.
pub(crate) fn problems(ca: Option<&str>, own: Option<(&str, &str)>, now: OffsetDateTime) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(ca) = ca {
        found.extend(chain("ca_crt", ca, now).err());
    }
    let Some((certificate, key)) = own else { return found };
    let chain = match chain("tls_crt", certificate, now) {
        Ok(chain) => Some(chain),
        Err(problem) => {
            found.push(problem);
            None
        }
    };
    let unusable = || Problem::breaks("tls_key", "invalid_key", "is not a private key that can be used");
    match PrivateKeyDer::from_pem_slice(key.as_bytes()).ok().and_then(|key| any_supported_type(&key).ok()) {
        None => found.push(unusable()),
        Some(key) => {
            if chain.is_some_and(|chain| CertifiedKey::new(chain, key).keys_match().is_err()) {
                found.push(Problem::breaks("tls_key", "key_mismatch", "does not belong to the certificate in tls_crt"));
            }
        }
    }
    found
}

fn chain(field: &str, pem: &str, now: OffsetDateTime) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let unreadable = || Problem::breaks(field, "invalid_certificate", "can't be read as a certificate");
    let ders: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .take(CHAIN_MAX + 1)
        .collect::<Result<_, _>>()
        .map_err(|_| unreadable())?;
    if ders.is_empty() {
        return Err(unreadable());
    }
    if ders.len() > CHAIN_MAX {
        return Err(Problem::breaks(field, "too_many", "has too many certificates in it (maximum is 16)"));
    }
    for der in &ders {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| unreadable())?;
        let validity = certificate.validity();
        if validity.not_after.to_datetime() < now {
            return Err(Problem::breaks(
                field,
                "expired",
                &format!("expired on {}", validity.not_after.to_datetime().date()),
            ));
        }
        if validity.not_before.to_datetime() > now {
            let from = validity.not_before.to_datetime().date();
            return Err(Problem::breaks(field, "not_yet_valid", &format!("is not valid before {from}")));
        }
    }
    Ok(ders)
}
