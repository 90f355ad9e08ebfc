//! Use cases that remember what they were asked, and answer the same samples or the one error that they were given.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use contract::audit::{AuditEntry, AuditFilter};
use contract::capabilities::{Capabilities, Runtime};
use contract::change::{RevealRequest, StateChange};
use contract::connection::{Address, ConnectionDetails};
use contract::console::Secrets;
use contract::error::Noun;
use contract::event::Event;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Members;
use contract::metrics::{Metrics, Span};
use contract::mount::{App, AppMount, AppUnmount};
use contract::operation::{Operation, OperationKind, OperationState, OperationSummary};
use contract::page::{Page, PageRequest};
use contract::permission::Role;
use contract::preflight::Check;
use contract::preview::Preview;
use contract::project::{Project, ProjectFields, Var, VarFields, VarKey};
use contract::replica::NewReplica;
use contract::replication::Replication;
use contract::resource::{Plan, Region, Resource};
use contract::service::{ConnectionTest, Service, ServiceFilter};
use contract::user::{IssuedToken, Me, NewToken, PasswordChange, Session, Token};
use contract::values::Secret;
use contract::{ApiError, Caller, Console, NewService, ServiceChange};
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use uuid::Uuid;

mod accounts;

type Answer<T> = Result<T, ApiError>;

pub const ID: Uuid = Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0123_4567_89ab);
/// A good bearer token, session and password, each of the user [`ID`].
pub const GOOD: &str = "good";

