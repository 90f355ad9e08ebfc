//! The application interface: one method per use case. REST handlers and server functions are one call each.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::{AuditEntry, AuditFilter};
use crate::capabilities::Capabilities;
use crate::change::{RevealRequest, ServiceChange, StateChange};
use crate::connection::ConnectionDetails;
use crate::error::ApiError;
use crate::live::Live;
use crate::log::{LogFilter, LogLines};
use crate::members::Members;
use crate::metrics::{Metrics, Span};
use crate::mount::{App, AppMount, AppUnmount};
use crate::new_service::NewService;
use crate::operation::{Operation, OperationKind};
use crate::page::{Page, PageRequest};
use crate::permission::{Permission, Role};
use crate::preflight::Check;
use crate::preview::Preview;
use crate::project::{Project, ProjectFields, Var, VarFields, VarKey};
use crate::replica::NewReplica;
use crate::replication::Replication;
use crate::resource::{Plan, Region, Resource};
use crate::service::{ConnectionTest, Service, ServiceFilter};
use crate::user::{IssuedToken, Me, NewToken, PasswordChange, Session, Token};

type Answer<T> = Result<T, ApiError>;

/// Who asks, in which workspace, and what he may do there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caller {
    pub user_id: Uuid,
    pub email: String,
    pub workspace_id: Uuid,
    pub workspace_slug: String,
    pub workspace_name: String,
    pub role: Role,
    /// The session or token that he came with.
    pub proof: Uuid,
    /// Of the request that is being served; stands in the audit log.
    pub request_id: String,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// The first line of every use case.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`] naming the permission.
    pub fn require(&self, permission: Permission) -> Answer<()> {
        if self.may(permission) { Ok(()) } else { Err(ApiError::Forbidden(permission)) }
    }
}

/// Whether an answer about one service carries its credentials. Shown is an audit row, written first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    Hidden,
    /// For callers with `services:reveal`; others get the same answer without them.
    Shown,
}

/// Says who asks, for server functions: they name the workspace of their page, and one request may name several.
///
/// Made for one request by whoever read its session; resolves anew, so that a removed member is refused at once.
#[async_trait]
pub trait Doorkeeper: Send + Sync {
    /// The caller, in the workspace with this slug.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`] without a session that is still good, [`ApiError::NotFound`] for a workspace that
    /// isn't the caller's.
    async fn caller(&self, workspace: &str) -> Answer<Caller>;
}

/// Every use case of the console and the API.
///
/// `id` of a service is its uuid or its name. What the caller can't reach is [`ApiError::NotFound`], in the same
/// words as what isn't there.
#[async_trait]
pub trait Console: Send + Sync {
    async fn capabilities(&self, who: &Caller) -> Answer<Capabilities>;

