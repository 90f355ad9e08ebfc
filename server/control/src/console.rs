//! The application interface: each use case by its one name.

use async_trait::async_trait;
use contract::audit::{AuditEntry, AuditFilter};
use contract::change::{RevealRequest, ServiceChange, StateChange};
use contract::connection::ConnectionDetails;
use contract::console::{Caller, Console, Secrets};
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Members;
use contract::metrics::{Metrics, Span};
use contract::mount::{App, AppMount, AppUnmount};
use contract::operation::{Operation, OperationKind};
use contract::page::{Page, PageRequest};
use contract::preflight::Check;
use contract::preview::Preview;
use contract::project::{Project, ProjectFields, Var, VarFields, VarKey};
use contract::replica::NewReplica;
use contract::replication::Replication;
use contract::resource::{Plan, Region, Resource};
use contract::service::{ConnectionTest, ServiceFilter};
use contract::user::{IssuedToken, Me, NewToken, PasswordChange, Session, Token};
use contract::{ApiError, Capabilities, NewService, Service};
use uuid::Uuid;

use crate::Control;

type Answer<T> = Result<T, ApiError>;

#[async_trait]
impl Console for Control {
    async fn capabilities(&self, _: &Caller) -> Answer<Capabilities> {
        Ok(self.runtime.capabilities())
    }

    async fn create_service(&self, who: &Caller, new: NewService, key: Option<String>) -> Answer<Service> {
        Ok(Control::create_service(self, who, new, key).await?)
    }

    async fn preflight(&self, who: &Caller, new: NewService) -> Answer<Vec<Check>> {
        Ok(Control::preflight(self, who, new).await?)
    }

    async fn promote_external(&self, who: &Caller, id: &str) -> Answer<Service> {
        Ok(Control::promote_external(self, who, id).await?)
    }

    async fn create_replica(&self, who: &Caller, id: &str, new: NewReplica) -> Answer<Service> {
        Ok(Control::create_replica(self, who, id, new).await?)
    }

    async fn promote_replica(&self, who: &Caller, id: &str) -> Answer<Service> {
        Ok(Control::promote_replica(self, who, id).await?)
    }

    async fn mount_app(&self, who: &Caller, id: &str, mount: AppMount) -> Answer<Service> {
        Ok(Control::mount_app(self, who, id, mount).await?)
    }

    async fn unmount_app(&self, who: &Caller, id: &str, unmount: AppUnmount) -> Answer<Service> {
        Ok(Control::unmount_app(self, who, id, unmount).await?)
    }

    async fn list_apps(&self, who: &Caller, id: &str) -> Answer<Vec<App>> {
        Ok(Control::list_apps(self, who, id).await?)
    }

    async fn service_replication(&self, who: &Caller, id: &str) -> Answer<Option<Replication>> {
        Ok(Control::service_replication(self, who, id).await?)
    }

    async fn list_services(&self, who: &Caller, filter: ServiceFilter, page: PageRequest) -> Answer<Page<Service>> {
        Ok(Control::list_services(self, who, filter, page).await?)
    }

    async fn get_service(&self, who: &Caller, id: &str, secrets: Secrets) -> Answer<Service> {
        Ok(Control::get_service(self, who, id, secrets).await?)
    }

    async fn update_service(&self, who: &Caller, id: &str, change: ServiceChange) -> Answer<Service> {
        Ok(Control::update_service(self, who, id, change).await?)
    }

    async fn delete_service(&self, who: &Caller, id: &str) -> Answer<()> {
        Ok(Control::delete_service(self, who, id).await?)
    }

    async fn change_state(&self, who: &Caller, id: &str, change: StateChange) -> Answer<Service> {
        Ok(Control::change_state(self, who, id, change).await?)
    }

    async fn retry_service(&self, who: &Caller, id: &str) -> Answer<Service> {
        Ok(Control::retry_service(self, who, id).await?)
    }

    async fn reveal(&self, who: &Caller, id: &str, why: RevealRequest) -> Answer<ConnectionDetails> {
        Ok(Control::reveal(self, who, id, why).await?)
    }

    async fn test_connection(&self, who: &Caller, id: &str) -> Answer<ConnectionTest> {
        Ok(Control::test_connection(self, who, id).await?)
    }

    async fn list_operations(&self, who: &Caller, id: &str, page: PageRequest) -> Answer<Page<Operation>> {
        Ok(Control::list_operations(self, who, id, page).await?)
    }

    async fn get_operation(&self, who: &Caller, operation: Uuid) -> Answer<Operation> {
        Ok(Control::get_operation(self, who, operation).await?)
    }

