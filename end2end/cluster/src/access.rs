//! How somebody reaches a cluster: the file that every client of the API server reads, and the one that Berth reads.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pki::Pki;

/// Two files, and the variables that name them.
#[derive(Clone, Debug)]
pub struct Access {
    pub(crate) kubeconfig: PathBuf,
    berth: PathBuf,
}

impl Access {
    /// In the directory of a cluster.
    pub(crate) fn at(place: &Path) -> Self {
        Self { kubeconfig: place.join("admin.kubeconfig"), berth: place.join("berth.yaml") }
    }

    /// Variables of whoever works with it.
    pub fn variables(&self) -> [(&'static str, &Path); 2] {
        [("BERTH_KUBERNETES_CONFIG", &self.berth), ("KUBECONFIG", &self.kubeconfig)]
    }

    /// Writes down what Berth has to know: the images of PostgreSQL, by which their majors are named, and the storage class of
    /// volumes that many apps share.
    pub(crate) fn tell_berth(&self, images: &[String], shared: &str) -> Result<()> {
        let major = |image: &String| image.rsplit(':').next().and_then(|tag| tag.split('.').next()).map(str::to_owned);
        let images: serde_json::Map<_, _> =
            images.iter().filter_map(|image| Some((major(image)?, Value::from(image.clone())))).collect();
        // JSON is YAML
        Ok(fs::write(
            &self.berth,
            serde_json::to_vec_pretty(&json!({ "images": images, "volume_classes": { "RWX": shared } }))?,
        )?)
    }
}

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
