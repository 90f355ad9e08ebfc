//! Five places, a person in each role, and the whole console in front of the real use cases.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use contract::console::Secrets;
use contract::operation::OperationState;
use contract::permission::Role;
use contract::project::{ProjectFields, VarFields};
use contract::user::NewToken;
use contract::values::Secret;
use contract::{Caller, Console, NewService, Service, State};
use control::events::Hub;
use control::identity::Identity;
use control::port::ServiceName;
use control::reconcile::{self, Waker};
use control::testing::FakeRuntime;
use control::{Control, Sealer};
use server::adapters::{ByHub, ByIdentity, Probes};
use server::http::limits::SignInLimiter;
use server::http::{AppState, Site, Uses, console};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Of everybody; he types it into forms.
pub const PASSWORD: &str = "Correct-Horse-1";
/// How long anything may take before a test gives up.
const LONG: Duration = Duration::from_secs(60);
const PACE: Duration = Duration::from_millis(10);
/// Stands in the cookie's name.
pub const PORT: u16 = 7340;

/// A project with one of everything in it.
pub struct Place {
    pub word: &'static str,
    pub workspace: Workspace,
    pub project: Uuid,
    /// A second project, without anything in it.
    pub empty: Uuid,
    pub resource: Uuid,
    pub service: Named,
    /// One that was refused, so that it can be tried again.
    pub failed: Named,
    /// One that follows an external server.
    pub copy: Named,
    /// One that follows `service`.
    pub replica: Named,
    /// A volume that an app has.
    pub volume: Named,
    pub operation: Uuid,
    /// What the two sign in with.
    pub password: String,
    pub idle_password: String,
    /// Of the variable PLAIN.
    pub value: String,
    /// What the server logged.
    pub line: String,
}

impl Place {
    /// What nobody may read of it who isn't let to.
    pub fn secrets(&self) -> [&str; 4] {
        [&self.password, &self.idle_password, &self.value, &self.line]
    }

    /// What it is known by.
    pub fn marks(&self) -> Vec<String> {
        let services = [&self.service, &self.failed, &self.copy, &self.replica, &self.volume];
        let ids = [self.project, self.empty, self.resource, self.operation];
        let ids = ids.into_iter().chain(services.map(|service| service.id)).map(|id| id.to_string());
        let things = ["project", "empty", "resource", "service", "failed", "copy", "replica", "volume"];
        let things = things.map(|thing| format!("{thing}-{}", self.word));
        ids.chain(things).chain(services.map(|service| service.name.clone())).collect()
    }
}

#[derive(Clone)]
pub struct Workspace {
    pub id: Uuid,
    pub slug: String,
}

#[derive(Clone)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

/// Somebody, and everything that proves who he is.
pub struct Person {
    pub id: Uuid,
    pub email: String,
    pub bearer: String,
    pub refresh: String,
    pub cookie: String,
    /// A personal token and a second session, to be ended.
    pub token: Uuid,
    pub session: Uuid,
    pub secrets: Vec<String>,
}

impl Person {
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str)
    }
}

pub struct World {
    pub pool: PgPool,
    pub router: Router,
    /// One in each role of the first workspace; all are owners of the third.
    pub people: Vec<(Role, Person)>,
    /// Another member of the first workspace, and an owner of the second.
    pub colleague: Person,
    pub stranger: Person,
    pub own: Place,
    pub other: Place,
    pub restricted: Place,
    /// In the second workspace, where none of `people` is a member, and in the third.
    pub foreign: Place,
    pub second: Place,
    pub setup_link: String,
    /// Hashes and sealed values, as the store has them.
    pub sealed: Vec<String>,
    stop: CancellationToken,
}

