//! What an instance says of itself: the endpoint of its manager that `kubectl cnpg status` reads, too.

use std::sync::Arc;

use contract::replication::Lsn;
use control::port::{PortError, ServiceRef};
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Deserializer};
use tokio_rustls::TlsConnector;

use crate::manifests::STATUS;
use crate::session::{TIMEOUT, trusting};
use crate::{Inner, names};

/// Bytes of an answer; what is wanted of it is a few kilobytes.
const LONGEST: usize = 4 << 20;

/// The part that is read (CloudNativePG 1.30, `pkg/postgres/status.go`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Instance {
    /// Where a primary writes.
    #[serde(deserialize_with = "lsn")]
    pub(crate) current_lsn: Option<Lsn>,
    #[serde(deserialize_with = "lsn")]
    pub(crate) received_lsn: Option<Lsn>,
    #[serde(deserialize_with = "lsn")]
    pub(crate) replay_lsn: Option<Lsn>,
    pub(crate) is_wal_receiver_active: bool,
    replication_info: Vec<Standby>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Standby {
    application_name: String,
    #[serde(deserialize_with = "lsn")]
    replay_lsn: Option<Lsn>,
}

impl Instance {
    /// Bytes of WAL that a standby hasn't replayed; nothing where it doesn't stream from here. Its own view of its lag would read 0
    /// when the link is dead.
    pub(crate) fn behind(&self, standby: &str) -> Option<i64> {
        let follows = self.replication_info.iter().find(|follows| follows.application_name == standby)?;
        // what stands at the end of the chain writes nothing itself, and hands on what it has received
        let here = self.current_lsn.or(self.received_lsn)?;
        i64::try_from(here.since(follows.replay_lsn?)).ok()
    }
}

impl Inner {
    /// Asks an instance through the API server, as no NetworkPolicy of ours lets anybody else in there.
    pub(crate) async fn instance(&self, service: &ServiceRef, pod: &str) -> Result<Instance, PortError> {
        let broke = |error: &dyn std::fmt::Display| PortError::retry(format!("{pod} doesn't say how it is: {error}"));
        let asked = async {
            let authority = self.authority(service).await?;
            let stream = self.forwarded(service, pod, STATUS).await?;
            let name = ServerName::try_from(names::primary(&service.name)).map_err(|error| broke(&error))?;
            let tls = TlsConnector::from(Arc::new(trusting(&authority)?));
            let stream = tls.connect(name, stream).await.map_err(|error| broke(&error))?;
            let (mut sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(|error| broke(&error))?;
            // it ends with the sender
            tokio::spawn(connection);
            let request = Request::get("/pg/status").header(HOST, pod).body(Empty::<Bytes>::new());
            let request = request.map_err(|error| broke(&error))?;
            let answer = sender.send_request(request).await.map_err(|error| broke(&error))?;
            let code = answer.status();
            if !code.is_success() {
                return Err(broke(&code));
            }
            let body = Limited::new(answer.into_body(), LONGEST).collect().await.map_err(|error| broke(&error))?;
            serde_json::from_slice(&body.to_bytes()).map_err(|error| broke(&error))
        };
        let waited = || Err(broke(&format_args!("it did not answer within {} s", TIMEOUT.as_secs())));
        tokio::time::timeout(TIMEOUT, asked).await.unwrap_or_else(|_| waited())
    }
}

/// `0/3000060`; an empty text where there is none.
fn lsn<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Lsn>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| serde::de::Error::custom("a place in the WAL"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_standby_that_does_not_stream_has_no_lag() {
        let answer = json!({
            "currentLsn": "0/3000100", "isPrimary": true, "systemID": "7", "unknown": { "x": 1 },
            "replicationInfo": [{ "applicationName": "x-2", "replayLsn": "0/3000000", "state": "streaming" },
                                { "applicationName": "x-3", "state": "startup" }],
        });
        let at: Instance = serde_json::from_value(answer).unwrap();
        assert_eq!([at.behind("x-2"), at.behind("x-3"), at.behind("x-4")], [Some(256), None, None]);
        assert!(serde_json::from_value::<Instance>(json!({ "currentLsn": "far" })).is_err());
    }
}
