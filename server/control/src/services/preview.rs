//! What the runtime would make of a new service.

use std::collections::BTreeMap;

use contract::permission::Permission;
use contract::preview::Preview;
use contract::spec::{Kind, Origin as From, ServiceType, SharedStorageSpec, SourceAuth};
use contract::values::Secret;
use contract::{ApiError, Caller, NewService};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::port::{Desired, Follows, Origin, Power, ServiceName, ServiceRef, SslMode, Volume};
use crate::{Control, reach};

/// Stands for the suffix that a service is given when it is made.
const NAMES: [&str; 2] = ["postgres-xxxxxx", "storage-xxxxxx"];

impl Control {
    pub(crate) async fn preview_service(&self, who: &Caller, new: NewService) -> Result<Option<Preview>, Error> {
        who.require(Permission::ServicesManage)?;
        let spec = new.parse(&self.runtime.capabilities(), OffsetDateTime::now_utc())?;
        let mut connection = self.pool.acquire().await?;
        reach::project(&mut connection, who, spec.project_id).await?;
        drop(connection);
        let [database, volume] = NAMES;
        let name = if spec.service_type() == ServiceType::Postgres { database } else { volume };
        let name = ServiceName::parse(name).ok_or(Error::Unexpected("the name of a preview"))?;
        let service = ServiceRef { workspace: who.workspace_id, name };
        let away = |error| ApiError::Unavailable(format!("The runtime can't be asked: {error}"));
        let postgres = match spec.kind {
            Kind::Postgres(postgres) => postgres,
            Kind::SharedStorage(SharedStorageSpec { disk, access, .. }) => {
                let Some(volumes) = self.runtime.volumes() else { return Ok(None) };
                let (id, project) = (Uuid::nil(), spec.project_id);
                let volume = Volume { service, id, project, disk, access, existed: false };
                return Ok(Some(volumes.preview(&volume).await.map_err(away)?));
            }
        };
        let desired = Desired {
            database: service.name.database(),
            service,
            id: Uuid::nil(),
            project: spec.project_id,
            major: postgres.version,
            instances: postgres.instances,
            size: postgres.size,
            public_access: postgres.public_access,
            power: Power::Running,
            port: None,
            password: Secret::new(""),
            origin: origin(postgres.origin),
            generation: 0,
            existed: false,
        };
        Ok(self.runtime.preview(&desired).await.map_err(away)?)
    }
}

/// As it would be, without anybody being dialled.
fn origin(from: From) -> Origin {
    let From::ExternalReplica(source) = from else { return Origin::Fresh };
    let sslmode = match source.auth {
        SourceAuth::Password { ca: None, .. } => SslMode::Prefer,
        SourceAuth::Password { ca: Some(_), .. } | SourceAuth::Tls { .. } => SslMode::VerifyFull,
    };
    Origin::Follows(Box::new(Follows { source: *source, at: Vec::new(), sslmode, settings: BTreeMap::new() }))
}