impl World {
    pub async fn new(pool: PgPool) -> Self {
        let pool = lasting(&pool).await;
        let runtime = FakeRuntime::default();
        let control = control(&pool, &runtime);
        let (stop, hub, waker) = (CancellationToken::new(), Hub::new(), Waker::default());
        tokio::spawn(hub.clone().feed(pool.clone(), waker.clone(), stop.child_token()));
        let router = router(pool.clone(), &control, &runtime, (hub, stop.clone()));
        let make = Make { identity: control.identity(), pool: pool.clone(), runtime, control };
        let setup_link = make.identity.create_setup_link().await.unwrap().expose().to_owned();
        let (one, two, three) =
            (make.workspace("wks-1x").await, make.workspace("wks-2x").await, make.workspace("wks-3x").await);
        let mut people = Vec::new();
        for role in Role::ALL {
            let person = make.person(&one, role.as_str(), *role).await;
            make.join(person.id, &three, Role::Owner).await;
            people.push((*role, person));
        }
        let colleague = make.person(&one, "colleague", Role::Member).await;
        let stranger = make.person(&two, "stranger", Role::Owner).await;
        let working = tokio::spawn(reconcile::run(make.control.clone(), waker, stop.child_token()));
        let (own, other, restricted, foreign, second) = tokio::join!(
            Box::pin(make.place(&one, "own")),
            Box::pin(make.place(&one, "other")),
            Box::pin(make.place(&one, "restricted")),
            Box::pin(make.place(&two, "foreign")),
            Box::pin(make.place(&three, "second"))
        );
        // from here on nobody works: what a request wishes for stays a wish
        working.abort();
        assert!(working.await.is_err_and(|error| error.is_cancelled()));
        make.finish(&restricted).await;
        let sealed = make.sealed().await;
        Self {
            pool,
            router,
            people,
            colleague,
            stranger,
            own,
            other,
            restricted,
            foreign,
            second,
            setup_link,
            sealed,
            stop,
        }
    }

    /// The database is dropped behind it.
    pub async fn end(self) {
        self.stop.cancel();
        self.pool.close().await;
    }

    /// Every place, and every person.
    pub fn places(&self) -> [&Place; 5] {
        [&self.own, &self.other, &self.restricted, &self.foreign, &self.second]
    }

    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().map(|(_, person)| person).chain([&self.colleague, &self.stranger])
    }

    pub fn person(&self, role: Role) -> &Person {
        self.people.iter().find(|(of, _)| *of == role).map(|(_, person)| person).unwrap()
    }
}

/// Connections that stay open: signing in by SCRAM takes a debug build longer than any cell.
async fn lasting(pool: &PgPool) -> PgPool {
    let options = PgPoolOptions::new().max_connections(8).acquire_timeout(LONG).idle_timeout(None);
    options.connect_with((*pool.connect_options()).clone()).await.unwrap()
}

/// The console before anybody has come.
pub fn empty(pool: PgPool) -> Router {
    let runtime = FakeRuntime::default();
    let control = control(&pool, &runtime);
    router(pool, &control, &runtime, (Hub::new(), CancellationToken::new()))
}

fn control(pool: &PgPool, runtime: &FakeRuntime) -> Control {
    Control::new(pool.clone(), Sealer::from_keys(&[[7; 32]]), Arc::new(runtime.clone()))
}

fn router(pool: PgPool, control: &Control, runtime: &FakeRuntime, (hub, closing): (Hub, CancellationToken)) -> Router {
    let state = AppState {
        site: Arc::new(Site { port: PORT, ..Site::default() }),
        health: Arc::new(Probes { pool, runtime: Arc::new(runtime.clone()) }),
        sign_in: Arc::new(SignInLimiter::default()),
        closing,
    };
    let accounts = Arc::new(ByIdentity(control.identity()));
    let uses = Uses::new(&state, Arc::new(control.clone()), accounts, Arc::new(ByHub(hub)));
    console(state, uses)
}

/// Makes it all, by the use cases wherever there is one.
struct Make {
    pool: PgPool,
    runtime: FakeRuntime,
    identity: Identity,
    control: Control,
}

impl Make {
    async fn workspace(&self, slug: &str) -> Workspace {
        let id = Uuid::now_v7();
        let insert = sqlx::query("insert into workspaces (id, slug, name) values ($1, $2, upper($2))");
        insert.bind(id).bind(slug).execute(&self.pool).await.unwrap();
        Workspace { id, slug: slug.into() }
    }

