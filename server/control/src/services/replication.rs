//! How far a replica of an external server has come.

use contract::Caller;
use contract::permission::Permission;
use contract::replication::Replication;

use super::entity;
use crate::Control;
use crate::error::Error;
use crate::port::{Following, SslMode};
use crate::source;
use crate::source::stored::Stored;

impl Control {
    /// Both ends are asked, at once.
    pub(crate) async fn service_replication(&self, who: &Caller, id: &str) -> Result<Option<Replication>, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        let Some(stored) = Stored::load(&mut connection, who.workspace_id, row.id).await? else { return Ok(None) };
        drop(connection);
        let service = row.service(who)?;
        let found = Replication {
            host: stored.host.clone(),
            port: stored.port,
            archive: stored.archive(),
            promoted_at: stored.promote_at,
            source: None,
            source_error: None,
            streams: false,
            received: None,
            replayed: None,
            error: None,
        };
        let Some(opened) = stored.open(&self.sealer, who.workspace_id, &service.name)? else { return Ok(Some(found)) };
        let pinned = stored.sslmode.unwrap_or(SslMode::VerifyFull);
        let (source, replica) =
            tokio::join!(source::position(&self.outbound, &opened, pinned), self.runtime.following(&service));
        let (source, source_error) = match source {
            Ok(at) => (Some(at), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (replica, error) = match replica {
            Ok(Some(replica)) => (replica, None),
            Ok(None) => (Following::default(), Some("It doesn't run".to_owned())),
            Err(error) => (Following::default(), Some(error.to_string())),
        };
        let Following { streams, received, replayed } = replica;
        Ok(Some(Replication { source, source_error, streams, received, replayed, error, ..found }))
    }
}