    /// services:manage. 201: the service with its credentials. `key` is the Idempotency-Key.
    async fn create_service(&self, who: &Caller, new: NewService, key: Option<String>) -> Answer<Service>;
    /// services:operate. A new password, shown this once; the old one ends.
    async fn rotate_password(&self, who: &Caller, id: &str) -> Answer<ConnectionDetails>;
    /// services:manage. What the runtime would make of it, and what it refuses; nothing is changed. `None` on runtimes that have
    /// nothing to show.
    async fn preview_service(&self, who: &Caller, new: NewService) -> Answer<Option<Preview>>;
    /// services:manage. What the source of an external replica is found to be. Whoever creates one within the hour agrees to less than all
    /// of TLS, where that is warned of.
    async fn preflight(&self, who: &Caller, new: NewService) -> Answer<Vec<Check>>;
    /// services:operate. An external replica takes writes from then on, and follows nobody. Irreversible. 409 while it is done.
    async fn promote_external(&self, who: &Caller, id: &str) -> Answer<Service>;
    /// services:operate. A service that follows this one, which is a standalone primary, with its database and its credentials.
    async fn create_replica(&self, who: &Caller, id: &str, new: NewReplica) -> Answer<Service>;
    /// services:operate. A replica takes writes from then on, and follows nobody. Irreversible. 409 while it is done.
    async fn promote_replica(&self, who: &Caller, id: &str) -> Answer<Service>;
    /// services:operate. An app of the volume's project mounts it from then on; one that does already, at another place.
    async fn mount_app(&self, who: &Caller, id: &str, mount: AppMount) -> Answer<Service>;
    /// services:operate. The app mounts it no more.
    async fn unmount_app(&self, who: &Caller, id: &str, unmount: AppUnmount) -> Answer<Service>;
    /// services:view. The apps of a volume's project, by name.
    async fn list_apps(&self, who: &Caller, id: &str) -> Answer<Vec<App>>;
    /// services:view. How far a replica has come, of an external server or of another service; `None` for other services.
    async fn service_replication(&self, who: &Caller, id: &str) -> Answer<Option<Replication>>;
    /// services:view. The object behind it and what somebody else has changed of it; `None` where the runtime has no objects.
    async fn service_live(&self, who: &Caller, id: &str) -> Answer<Option<Live>>;
    /// services:operate. Makes it what Berth wants, whoever has changed it.
    async fn put_back(&self, who: &Caller, id: &str) -> Answer<Service>;
    /// services:view. Newest first, without secrets.
    async fn list_services(&self, who: &Caller, filter: ServiceFilter, page: PageRequest) -> Answer<Page<Service>>;
    /// services:view.
    async fn get_service(&self, who: &Caller, id: &str, secrets: Secrets) -> Answer<Service>;
    /// services:manage.
    async fn update_service(&self, who: &Caller, id: &str, change: ServiceChange) -> Answer<Service>;
    /// services:manage. Asking twice is harmless.
    async fn delete_service(&self, who: &Caller, id: &str) -> Answer<()>;
    /// services:operate.
    async fn change_state(&self, who: &Caller, id: &str, change: StateChange) -> Answer<Service>;
    /// services:operate. Tries again at once what has failed.
    async fn retry_service(&self, who: &Caller, id: &str) -> Answer<Service>;
    /// services:reveal. Writes who, what and why before it answers.
    async fn reveal(&self, who: &Caller, id: &str, why: RevealRequest) -> Answer<ConnectionDetails>;
    /// services:view. Signs in from the server.
    async fn test_connection(&self, who: &Caller, id: &str) -> Answer<ConnectionTest>;
    /// services:view. Newest first.
    async fn list_operations(&self, who: &Caller, id: &str, page: PageRequest) -> Answer<Page<Operation>>;
    /// services:view.
    async fn get_operation(&self, who: &Caller, operation: Uuid) -> Answer<Operation>;
    /// services:view. What such an operation on a database usually takes in this workspace, in milliseconds: the median of the last
    /// twenty; `None` where there was none.
    async fn usual_time(&self, who: &Caller, kind: OperationKind) -> Answer<Option<u64>>;
    /// services:view. The servers behind it, and which of them took over when.
    async fn service_members(&self, who: &Caller, id: &str) -> Answer<Members>;
    /// services:reveal: a log repeats what clients sent. 422 where the type has no server.
    async fn service_log(&self, who: &Caller, id: &str, filter: LogFilter) -> Answer<LogLines>;
    /// services:view. Nothing was measured yet: no points.
    async fn service_metrics(&self, who: &Caller, id: &str, span: Span) -> Answer<Metrics>;
    /// Newest first: everything with workspace:security, else what the caller did himself.
    async fn list_audit(&self, who: &Caller, filter: AuditFilter, page: PageRequest) -> Answer<Page<AuditEntry>>;

    /// projects:view.
    async fn list_projects(&self, who: &Caller, page: PageRequest) -> Answer<Page<Project>>;
    /// projects:view.
    async fn get_project(&self, who: &Caller, project: Uuid) -> Answer<Project>;
    /// projects:manage.
    async fn create_project(&self, who: &Caller, fields: ProjectFields) -> Answer<Project>;
    /// projects:manage.
    async fn update_project(&self, who: &Caller, project: Uuid, fields: ProjectFields) -> Answer<Project>;
    /// projects:manage. 422 while it has services.
    async fn delete_project(&self, who: &Caller, project: Uuid) -> Answer<()>;
    /// projects:view; values are masked below projects:operate.
    async fn list_vars(&self, who: &Caller, project: Uuid, page: PageRequest) -> Answer<Page<Var>>;
    /// projects:operate. 409 where the key exists, compared without case.
    async fn create_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Answer<Var>;
    /// projects:operate. An edited variable belongs to nobody's service any more.
    async fn update_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Answer<Var>;
    /// projects:operate.
    async fn delete_var(&self, who: &Caller, project: Uuid, key: VarKey) -> Answer<()>;

    /// resources:view.
    async fn list_resources(&self, who: &Caller, page: PageRequest) -> Answer<Page<Resource>>;
    /// resources:view.
    async fn get_resource(&self, who: &Caller, resource: Uuid) -> Answer<Resource>;
    /// Any member.
    async fn list_plans(&self, who: &Caller) -> Answer<Vec<Plan>>;
    /// Any member.
    async fn list_regions(&self, who: &Caller) -> Answer<Vec<Region>>;

    /// Any member.
    async fn me(&self, who: &Caller) -> Answer<Me>;
    /// The caller's own.
    async fn list_tokens(&self, who: &Caller, page: PageRequest) -> Answer<Page<Token>>;
    /// The only answer that holds the token itself.
    async fn create_token(&self, who: &Caller, new: NewToken) -> Answer<IssuedToken>;
    /// The caller's own.
    async fn revoke_token(&self, who: &Caller, token: Uuid) -> Answer<()>;
    /// The caller's own, the one that was used last first.
    async fn list_sessions(&self, who: &Caller) -> Answer<Vec<Session>>;
    /// The caller's own.
    async fn end_session(&self, who: &Caller, session: Uuid) -> Answer<()>;
    /// The caller's own. Ends his other sessions, and what signed in by the old password.
    async fn change_password(&self, who: &Caller, change: PasswordChange) -> Answer<()>;
}