    async fn person(&self, at: &Workspace, name: &str, role: Role) -> Person {
        let email = format!("{name}@example.com");
        let id = self.identity.add_user(&email, &Secret::new(PASSWORD), Some(&at.slug), role.as_str()).await.unwrap();
        let tokens = self.identity.issue(id).await.unwrap();
        let cookie = self.identity.open_session(id, "192.0.2.1", "Browser").await.unwrap();
        let other = self.identity.open_session(id, "192.0.2.2", "Phone").await.unwrap();
        let who = self.identity.caller_by_session(&other, Some(&at.slug), "made").await.unwrap();
        let new = NewToken { label: format!("token of {name}").into(), ..Default::default() };
        let token = self.control.create_token(&who, new).await.unwrap();
        let secrets = [&tokens.access_token, &tokens.refresh_token, &cookie, &other, &token.token];
        Person {
            id,
            email,
            bearer: tokens.access_token.expose().into(),
            refresh: tokens.refresh_token.expose().into(),
            cookie: cookie.expose().into(),
            token: token.about.uuid,
            session: who.proof,
            secrets: secrets.map(|secret| secret.expose().to_owned()).into(),
        }
    }

    async fn join(&self, user: Uuid, at: &Workspace, role: Role) {
        let insert = sqlx::query("insert into memberships (workspace_id, user_id, role) values ($1, $2, $3)");
        insert.bind(at.id).bind(user).bind(role.as_str()).execute(&self.pool).await.unwrap();
    }

    /// Somebody who only makes things.
    async fn owner(&self, at: &Workspace) -> Caller {
        let user_id = Uuid::now_v7();
        let email = format!("maker-{user_id}@example.com");
        let insert = sqlx::query("insert into users (id, email, password_hash) values ($1, $2, '')");
        insert.bind(user_id).bind(&email).execute(&self.pool).await.unwrap();
        self.join(user_id, at, Role::Owner).await;
        let (workspace_slug, workspace_name) = (at.slug.clone(), at.slug.to_uppercase());
        let (role, proof, request_id) = (Role::Owner, Uuid::nil(), "made".to_owned());
        Caller { user_id, email, workspace_id: at.id, workspace_slug, workspace_name, role, proof, request_id }
    }

    async fn place(&self, at: &Workspace, word: &'static str) -> Place {
        let who = self.owner(at).await;
        let project = self.project(&who, &format!("project-{word}")).await;
        let empty = self.project(&who, &format!("empty-{word}")).await;
        let resource = self.resource(at, project, &format!("resource-{word}")).await;
        let value = format!("Value-Of-{word}");
        let plain = VarFields { key: "PLAIN".into(), value: value.as_str().into(), ..Default::default() };
        self.control.create_var(&who, project, plain).await.unwrap();
        let service = self.service(&who, project, &format!("service-{word}"), true).await;
        let failed = self.service(&who, project, &format!("failed-{word}"), false).await;
        let copy = self.service(&who, project, &format!("copy-{word}"), false).await;
        let replica = self.service(&who, project, &format!("replica-{word}"), false).await;
        let volume = self.volume(&who, project, &format!("volume-{word}")).await;
        let line = format!("Logged-By-{word}");
        self.runtime.says(&ServiceName::parse(&service.name).unwrap(), &line);
        let named = |service: &Service| Named { id: service.uuid, name: service.name.clone() };
        let password = |service: &Service| {
            let details = service.connection_details.clone().unwrap();
            details.internal.password.unwrap().expose().to_owned()
        };
        Place {
            word,
            workspace: at.clone(),
            project,
            empty,
            resource,
            operation: service.operation.as_ref().unwrap().uuid,
            password: password(&service),
            idle_password: password(&failed),
            service: named(&service),
            failed: named(&failed),
            copy: named(&copy),
            replica: named(&replica),
            volume: named(&volume),
            value,
            line,
        }
    }

    /// Made and waited for, with its secrets.
    async fn service(&self, who: &Caller, project: Uuid, label: &str, environment_variables: bool) -> Service {
        let new = NewService {
            service_type: "postgres".into(),
            project_id: project.to_string().into(),
            label: label.into(),
            postgres_version: "17".into(),
            environment_variables: environment_variables.into(),
            ..Default::default()
        };
        self.made(who, new, State::Healthy).await
    }

