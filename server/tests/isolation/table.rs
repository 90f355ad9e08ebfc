//! The one table: a line for every route, page and server function. Every cell is derived from it by [`crate::rules`],
//! and a route that has no line here, or a line that no route has, fails the build ([`crate::routes`]).
//!
//! What stands in braces is filled in anew for every cell. `{service}`, `{failed}`, `{copy}`, `{replica}`, `{volume}`,
//! `{project}`, `{empty}`, `{resource}`, `{operation}`, `{token}` and `{session}` are what the request is about, and say by it which reaches it
//! is tried in; `{here.…}` is always of the caller's own project.

use contract::permission::Permission::{self, *};

use Needs::{Anything, May, Member, Nothing};
use Shows::{Credentials, Fresh, Log, Revealed, Values};

/// What it takes to be let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needs {
    /// Everybody, without a sign-in; the answer may not be there at all (files of a bundle that isn't built).
    Anything,
    /// Everybody, without a sign-in.
    Nothing,
    /// Every member of the workspace.
    Member,
    May(Permission),
}

/// A secret that a good answer holds, for those who may see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shows {
    /// The service's password, with services:reveal, unless that has to be given a reason.
    Credentials,
    /// The service's password, with services:reveal and a reason.
    Revealed,
    /// Variables with their values (the service's URL among them), with projects:operate.
    Values,
    /// What the service's server logged, with services:reveal.
    Log,
    /// One that was made by this very request.
    Fresh,
}

/// One route, page or server function.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
    /// Of a good request: JSON, or a form.
    pub body: &'static str,
    /// Status of the good answer.
    pub good: u16,
    /// Status where the thing can be reached and isn't in the caller's own project; else as `good`.
    pub elsewhere: Option<u16>,
    /// Status where the thing can't be reached.
    pub hidden: u16,
    pub shows: Option<Shows>,
}

const fn row(method: &'static str, path: &'static str, needs: Needs, body: &'static str, good: u16) -> Row {
    Row { method, path, needs, body, good, elsewhere: None, hidden: 404, shows: None }
}

const fn get(path: &'static str, needs: Needs) -> Row {
    row("GET", path, needs, "", 200)
}

/// A server function.
const fn call(path: &'static str, needs: Needs, body: &'static str) -> Row {
    row("POST", path, needs, body, 200)
}

impl Row {
    const fn shows(self, shows: Shows) -> Self {
        Self { shows: Some(shows), ..self }
    }

    /// Nothing there is an answer, too: `null`, or an empty list.
    const fn or_nothing(self) -> Self {
        Self { hidden: self.good, ..self }
    }

    const fn elsewhere(self, status: u16) -> Self {
        Self { elsewhere: Some(status), ..self }
    }
}

