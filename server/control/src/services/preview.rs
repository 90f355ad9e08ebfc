//! What the runtime would make of a new service.

use std::collections::BTreeMap;

use contract::permission::Permission;
use contract::preview::Preview;
use contract::problem::Problem;
use contract::spec::{Kind, Origin as From, SourceAuth};
use contract::values::Secret;
use contract::{ApiError, Caller, NewService};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::port::{Desired, Follows, Origin, Power, ServiceName, ServiceRef, SslMode};
use crate::{Control, reach};

/// Stands for the suffix that a service is given when it is made.
const NAME: &str = "postgres-xxxxxx";

impl Control {
    pub(crate) async fn preview_service(&self, who: &Caller, new: NewService) -> Result<Option<Preview>, Error> {
        who.require(Permission::ServicesManage)?;
        let spec = new.parse(&self.runtime.capabilities(), OffsetDateTime::now_utc())?;
        let mut connection = self.pool.acquire().await?;
        reach::project(&mut connection, who, spec.project_id).await?;
        drop(connection);
        let Kind::Postgres(postgres) = spec.kind else {
            return Err(Problem::breaks("service_type", "unavailable", "isn't available here").into());
        };
        let name = ServiceName::parse(NAME).ok_or(Error::Unexpected("the name of a preview"))?;
        let desired = Desired {
            service: ServiceRef { workspace: who.workspace_id, name },
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
            existed: false,
        };
        let preview = self.runtime.preview(&desired).await;
        Ok(preview.map_err(|error| ApiError::Unavailable(format!("The runtime can't be asked: {error}")))?)
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
