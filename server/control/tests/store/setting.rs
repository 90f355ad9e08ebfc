//! What the tests stand on: a workspace, people in it, and a runtime that nobody calls.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::permission::Role;
use contract::preview::Preview;
use contract::replication::Lsn;
use contract::values::Secret;
use contract::{ApiError, Caller, Capabilities};
use control::identity::Identity;
use control::port::{
    Desired, Following, Measurement, Observed, PortError, Provisioner, Publication, Removal, ServiceName, ServiceRef,
    SignIn, SignedIn, Volumes,
};
use control::{Control, Error, Sealer};
use futures::stream::BoxStream;
use sqlx::PgPool;
use uuid::Uuid;

/// Use cases never call a runtime to change anything.
struct Nothing;

#[async_trait]
impl Provisioner for Nothing {
    fn capabilities(&self) -> Capabilities {
        unreachable!()
    }
    fn host(&self, _: &ServiceRef) -> String {
        unreachable!()
    }
    fn ports(&self) -> Option<RangeInclusive<u16>> {
        unreachable!()
    }
    async fn ensure(&self, _: &Desired) -> Result<Observed, PortError> {
        unreachable!()
    }
    async fn live(&self, _: &Desired) -> Result<Option<Live>, PortError> {
        unreachable!()
    }
    async fn written(&self, _: &ServiceRef) -> Result<Option<Lsn>, PortError> {
        unreachable!()
    }
    async fn preview(&self, _: &Desired) -> Result<Option<Preview>, PortError> {
        unreachable!()
    }

    async fn observe(&self, _: &ServiceRef) -> Result<Observed, PortError> {
        unreachable!()
    }
    async fn restart(&self, _: &SignIn) -> Result<Observed, PortError> {
        unreachable!()
    }
    async fn delete(&self, _: &ServiceRef) -> Result<Removal, PortError> {
        unreachable!()
    }
    async fn sign_in(&self, _: &SignIn) -> Result<SignedIn, PortError> {
        unreachable!()
    }
    async fn members(&self, _: &ServiceRef) -> Result<Vec<Member>, PortError> {
        unreachable!()
    }
    async fn log(&self, _: &ServiceRef, _: &LogFilter, _: &Secret) -> Result<LogLines, PortError> {
        unreachable!()
    }
    async fn following(&self, _: &ServiceRef) -> Result<Option<Following>, PortError> {
        unreachable!()
    }
    async fn measure(&self, _: &SignIn) -> Result<Option<Measurement>, PortError> {
        unreachable!()
    }
    fn publishes(&self) -> bool {
        false
    }

    async fn publish(&self, _: &Publication) -> Result<(), PortError> {
        unreachable!()
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        None
    }

    fn changes(&self) -> BoxStream<'static, ServiceName> {
        unreachable!()
    }
}

/// A database with one workspace and its owner.
pub struct Setting {
    pub pool: PgPool,
    pub control: Control,
    pub identity: Identity,
    pub owner: Caller,
}

impl Setting {
    pub async fn new(pool: PgPool) -> Self {
        let control = Control::new(pool.clone(), Sealer::from_keys(&[[7; 32]]), Arc::new(Nothing));
        let owner = member(&pool, workspace(&pool, "one").await, Role::Owner).await;
        Self { identity: Identity::new(pool.clone()), control, owner, pool }
    }

    /// Somebody else in the owner's workspace.
    pub async fn colleague(&self, role: Role) -> Caller {
        member(&self.pool, (self.owner.workspace_id, self.owner.workspace_slug.clone()), role).await
    }

    /// The owner of another workspace.
    pub async fn stranger(&self) -> Caller {
        let there = workspace(&self.pool, &format!("w-{}", Uuid::now_v7())).await;
        member(&self.pool, there, Role::Owner).await
    }

    pub async fn restrict(&self, project: Uuid) {
        self.run("update projects set restricted = true where id = $1", project).await;
    }

    pub async fn resource(&self, who: &Caller, label: &str) -> Uuid {
        for make in [
            "insert into regions values ('r', 'R') on conflict do nothing",
            "insert into plans values ('p', 'P', 1024, 10240, 2000) on conflict do nothing",
        ] {
            sqlx::query(make).execute(&self.pool).await.unwrap();
        }
        let id = Uuid::now_v7();
        sqlx::query(
            "insert into resources (id, workspace_id, label, plan_code_name, region_code, ram_mib, disk_mib, cpu_millis)
             values ($1, $2, $3, 'p', 'r', 1024, 10240, 2000)",
        )
        .bind(id)
        .bind(who.workspace_id)
        .bind(label)
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    /// A service of 256 MiB, 1 GiB and a quarter of a core for each instance.
    pub async fn service(&self, who: &Caller, project: Uuid, resource: Uuid, instances: i16) -> Uuid {
        let id = Uuid::now_v7();
        sqlx::query(
            "insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, ram_mib,
                                   disk_mib, cpu_millis, instances)
             values ($1, $2, $3, $4, $5, 'x', 'postgres', 256, 1024, 250, $6)",
        )
        .bind(id)
        .bind(who.workspace_id)
        .bind(project)
        .bind(resource)
        .bind(format!("postgres-{}", id.simple()))
        .bind(instances)
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    pub async fn assign(&self, who: &Caller, resource: Uuid, project: Uuid) {
        sqlx::query("insert into resource_projects (workspace_id, resource_id, project_id) values ($1, $2, $3)")
            .bind(who.workspace_id)
            .bind(resource)
            .bind(project)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Runs a statement with one id.
    pub async fn run(&self, statement: &'static str, id: Uuid) {
        sqlx::query(statement).bind(id).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.pool).await.unwrap()
    }

    /// `action entity`, oldest first.
    pub async fn audited(&self) -> Vec<String> {
        let lines = sqlx::query_scalar("select action || ' ' || entity from audit order by id");
        lines.fetch_all(&self.pool).await.unwrap()
    }
}

pub async fn workspace(pool: &PgPool, slug: &str) -> (Uuid, String) {
    let id = Uuid::now_v7();
    let insert = sqlx::query("insert into workspaces (id, slug, name) values ($1, $2, upper($2))");
    insert.bind(id).bind(slug).execute(pool).await.unwrap();
    (id, slug.to_owned())
}

/// A new user without a password that anybody knows.
pub async fn member(pool: &PgPool, (workspace_id, slug): (Uuid, String), role: Role) -> Caller {
    let user_id = Uuid::now_v7();
    let email = format!("{}@example.com", user_id.simple());
    let insert = sqlx::query("insert into users (id, email, password_hash) values ($1, $2, '')");
    insert.bind(user_id).bind(&email).execute(pool).await.unwrap();
    join(pool, user_id, workspace_id, role).await;
    Caller {
        user_id,
        email,
        workspace_id,
        workspace_name: slug.to_uppercase(),
        workspace_slug: slug,
        role,
        proof: Uuid::nil(),
        request_id: "r1".into(),
    }
}

pub async fn join(pool: &PgPool, user: Uuid, workspace: Uuid, role: Role) {
    let insert = sqlx::query("insert into memberships (workspace_id, user_id, role) values ($1, $2, $3)");
    insert.bind(workspace).bind(user).bind(role.as_str()).execute(pool).await.unwrap();
}

/// Status and words of an answer that says no.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> (u16, String) {
    let error = ApiError::from(answer.expect_err("a refusal"));
    (error.status(), error.to_string())
}
