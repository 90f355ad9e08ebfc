//! Showing credentials, and trying them.

use contract::Caller;
use contract::change::RevealRequest;
use contract::connection::ConnectionDetails;
use contract::error::Noun;
use contract::permission::Permission;
use contract::problem::Problem;
use contract::service::ConnectionTest;
use contract::state::Action;

use super::entity;
use crate::Control;
use crate::error::Error;
use crate::port::SignIn;
use crate::store::audit::{self, Entry};

impl Control {
    pub(crate) async fn reveal(&self, who: &Caller, id: &str, why: RevealRequest) -> Result<ConnectionDetails, Error> {
        who.require(Permission::ServicesReveal)?;
        let reason = why.parse(who.role.reveals_with_reason())?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        let entry =
            Entry { action: "service.reveal", entity_id: Some(row.id), entity: &row.name, reason: reason.as_deref() };
        audit::write(&mut connection, who, entry).await?;
        let password = row.password(self, who)?;
        row.connection(self, who, password.as_ref())?.ok_or_else(|| {
            Problem::breaks("service_type", "no_credentials", "shared_storage has no credentials").into()
        })
    }

    pub(crate) async fn test_connection(&self, who: &Caller, id: &str) -> Result<ConnectionTest, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        drop(connection);
        row.may(Action::TestConnection)?;
        if row.follows {
            let rest = "has no credentials of ours before it is promoted";
            return Err(Problem::breaks("creation_mode", "no_credentials", rest).into());
        }
        let password = row.password(self, who)?.ok_or_else(|| Error::not_found(Noun::Service))?;
        let service = row.service(who)?;
        let (host, port, database) = (self.runtime.host(&service), row.port(), row.database()?);
        let at = SignIn { host, port, service, database, password };
        let began = std::time::Instant::now();
        let outcome = self.runtime.sign_in(&at).await;
        let millis = |took: std::time::Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let address = format!("{}:{}", at.host, at.port);
        Ok(match outcome {
            Ok(in_) => ConnectionTest {
                ok: true,
                address,
                tls: in_.tls,
                version: Some(in_.version),
                ms: millis(in_.took),
                error: None,
            },
            Err(error) => ConnectionTest {
                ok: false,
                address,
                tls: false,
                version: None,
                ms: millis(began.elapsed()),
                error: Some(error.to_string()),
            },
        })
    }
}
