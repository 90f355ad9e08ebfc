//! What a console can be at work on, one line for each: the suites that break into it go through all of them.

use contract::change::StateChange;
use contract::operation::OperationKind;
use contract::{Caller, NewService, Service, ServiceChange};
use uuid::Uuid;

use crate::Control;

/// What a console is at work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Operation(OperationKind),
    /// It looks whether all is well.
    Look,
    /// The server has died.
    Mend,
}

impl Work {
    /// All that there is to do with a database.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_databases = |kind: &&OperationKind| !matches!(kind, OperationKind::MountApp | OperationKind::UnmountApp);
        OperationKind::ALL
            .iter()
            .filter(of_databases)
            .map(|kind| Self::Operation(*kind))
            .chain([Self::Look, Self::Mend])
    }

    /// The smallest request, with variables.
    pub fn wanted(project: Uuid) -> NewService {
        NewService {
            service_type: "postgres".into(),
            project_id: project.to_string().into(),
            label: "Orders".into(),
            postgres_version: "17".into(),
            environment_variables: true.into(),
            ..Default::default()
        }
    }

    /// Asks for an operation on the service that is there, or for a new one in the project. An update also moves it to another.
    /// A look and a mending are asked by nobody.
    pub async fn ask(
        self,
        control: &Control,
        who: &Caller,
        there: Option<&Service>,
        (project, other): (Uuid, Uuid),
    ) -> Uuid {
        let Self::Operation(kind) = self else { panic!("nobody asks for {self:?}") };
        let Some(service) = there.map(|service| service.uuid) else {
            return control.create_service(who, Self::wanted(project), None).await.unwrap().uuid;
        };
        let id = service.to_string();
        match kind {
            OperationKind::Create => panic!("{id} is there"),
            OperationKind::MountApp | OperationKind::UnmountApp => panic!("{id} is no volume"),
            OperationKind::Update => {
                let project_id = other.to_string().into();
                let change = ServiceChange { ram_size: 512.0.into(), project_id, ..Default::default() };
                drop(control.update_service(who, &id, change).await.unwrap());
            }
            OperationKind::Delete => control.delete_service(who, &id).await.unwrap(),
            OperationKind::RotatePassword => drop(control.rotate_password(who, &id).await.unwrap()),
            OperationKind::PromoteExternal => {
                as_a_copy(control, service).await;
                drop(control.promote_external(who, &id).await.unwrap());
            }
            OperationKind::PromoteReplica => {
                as_a_replica(control, service).await;
                drop(control.promote_replica(who, &id).await.unwrap());
            }
            OperationKind::Retry => drop(control.retry_service(who, &id).await.unwrap()),
            OperationKind::Start | OperationKind::Stop | OperationKind::Restart => {
                let state = format!("process_{}", kind.as_str()).into();
                let change = StateChange { state, ..Default::default() };
                drop(control.change_state(who, &id, change).await.unwrap());
            }
        }
        service
    }
}

/// As if it had followed a server elsewhere until now. Nobody may look at it meanwhile: there is no such server.
pub async fn as_a_copy(control: &Control, service: Uuid) {
    let copy = "with copy as (
                  update services set creation_mode = 'external_replica' where id = $1 returning id, workspace_id)
                insert into sources (service_id, workspace_id, host, port, username, auth_type, sealed_secret)
                select id, workspace_id, 'db.example', 5432, 'replicator', 'password', '' from copy
                on conflict (service_id) do update set promote_at = null, sealed_secret = ''";
    sqlx::query(copy).bind(service).execute(&control.pool).await.unwrap();
    let ready = "update observations set was_ready = true where service_id = $1";
    sqlx::query(ready).bind(service).execute(&control.pool).await.unwrap();
}

/// As if it had followed another service until now. Nobody may look at it meanwhile: there is no such server.
pub async fn as_a_replica(control: &Control, service: Uuid) {
    let replica = "with ready as (
                     update observations set was_ready = true where service_id = $1)
                   insert into replicas (service_id, workspace_id, primary_id, copied_from, database, floor_mib)
                   select id, workspace_id, id, name, replace(name, '-', '_'), ram_mib from services where id = $1
                   on conflict (service_id) do update set primary_id = excluded.primary_id";
    sqlx::query(replica).bind(service).execute(&control.pool).await.unwrap();
}