const NEW: &str = r#"{"service_type":"postgres","project_id":"{project}","label":"New","postgres_version":"17"}"#;
const ON: &str = r#"{"service_type":"postgres","project_id":"{here.project}","resource_id":"{resource}","label":"New","postgres_version":"17"}"#;
/// What nobody dials: the address isn't public.
const SOURCE: &str =
    r#"{"external_host":"127.0.0.1","auth_type":"password","replication_username":"r","replication_password":"p"}"#;

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // the API
    row("POST", "/api/v1/auth/sign_in", Nothing, r#"{"email":"{email}","password":"{password}"}"#, 200).shows(Fresh),
    row("POST", "/api/v1/auth/refresh_token", Nothing, r#"{"refresh_token":"{refresh}"}"#, 200).shows(Fresh),
    get("/api/v1/users/me", Member),
    get("/api/v1/users/me/tokens", Member),
    row("POST", "/api/v1/users/me/tokens", Member, r#"{"label":"New"}"#, 201).shows(Fresh),
    row("DELETE", "/api/v1/users/me/tokens/{token}", Member, "", 204),
    get("/api/v1/capabilities", Member),
    get("/api/v1/plans", Member),
    get("/api/v1/regions", Member),
    get("/api/v1/events", Member),
    get("/api/v1/projects", May(ProjectsView)),
    row("POST", "/api/v1/projects", May(ProjectsManage), r#"{"name":"New"}"#, 201),
    get("/api/v1/projects/{project}", May(ProjectsView)),
    row("PUT", "/api/v1/projects/{project}", May(ProjectsManage), r#"{"name":"New"}"#, 200),
    row("DELETE", "/api/v1/projects/{empty}", May(ProjectsManage), "", 204),
    get("/api/v1/projects/{project}/vars", May(ProjectsView)).shows(Values),
    row("POST", "/api/v1/projects/{project}/vars", May(ProjectsOperate), r#"{"key":"NEW","value":"x"}"#, 201),
    row("PUT", "/api/v1/projects/{project}/vars", May(ProjectsOperate), r#"{"key":"PLAIN","value":"x"}"#, 200),
    row("DELETE", "/api/v1/projects/{project}/vars", May(ProjectsOperate), r#"{"key":"PLAIN"}"#, 204),
    row("DELETE", "/api/v1/projects/{project}/vars?key=PLAIN", May(ProjectsOperate), "", 204),
    get("/api/v1/resources", May(ResourcesView)),
    get("/api/v1/resources/{resource}", May(ResourcesView)),
    get("/api/v1/services", May(ServicesView)),
    get("/api/v1/services?project_id={project}", May(ServicesView)).or_nothing(),
    get("/api/v1/services?resource_id={resource}", May(ServicesView)).or_nothing(),
    row("POST", "/api/v1/services", May(ServicesManage), NEW, 201).shows(Fresh),
    row("POST", "/api/v1/services", May(ServicesManage), ON, 201).elsewhere(422).shows(Fresh),
    row("POST", "/api/v1/services/preflight", May(ServicesManage), SOURCE, 200),
    get("/api/v1/services/{service}", May(ServicesView)).shows(Credentials),
    row("PUT", "/api/v1/services/{service}", May(ServicesManage), r#"{"label":"New"}"#, 200),
    row("PUT", "/api/v1/services/{here.service}", May(ServicesManage), r#"{"project_id":"{project}"}"#, 200).elsewhere(422),
    row("DELETE", "/api/v1/services/{service}", May(ServicesManage), "", 204),
    row("PATCH", "/api/v1/services/{service}/state", May(ServicesOperate), r#"{"state":"process_stop"}"#, 200),
    row("POST", "/api/v1/services/{failed}/retry", May(ServicesOperate), "", 200),
    row("POST", "/api/v1/services/{copy}/promote_external", May(ServicesOperate), "", 200),
    row("POST", "/api/v1/services/{service}/create_replica", May(ServicesOperate), "", 201).shows(Credentials),
    row("POST", "/api/v1/services/{replica}/promote_replica", May(ServicesOperate), "", 200),
    row("POST", "/api/v1/services/{volume}/mount_app", May(ServicesOperate), r#"{"app_id":"deployment/web"}"#, 200),
    row("POST", "/api/v1/services/{volume}/unmount_app", May(ServicesOperate), r#"{"app_id":"deployment/web"}"#, 200),
    get("/api/v1/services/{volume}/apps", May(ServicesView)),
    row("POST", "/api/v1/services/{service}/rotate_password", May(ServicesOperate), "", 200).shows(Fresh),
    row("POST", "/api/v1/services/{service}/reveal", May(ServicesReveal), r#"{"reason":"a ticket"}"#, 200).shows(Revealed),
    row("POST", "/api/v1/services/{service}/test_connection", May(ServicesView), "", 200),
    get("/api/v1/services/{service}/operations", May(ServicesView)),
    get("/api/v1/services/{service}/events", May(ServicesView)),
    get("/api/v1/operations/{operation}", May(ServicesView)),

    // server functions: `workspace` is added to each
    call("/call/capabilities", Member, "{}"),
    call("/call/me", Member, "{}"),
    call("/call/list_tokens", Member, r#"{"page":{}}"#),
    call("/call/create_token", Member, r#"{"new":{"label":"New"}}"#).shows(Fresh),
    call("/call/revoke_token", Member, r#"{"token":"{token}"}"#),
    call("/call/list_sessions", Member, "{}"),
    call("/call/end_session", Member, r#"{"session":"{session}"}"#),
    call("/call/change_password", Member, r#"{"change":{"current_password":"{password}","new_password":"Another-Horse-2"}}"#),
    call("/call/list_audit", Member, r#"{"filter":{},"page":{}}"#),
    call("/call/list_audit", Member, r#"{"filter":{"entity_id":"{service}"},"page":{}}"#).or_nothing(),
    call("/call/list_projects", May(ProjectsView), r#"{"page":{}}"#),
    call("/call/get_project", May(ProjectsView), r#"{"project":"{project}"}"#).or_nothing(),
    call("/call/create_project", May(ProjectsManage), r#"{"fields":{"name":"New"}}"#),
    call("/call/rename_project", May(ProjectsManage), r#"{"project":"{project}","fields":{"name":"New"}}"#),
    call("/call/delete_project", May(ProjectsManage), r#"{"project":"{empty}"}"#),
    call("/call/list_vars", May(ProjectsView), r#"{"project":"{project}","page":{}}"#),
    call("/call/list_var_names", May(ProjectsView), r#"{"project":"{project}"}"#),
    call("/call/create_var", May(ProjectsOperate), r#"{"project":"{project}","fields":{"key":"NEW","value":"x"}}"#),
    call("/call/update_var", May(ProjectsOperate), r#"{"project":"{project}","fields":{"key":"PLAIN","value":"x"}}"#),
    call("/call/delete_var", May(ProjectsOperate), r#"{"project":"{project}","key":{"key":"PLAIN"}}"#),
    call("/call/list_resources", May(ResourcesView), r#"{"page":{}}"#),
    call("/call/list_pools", May(ResourcesView), "{}"),
    call("/call/get_resource", May(ResourcesView), r#"{"resource":"{resource}"}"#).or_nothing(),
    call("/call/list_services", May(ServicesView), r#"{"filter":{},"page":{}}"#),
    call("/call/list_services", May(ServicesView), r#"{"filter":{"project_id":"{project}"},"page":{}}"#).or_nothing(),
    call("/call/get_service", May(ServicesView), r#"{"id":"{service}"}"#).or_nothing(),
    call("/call/create_service", May(ServicesManage), r#"{"new":{"service_type":"postgres","project_id":"{project}","label":"New","postgres_version":"17"},"key":"k"}"#),
    call("/call/update_service", May(ServicesManage), r#"{"id":"{service}","change":{"label":"New"}}"#),
    call("/call/update_service", May(ServicesManage), r#"{"id":"{here.service}","change":{"project_id":"{project}"}}"#).elsewhere(422),
    call("/call/delete_service", May(ServicesManage), r#"{"id":"{service}"}"#),
    call("/call/change_state", May(ServicesOperate), r#"{"id":"{service}","change":{"state":"process_stop"}}"#),
    call("/call/retry_service", May(ServicesOperate), r#"{"id":"{failed}"}"#),
    call("/call/reveal", May(ServicesReveal), r#"{"id":"{service}","why":{"reason":"a ticket"}}"#).shows(Revealed),
    call("/call/test_connection", May(ServicesView), r#"{"id":"{service}"}"#),
    call("/call/list_operations", May(ServicesView), r#"{"id":"{service}","page":{}}"#).or_nothing(),
    call("/call/usual_create", May(ServicesView), "{}"),
    call("/call/service_log", May(ServicesReveal), r#"{"id":"{service}","filter":{"q":"","lines":100}}"#).shows(Log),
    call("/call/rotate_password", May(ServicesOperate), r#"{"id":"{service}"}"#),
    call("/call/preflight", May(ServicesManage), r#"{"new":{"external_host":"127.0.0.1","auth_type":"password","replication_username":"r","replication_password":"p"}}"#),
    call("/call/promote_external", May(ServicesOperate), r#"{"id":"{copy}"}"#),
    call("/call/create_replica", May(ServicesOperate), r#"{"id":"{service}","new":{}}"#),
    call("/call/promote_replica", May(ServicesOperate), r#"{"id":"{replica}"}"#),
    call("/call/mount_app", May(ServicesOperate), r#"{"id":"{volume}","mount":{"app_id":"deployment/web"}}"#),
    call("/call/unmount_app", May(ServicesOperate), r#"{"id":"{volume}","unmount":{"app_id":"deployment/web"}}"#),
    call("/call/list_apps", May(ServicesView), r#"{"id":"{volume}"}"#),
    call("/call/service_replication", May(ServicesView), r#"{"id":"{service}"}"#),
    call("/call/preview_service", May(ServicesManage), r#"{"new":{"service_type":"postgres","postgres_version":"17","project_id":"{project}","label":"x"}}"#),
    call("/call/service_live", May(ServicesView), r#"{"id":"{service}"}"#),
    call("/call/put_back", May(ServicesOperate), r#"{"id":"{service}"}"#),
    call("/call/service_members", May(ServicesView), r#"{"id":"{service}"}"#),
    call("/call/service_metrics", May(ServicesView), r#"{"id":"{service}","span":"hour"}"#),

    // pages of a workspace
    get("/w/{workspace}", Member),
    get("/w/{workspace}/services", Member),
    get("/w/{workspace}/services/new", Member),
    get("/w/{workspace}/services/{service}", Member),
    get("/w/{workspace}/services/{service}/activity", Member),
    get("/w/{workspace}/services/{service}/logs", Member).shows(Log),
    get("/w/{workspace}/services/{service}/members", Member),
    get("/w/{workspace}/services/{service}/replication", Member),
    get("/w/{workspace}/services/{service}/object", Member),
    get("/w/{workspace}/services/{service}/metrics", Member),
    get("/w/{workspace}/services/{service}/settings", Member),
    get("/w/{workspace}/projects", Member),
    get("/w/{workspace}/projects/{project}", Member),
    get("/w/{workspace}/resources", Member),
    get("/w/{workspace}/resources/{resource}", Member),
    get("/w/{workspace}/activity", Member),
    get("/w/{workspace}/account", Member),
    get("/w/{workspace}/find", Member),
    get("/w/{workspace}/find?q={service}", Member).or_nothing(),
    get("/events?workspace={workspace}", Member),

    // without a workspace
    row("GET", "/", Nothing, "", 303),
    get("/sign-in", Nothing),
    row("POST", "/sign-in", Nothing, "email={email}&password={password}", 303).shows(Fresh),
    row("POST", "/sign-out", Nothing, "", 303),
    row("POST", "/theme", Nothing, "theme=dark", 303),
    get("/set-up/{link}", Nothing),
    row("POST", "/set-up/{link}", Nothing, "email=new%40example.com&password={password}", 303),
    get("/healthz", Nothing),
    get("/readyz", Nothing),
    get("/docs", Nothing),
    get("/api/v1/openapi.json", Nothing),
    get("/favicon.svg", Anything),
    get("/robots.txt", Anything),
    get("/pkg/{hash}/{*file}", Anything),
    row("ANY", "/api", Nothing, "", 404),
    row("ANY", "/api/{*rest}", Nothing, "", 404),
    row("ANY", "/call", Nothing, "", 404),
    row("ANY", "/call/{*rest}", Nothing, "", 404),
];
