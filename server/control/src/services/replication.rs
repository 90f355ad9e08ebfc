//! How far a replica has come, of an external server or of another service.

use contract::Caller;
use contract::permission::Permission;
use contract::replication::{Lsn, Replication};

use super::entity::{self, ServiceRow};
use crate::Control;
use crate::error::Error;
use crate::port::{Following, PortError, SslMode};
use crate::source;
use crate::source::stored::Stored;

impl Control {
    /// Both ends are asked, at once.
    pub(crate) async fn service_replication(&self, who: &Caller, id: &str) -> Result<Option<Replication>, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        let Some(stored) = Stored::load(&mut connection, who.workspace_id, row.id).await? else {
            let Some(primary) = row.primary_id else { return Ok(None) };
            let primary = entity::by_id(&mut connection, who, primary).await?;
            drop(connection);
            return self.behind_primary(who, &row, &primary).await.map(Some);
        };
        drop(connection);
        let service = row.service(who)?;
        let found = unknown(stored.host.clone(), stored.port);
        let found = Replication { archive: stored.archive(), promoted_at: stored.promote_at, ..found };
        let Some(opened) = stored.open(&self.sealer, who.workspace_id, &service.name)? else { return Ok(Some(found)) };
        let pinned = stored.sslmode.unwrap_or(SslMode::VerifyFull);
        let (source, replica) =
            tokio::join!(source::position(&self.outbound, &opened, pinned), self.runtime.following(&service));
        Ok(Some(told(found, source.map_err(|error| error.to_string()), replica)))
    }

    async fn behind_primary(&self, who: &Caller, row: &ServiceRow, primary: &ServiceRow) -> Result<Replication, Error> {
        let (service, leader) = (row.service(who)?, primary.service(who)?);
        let found = unknown(self.runtime.host(&leader), primary.port());
        let (written, replica) = tokio::join!(self.runtime.written(&leader), self.runtime.following(&service));
        let written = match written {
            Ok(Some(at)) => Ok(at),
            Ok(None) => Err("It doesn't run".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        Ok(told(found, written, replica))
    }
}

/// Whom it follows, before anybody was asked.
fn unknown(host: String, port: u16) -> Replication {
    Replication {
        host,
        port,
        archive: None,
        promoted_at: None,
        source: None,
        source_error: None,
        streams: false,
        received: None,
        replayed: None,
        error: None,
    }
}

/// The same with what both ends say.
fn told(found: Replication, source: Result<Lsn, String>, replica: Result<Option<Following>, PortError>) -> Replication {
    let (source, source_error) = match source {
        Ok(at) => (Some(at), None),
        Err(error) => (None, Some(error)),
    };
    let (replica, error) = match replica {
        Ok(Some(replica)) => (replica, None),
        Ok(None) => (Following::default(), Some("It doesn't run".to_owned())),
        Err(error) => (Following::default(), Some(error.to_string())),
    };
    let Following { streams, received, replayed } = replica;
    Replication { source, source_error, streams, received, replayed, error, ..found }
}
