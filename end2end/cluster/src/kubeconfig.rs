//! How somebody reaches the API server, as the file that every client reads.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pki::Pki;

/// Signs in by a certificate of the authority.
pub(crate) fn by_certificate(pki: &Pki, server: &str, name: &str, path: &Path) -> Result<()> {
    let data = |file: String| Ok::<_, anyhow::Error>(BASE64_STANDARD.encode(fs::read(pki.path(&file))?));
    let user = json!({
        "client-certificate-data": data(format!("{name}.crt"))?,
        "client-key-data": data(format!("{name}.key"))?,
    });
    write(pki, server, &user, path)
}

/// Signs in by a service account's token.
pub(crate) fn by_token(pki: &Pki, server: &str, token: &str, path: &Path) -> Result<()> {
    write(pki, server, &json!({ "token": token }), path)
}

fn write(pki: &Pki, server: &str, user: &Value, path: &Path) -> Result<()> {
    let authority = BASE64_STANDARD.encode(fs::read(pki.path("ca.crt"))?);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "berth", "cluster": { "server": server, "certificate-authority-data": authority } }],
        "users": [{ "name": "berth", "user": user }],
        "contexts": [{ "name": "berth", "context": { "cluster": "berth", "user": "berth" } }],
        "current-context": "berth",
    });
    // JSON is YAML
    fs::write(path, serde_json::to_vec_pretty(&config)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