    async fn usual_time(&self, who: &Caller, kind: OperationKind) -> Answer<Option<u64>> {
        Ok(Control::usual_time(self, who, kind).await?)
    }

    async fn rotate_password(&self, who: &Caller, id: &str) -> Answer<ConnectionDetails> {
        Ok(Control::rotate_password(self, who, id).await?)
    }
    async fn preview_service(&self, who: &Caller, new: NewService) -> Answer<Option<Preview>> {
        Ok(Control::preview_service(self, who, new).await?)
    }
    async fn service_live(&self, who: &Caller, id: &str) -> Answer<Option<Live>> {
        Ok(Control::service_live(self, who, id).await?)
    }
    async fn put_back(&self, who: &Caller, id: &str) -> Answer<Service> {
        Ok(Control::put_back(self, who, id).await?)
    }
    async fn service_members(&self, who: &Caller, id: &str) -> Answer<Members> {
        Ok(Control::service_members(self, who, id).await?)
    }
    async fn service_log(&self, who: &Caller, id: &str, filter: LogFilter) -> Answer<LogLines> {
        Ok(Control::service_log(self, who, id, filter).await?)
    }

    async fn service_metrics(&self, who: &Caller, id: &str, span: Span) -> Answer<Metrics> {
        Ok(Control::service_metrics(self, who, id, span).await?)
    }

    async fn list_audit(&self, who: &Caller, filter: AuditFilter, page: PageRequest) -> Answer<Page<AuditEntry>> {
        Ok(Control::list_audit(self, who, filter, page).await?)
    }

    async fn list_projects(&self, who: &Caller, page: PageRequest) -> Answer<Page<Project>> {
        Ok(Control::list_projects(self, who, page).await?)
    }

    async fn get_project(&self, who: &Caller, project: Uuid) -> Answer<Project> {
        Ok(Control::get_project(self, who, project).await?)
    }

    async fn create_project(&self, who: &Caller, fields: ProjectFields) -> Answer<Project> {
        Ok(Control::create_project(self, who, fields).await?)
    }

    async fn update_project(&self, who: &Caller, project: Uuid, fields: ProjectFields) -> Answer<Project> {
        Ok(Control::update_project(self, who, project, fields).await?)
    }

    async fn delete_project(&self, who: &Caller, project: Uuid) -> Answer<()> {
        Ok(Control::delete_project(self, who, project).await?)
    }

    async fn list_vars(&self, who: &Caller, project: Uuid, page: PageRequest) -> Answer<Page<Var>> {
        Ok(Control::list_vars(self, who, project, page).await?)
    }

    async fn create_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Answer<Var> {
        Ok(Control::create_var(self, who, project, fields).await?)
    }

    async fn update_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Answer<Var> {
        Ok(Control::update_var(self, who, project, fields).await?)
    }

    async fn delete_var(&self, who: &Caller, project: Uuid, key: VarKey) -> Answer<()> {
        Ok(Control::delete_var(self, who, project, key).await?)
    }

    async fn list_resources(&self, who: &Caller, page: PageRequest) -> Answer<Page<Resource>> {
        Ok(Control::list_resources(self, who, page).await?)
    }

    async fn get_resource(&self, who: &Caller, resource: Uuid) -> Answer<Resource> {
        Ok(Control::get_resource(self, who, resource).await?)
    }

    async fn list_plans(&self, who: &Caller) -> Answer<Vec<Plan>> {
        Ok(Control::list_plans(self, who).await?)
    }

    async fn list_regions(&self, who: &Caller) -> Answer<Vec<Region>> {
        Ok(Control::list_regions(self, who).await?)
    }

    async fn me(&self, who: &Caller) -> Answer<Me> {
        Ok(Control::me(self, who).await?)
    }

    async fn list_tokens(&self, who: &Caller, page: PageRequest) -> Answer<Page<Token>> {
        Ok(Control::list_tokens(self, who, page).await?)
    }

    async fn create_token(&self, who: &Caller, new: NewToken) -> Answer<IssuedToken> {
        Ok(Control::create_token(self, who, new).await?)
    }

    async fn revoke_token(&self, who: &Caller, token: Uuid) -> Answer<()> {
        Ok(Control::revoke_token(self, who, token).await?)
    }
    async fn list_sessions(&self, who: &Caller) -> Answer<Vec<Session>> {
        Ok(Control::list_sessions(self, who).await?)
    }

    async fn end_session(&self, who: &Caller, session: Uuid) -> Answer<()> {
        Ok(Control::end_session(self, who, session).await?)
    }

    async fn change_password(&self, who: &Caller, change: PasswordChange) -> Answer<()> {
        Ok(Control::change_password(self, who, change).await?)
    }
}
