//! The object behind a service, and putting back what somebody else has changed of it.

use contract::error::Noun;
use contract::live::Live;
use contract::operation::OperationKind;
use contract::permission::Permission;
use contract::spec::ServiceType;
use contract::state::Action;
use contract::{ApiError, Caller, Service};

use super::entity;
use crate::error::Error;
use crate::reconcile::row::Row;
use crate::reconcile::timeline::{self, About};
use crate::store::audit::{self, Entry};
use crate::{Control, reconcile};

impl Control {
    pub(crate) async fn service_live(&self, who: &Caller, id: &str) -> Result<Option<Live>, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        if row.service_type()? != ServiceType::Postgres {
            return Ok(None);
        }
        let row = Row::load(&mut connection, row.id).await?.ok_or_else(|| Error::not_found(Noun::Service))?;
        drop(connection);
        // whoever looks asks no source: what has never reached one has no object either
        let Some(desired) = reconcile::remembered(self, &row)? else { return Ok(None) };
        let away = |error| ApiError::Unavailable(format!("It can't be asked for: {error}"));
        Ok(self.runtime.live(&desired).await.map_err(away)?)
    }

    pub(crate) async fn put_back(&self, who: &Caller, id: &str) -> Result<Service, Error> {
        who.require(Permission::ServicesOperate)?;
        let mut transaction = self.pool.begin().await?;
        let row = entity::locked(&mut transaction, who, id).await?;
        row.may(Action::Update)?;
        let about = About::of(who.workspace_id, row.id);
        let kind = OperationKind::Update;
        timeline::begin(&mut transaction, about, kind, row.steps(kind)?, row.environment_variables).await?;
        reconcile::wish(&mut transaction, who.workspace_id, row.id).await?;
        let entry = Entry { action: "service.put_back", entity_id: Some(row.id), entity: &row.name, reason: None };
        audit::write(&mut transaction, who, entry).await?;
        let row = entity::by_id(&mut transaction, who, row.id).await?;
        transaction.commit().await?;
        row.entity(row.connection(self, who, None)?)
    }
}