pub struct Fake {
    asked: Mutex<Vec<String>>,
    /// What every use case answers.
    pub refusal: Mutex<Option<ApiError>>,
    /// What every proof of identity answers.
    pub locked_out: Mutex<Option<ApiError>>,
    pub next: Option<String>,
    pub events: broadcast::Sender<Event>,
    pub role: Mutex<Role>,
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            refusal: Mutex::default(),
            locked_out: Mutex::default(),
            next: Some("c2".into()),
            events: broadcast::channel(16).0,
            role: Mutex::new(Role::Owner),
        })
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    fn done<T>(&self, what: String, answer: T) -> Answer<T> {
        self.note(what);
        self.refusal.lock().unwrap().clone().map_or(Ok(answer), Err)
    }

    fn page<T>(&self, what: &str, page: &PageRequest, item: T) -> Answer<Page<T>> {
        let what = format!("{what} limit={:?} cursor={:?}", page.limit, page.cursor);
        self.done(what, Page { items: vec![item], next: self.next.clone() })
    }

    fn caller(&self, good: bool, workspace: &str, request_id: &str) -> Answer<Caller> {
        if let Some(error) = self.locked_out.lock().unwrap().clone() {
            return Err(error);
        }
        if !good {
            return Err(ApiError::Unauthenticated("Sign in first".into()));
        }
        if workspace == "other" {
            return Err(ApiError::NotFound(Noun::Workspace));
        }
        Ok(Caller {
            user_id: ID,
            email: "ann@example.com".into(),
            workspace_id: ID,
            workspace_slug: "main".into(),
            workspace_name: "Main".into(),
            role: *self.role.lock().unwrap(),
            proof: Uuid::nil(),
            request_id: request_id.into(),
        })
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn noon() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

fn address() -> Address {
    Address { host: "127.0.0.1".into(), port: 15432, database: "postgres_ab".into(), username: "postgres_ab".into() }
}

pub fn service() -> Service {
    let details = address().details(None, Some(&Secret::new("s3cret")));
    let value = json!({
        "uuid": ID, "name": "postgres-ab", "label": "Orders", "service_type": "postgres", "project_id": ID, "resource_id": ID,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "state": "pending", "state_reason": null,
        "observed_at": null, "role": "primary", "primary_addon_uuid": null, "replicas": [], "postgres_version": "17",
        "instances": 1, "creation_mode": "fresh", "ram_size": 256, "disk_size": 1, "cpu_size": 0.25, "public_access": "0",
        "environment_variables": false, "mount_point": null, "storage_access": null, "mounts": [], "operation": null, "connection_details": details,
    });
    serde_json::from_value(value).unwrap()
}

fn project() -> Project {
    Project { uuid: ID, name: "default".into(), restricted: false, created_at: noon(), updated_at: noon() }
}

fn var() -> Var {
    Var { key: "KEY".into(), value: Some("v".into()), service_id: None, created_at: noon(), updated_at: noon() }
}

fn resource() -> Resource {
    let size = 1 << 30;
    let value = json!({
        "uuid": ID, "label": "local", "plan_code_name": "machine", "region_code": "local", "labels": {},
        "total_ram_size": size, "total_used_ram_size": 0, "available_ram_size": size,
        "total_disk_size": size, "total_used_disk_size": 0, "available_disk_size": size,
        "total_cpu_size": 2, "total_used_cpu_size": 0, "available_cpu_size": 2, "project_ids": [], "created_at": "2026-01-01T00:00:00Z",
    });
    serde_json::from_value(value).unwrap()
}

fn operation() -> Operation {
    let (kind, state) = (OperationKind::Create, OperationState::Running);
    let summary = OperationSummary { uuid: ID, kind, state, step: None, progress: 0.5, error: None };
    Operation {
        summary,
        service_id: ID,
        created_at: noon(),
        finished_at: None,
        took_ms: None,
        usual_ms: None,
        idle_ms: None,
        steps: vec![],
    }
}

fn token() -> Token {
    Token { uuid: ID, label: "ci".into(), created_at: noon(), expires_at: None, last_used_at: None }
}

#[async_trait]
impl Console for Fake {
    async fn capabilities(&self, _: &Caller) -> Answer<Capabilities> {
        let today = time::macros::date!(2026 - 01 - 01);
        self.done("capabilities".into(), Capabilities::everything(Runtime::Local, today))
    }
    async fn create_service(&self, _: &Caller, new: NewService, key: Option<String>) -> Answer<Service> {
        let surplus: Vec<_> = new.surplus.iter().map(|s| &*s.name).collect();
        self.done(format!("create_service {} key={key:?} surplus={surplus:?}", json(&new)), service())
    }
    async fn list_services(&self, _: &Caller, filter: ServiceFilter, page: PageRequest) -> Answer<Page<Service>> {
        self.page(&format!("list_services {}", json(&filter)), &page, Service { connection_details: None, ..service() })
    }
    async fn get_service(&self, _: &Caller, id: &str, secrets: Secrets) -> Answer<Service> {
        self.done(format!("get_service {id} {secrets:?}"), service())
    }
    async fn update_service(&self, _: &Caller, id: &str, change: ServiceChange) -> Answer<Service> {
        self.done(format!("update_service {id} {}", json(&change)), service())
    }
    async fn delete_service(&self, _: &Caller, id: &str) -> Answer<()> {
        self.done(format!("delete_service {id}"), ())
    }
    async fn change_state(&self, _: &Caller, id: &str, change: StateChange) -> Answer<Service> {
        self.done(format!("change_state {id} {}", json(&change)), service())
    }
    async fn retry_service(&self, _: &Caller, id: &str) -> Answer<Service> {
        self.done(format!("retry_service {id}"), service())
    }
    async fn reveal(&self, _: &Caller, id: &str, why: RevealRequest) -> Answer<ConnectionDetails> {
        self.done(format!("reveal {id} {}", json(&why)), address().details(None, Some(&Secret::new("s3cret"))))
    }
    async fn test_connection(&self, _: &Caller, id: &str) -> Answer<ConnectionTest> {
        let address = "127.0.0.1:15432".into();
        let test = ConnectionTest { ok: true, address, tls: false, version: Some("17.1".into()), ms: 3, error: None };
        self.done(format!("test_connection {id}"), test)
    }
    async fn list_operations(&self, _: &Caller, id: &str, page: PageRequest) -> Answer<Page<Operation>> {
        self.page(&format!("list_operations {id}"), &page, operation())
    }
    async fn get_operation(&self, _: &Caller, id: Uuid) -> Answer<Operation> {
        self.done(format!("get_operation {id}"), operation())
    }
    async fn usual_time(&self, _: &Caller, kind: OperationKind) -> Answer<Option<u64>> {
        self.done(format!("usual_time {kind}"), Some(400))
    }
    async fn rotate_password(&self, _: &Caller, id: &str) -> Answer<ConnectionDetails> {
        self.done(format!("rotate_password {id}"), address().details(None, Some(&Secret::new("s3cret"))))
    }
    async fn preview_service(&self, _: &Caller, new: NewService) -> Answer<Option<Preview>> {
        self.done(format!("preview_service {}", json(&new)), None)
    }
    async fn preflight(&self, _: &Caller, new: NewService) -> Answer<Vec<Check>> {
        self.done(format!("preflight {}", json(&new)), vec![Check::pass("address", "found")])
    }
    async fn promote_external(&self, _: &Caller, id: &str) -> Answer<Service> {
        self.done(format!("promote_external {id}"), service())
    }
    async fn create_replica(&self, _: &Caller, id: &str, new: NewReplica) -> Answer<Service> {
        self.done(format!("create_replica {id} {}", json(&new)), service())
    }
    async fn promote_replica(&self, _: &Caller, id: &str) -> Answer<Service> {
        self.done(format!("promote_replica {id}"), service())
    }
    async fn mount_app(&self, _: &Caller, id: &str, mount: AppMount) -> Answer<Service> {
        self.done(format!("mount_app {id} {}", json(&mount)), service())
    }
    async fn unmount_app(&self, _: &Caller, id: &str, unmount: AppUnmount) -> Answer<Service> {
        self.done(format!("unmount_app {id} {}", json(&unmount)), service())
    }
    async fn list_apps(&self, _: &Caller, id: &str) -> Answer<Vec<App>> {
        self.done(format!("list_apps {id}"), vec![])
    }
    async fn service_replication(&self, _: &Caller, id: &str) -> Answer<Option<Replication>> {
        self.done(format!("service_replication {id}"), None)
    }
    async fn service_live(&self, _: &Caller, id: &str) -> Answer<Option<Live>> {
        self.done(format!("service_live {id}"), None)
    }
    async fn put_back(&self, _: &Caller, id: &str) -> Answer<Service> {
        self.done(format!("put_back {id}"), service())
    }
    async fn service_members(&self, _: &Caller, id: &str) -> Answer<Members> {
        self.done(format!("service_members {id}"), Members::default())
    }
    async fn service_log(&self, _: &Caller, id: &str, filter: LogFilter) -> Answer<LogLines> {
        self.done(format!("service_log {id} {}", json(&filter)), LogLines::default())
    }
    async fn service_metrics(&self, _: &Caller, id: &str, span: Span) -> Answer<Metrics> {
        self.done(format!("service_metrics {id} {span}"), Metrics { from: noon(), to: noon(), points: vec![] })
    }
    async fn list_audit(&self, who: &Caller, _: AuditFilter, page: PageRequest) -> Answer<Page<AuditEntry>> {
        let entry = AuditEntry {
            uuid: ID,
            at: noon(),
            email: who.email.clone(),
            action: "service.create".into(),
            entity_id: Some(ID),
            entity: "postgres-ab".into(),
            reason: None,
            request_id: "r1".into(),
        };
        self.page("list_audit", &page, entry)
    }
    async fn list_projects(&self, _: &Caller, page: PageRequest) -> Answer<Page<Project>> {
        self.page("list_projects", &page, project())
    }
    async fn get_project(&self, _: &Caller, id: Uuid) -> Answer<Project> {
        self.done(format!("get_project {id}"), project())
    }
    async fn create_project(&self, _: &Caller, fields: ProjectFields) -> Answer<Project> {
        self.done(format!("create_project {}", json(&fields)), project())
    }
    async fn update_project(&self, _: &Caller, id: Uuid, fields: ProjectFields) -> Answer<Project> {
        self.done(format!("update_project {id} {}", json(&fields)), project())
    }
    async fn delete_project(&self, _: &Caller, id: Uuid) -> Answer<()> {
        self.done(format!("delete_project {id}"), ())
    }
    async fn list_vars(&self, _: &Caller, id: Uuid, page: PageRequest) -> Answer<Page<Var>> {
        self.page(&format!("list_vars {id}"), &page, var())
    }
    async fn create_var(&self, _: &Caller, id: Uuid, fields: VarFields) -> Answer<Var> {
        self.done(format!("create_var {id} {}", json(&fields)), var())
    }
    async fn update_var(&self, _: &Caller, id: Uuid, fields: VarFields) -> Answer<Var> {
        self.done(format!("update_var {id} {}", json(&fields)), var())
    }
    async fn delete_var(&self, _: &Caller, id: Uuid, key: VarKey) -> Answer<()> {
        key.parse()?;
        self.done(format!("delete_var {id} {}", json(&key)), ())
    }
    async fn list_resources(&self, _: &Caller, page: PageRequest) -> Answer<Page<Resource>> {
        self.page("list_resources", &page, resource())
    }
    async fn get_resource(&self, _: &Caller, id: Uuid) -> Answer<Resource> {
        self.done(format!("get_resource {id}"), resource())
    }
    async fn list_plans(&self, _: &Caller) -> Answer<Vec<Plan>> {
        let plan = Plan {
            code_name: "machine".into(),
            label: "This machine".into(),
            ram_size: 1,
            disk_size: 1,
            cpu_size: 1.0,
        };
        self.done("list_plans".into(), vec![plan])
    }
    async fn list_regions(&self, _: &Caller) -> Answer<Vec<Region>> {
        self.done("list_regions".into(), vec![Region { code: "local".into(), label: "Local".into() }])
    }
    async fn me(&self, who: &Caller) -> Answer<Me> {
        self.done("me".into(), Me { uuid: who.user_id, email: who.email.clone(), workspaces: vec![] })
    }
    async fn list_tokens(&self, _: &Caller, page: PageRequest) -> Answer<Page<Token>> {
        self.page("list_tokens", &page, token())
    }
    async fn create_token(&self, _: &Caller, new: NewToken) -> Answer<IssuedToken> {
        self.done(format!("create_token {}", json(&new)), IssuedToken { about: token(), token: Secret::new("berth_x") })
    }
    async fn revoke_token(&self, _: &Caller, id: Uuid) -> Answer<()> {
        self.done(format!("revoke_token {id}"), ())
    }
    async fn list_sessions(&self, _: &Caller) -> Answer<Vec<Session>> {
        self.done("list_sessions".into(), vec![])
    }
    async fn end_session(&self, _: &Caller, id: Uuid) -> Answer<()> {
        self.done(format!("end_session {id}"), ())
    }
    async fn change_password(&self, _: &Caller, _: PasswordChange) -> Answer<()> {
        self.done("change_password".into(), ())
    }
}