    async fn volume(&self, who: &Caller, project: Uuid, label: &str) -> Service {
        let new = NewService {
            service_type: "shared_storage".into(),
            project_id: project.to_string().into(),
            label: label.into(),
            mount_point: "/data".into(),
            ..Default::default()
        };
        self.made(who, new, State::Bound).await
    }

    async fn made(&self, who: &Caller, new: NewService, state: State) -> Service {
        let made = Console::create_service(&self.control, who, new, None).await.unwrap();
        let began = Instant::now();
        while began.elapsed() < LONG {
            let seen = Console::get_service(&self.control, who, &made.name, Secrets::Shown).await.unwrap();
            let done = seen.operation.as_ref().is_some_and(|o| o.state == OperationState::Succeeded);
            if seen.state == state && done {
                return seen;
            }
            tokio::time::sleep(PACE).await;
        }
        panic!("{} never became {state}", made.label)
    }

    async fn project(&self, who: &Caller, name: &str) -> Uuid {
        let fields = ProjectFields { name: name.into(), ..Default::default() };
        self.control.create_project(who, fields).await.unwrap().uuid
    }

    async fn resource(&self, at: &Workspace, project: Uuid, label: &str) -> Uuid {
        for make in [
            "insert into regions values ('r', 'R') on conflict do nothing",
            "insert into plans values ('p', 'P', 1024, 10240, 2000) on conflict do nothing",
        ] {
            sqlx::query(make).execute(&self.pool).await.unwrap();
        }
        let id = Uuid::now_v7();
        let insert = sqlx::query(
            "with made as (
               insert into resources (id, workspace_id, label, plan_code_name, region_code, ram_mib, disk_mib, cpu_millis)
               values ($1, $2, $3, 'p', 'r', 65536, 655360, 64000) returning id, workspace_id)
             insert into resource_projects (resource_id, workspace_id, project_id) select id, workspace_id, $4 from made",
        );
        insert.bind(id).bind(at.id).bind(label).bind(project).execute(&self.pool).await.unwrap();
        id
    }

    async fn sealed(&self) -> Vec<String> {
        let all = "select password_hash from users where password_hash <> ''
                   union select encode(secret_hash, f) from tokens, formats union select encode(secret_hash, f) from sessions, formats
                   union select encode(sealed_value, f) from vars, formats
                   union select encode(sealed_password, f) from services, formats where sealed_password is not null";
        let all = ["with formats(f) as (values ('hex'), ('base64')) ", all].concat();
        sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_all(&self.pool).await.unwrap()
    }

    /// What no use case does: a restricted project, services that were refused, and times of use that aren't written
    /// again while the cells are asked.
    async fn finish(&self, restricted: &Place) {
        control::samples::measure_all(&self.control).await.unwrap();
        let restrict = sqlx::query("update projects set restricted = true where id in ($1, $2)");
        let restrict = restrict.bind(restricted.project).bind(restricted.empty);
        restrict.execute(&self.pool).await.unwrap();
        for statement in [
            "update observations set rejected = true
             where service_id in (select id from services where label like 'failed-%')",
            "update services set state = 'failed', state_reason = 'refused' where label like 'failed-%'",
            "update services set creation_mode = 'external_replica' where label like 'copy-%'",
            "insert into sources (service_id, workspace_id, host, port, username, auth_type, sealed_secret)
             select id, workspace_id, 'db.example', 5432, 'replicator', 'password', '' from services where label like 'copy-%'",
            "insert into replicas (service_id, workspace_id, primary_id, copied_from, database, floor_mib)
             select r.id, r.workspace_id, s.id, s.name, replace(s.name, '-', '_'), s.ram_mib from services r
             join services s on s.project_id = r.project_id and s.label like 'service-%' where r.label like 'replica-%'",
            "insert into mounts (service_id, workspace_id, project_id, app, mount_point)
             select id, workspace_id, project_id, 'deployment/web', '/data' from services where label like 'volume-%'",
            "update tokens set last_used_at = now() + interval '1 hour'",
            "update sessions set last_seen_at = now() + interval '1 hour'",
        ] {
            sqlx::query(statement).execute(&self.pool).await.unwrap();
        }
    }
}
