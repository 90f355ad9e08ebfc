//! Every address of the console. Nothing else puts a URL together.

use contract::metrics::Span;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Form posts that need no script.
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_OUT: &str = "/sign-out";
pub const THEME: &str = "/theme";

fn text(raw: &str) -> String {
    utf8_percent_encode(raw, SEGMENT).to_string()
}

/// The sign-in page, which leads on to `next` (a path of this console).
pub fn sign_in(next: &str) -> String {
    format!("{SIGN_IN}?next={}", text(next))
}

/// The sign-in page after a refusal; the page knows the words for `code`.
pub fn sign_in_refused(code: &str, next: Option<&str>) -> String {
    let next = next.map(|next| format!("&next={}", text(next))).unwrap_or_default();
    format!("{SIGN_IN}?e={}{next}", text(code))
}

pub fn overview(workspace: &str) -> String {
    format!("/w/{}", text(workspace))
}

pub fn services(workspace: &str) -> String {
    format!("{}/services", overview(workspace))
}

/// What the list of services shows: empty texts mean everything, from the newest on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicesQuery {
    pub q: String,
    pub state: String,
    pub cursor: String,
    /// The cursors of the pages before, for the way back: newest page first, joined by `.`.
    pub trail: String,
}

impl ServicesQuery {
    pub fn path(&self, workspace: &str) -> String {
        let pairs = [("q", &self.q), ("state", &self.state), ("cursor", &self.cursor), ("trail", &self.trail)];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = given.map(|(key, value)| format!("{key}={}", text(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", services(workspace), query.join("&"))
    }

    /// True where not everything is asked for.
    pub fn filters(&self) -> bool {
        !(self.q.is_empty() && self.state.is_empty())
    }

    /// The page before this one; `None` on the first.
    pub fn newer(&self) -> Option<Self> {
        let (trail, cursor) = self.trail.rsplit_once('.').unwrap_or(("", &self.trail));
        let before = Self { cursor: cursor.to_owned(), trail: trail.to_owned(), ..self.clone() };
        (!self.cursor.is_empty()).then_some(before)
    }

    /// The page that begins at `next`.
    pub fn older(&self, next: String) -> Self {
        let trail = match (self.trail.as_str(), self.cursor.as_str()) {
            ("", cursor) => cursor.to_owned(),
            (trail, cursor) => format!("{trail}.{cursor}"),
        };
        Self { cursor: next, trail, ..self.clone() }
    }
}

pub fn new_service(workspace: &str) -> String {
    format!("{}/services/new", overview(workspace))
}

pub fn service(workspace: &str, name: &str) -> String {
    format!("{}/services/{}", overview(workspace), text(name))
}

pub fn service_activity(workspace: &str, name: &str) -> String {
    format!("{}/activity", service(workspace, name))
}

pub fn service_logs(workspace: &str, name: &str) -> String {
    format!("{}/logs", service(workspace, name))
}

pub fn service_members(workspace: &str, name: &str) -> String {
    format!("{}/members", service(workspace, name))
}

pub fn service_object(workspace: &str, name: &str) -> String {
    format!("{}/object", service(workspace, name))
}

pub fn service_replication(workspace: &str, name: &str) -> String {
    format!("{}/replication", service(workspace, name))
}

/// How a service did over an hour, or over another span.
pub fn service_metrics(workspace: &str, name: &str, span: Span) -> String {
    let query = if span == Span::Hour { String::new() } else { format!("?span={span}") };
    format!("{}/metrics{query}", service(workspace, name))
}

pub fn service_settings(workspace: &str, name: &str) -> String {
    format!("{}/settings", service(workspace, name))
}

pub fn projects(workspace: &str) -> String {
    format!("{}/projects", overview(workspace))
}

pub fn project(workspace: &str, id: Uuid) -> String {
    format!("{}/{id}", projects(workspace))
}

pub fn resources(workspace: &str) -> String {
    format!("{}/resources", overview(workspace))
}

pub fn resource(workspace: &str, id: Uuid) -> String {
    format!("{}/{id}", resources(workspace))
}

/// Who did what; from the newest on, or from a cursor.
pub fn activity(workspace: &str, cursor: Option<&str>) -> String {
    let query = cursor.map(|cursor| format!("?cursor={}", text(cursor))).unwrap_or_default();
    format!("{}/activity{query}", overview(workspace))
}

pub fn account(workspace: &str) -> String {
    format!("{}/account", overview(workspace))
}

/// Services, projects, pages and actions by what they are called.
pub fn find(workspace: &str) -> String {
    format!("{}/find", overview(workspace))
}

/// The first set-up, behind its single-use link.
pub fn set_up(secret: &str) -> String {
    format!("/set-up/{}", text(secret))
}

/// The stream of events of a workspace.
pub fn events(workspace: &str) -> String {
    format!("/events?workspace={}", text(workspace))
}

/// True for a path that a redirect may lead to: of this origin, and no other's in disguise (`//host`, `/\host`).
pub fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address() {
        let all = [
            sign_in("/w/northwind/services?state=failing"),
            sign_in_refused("credentials", None),
            sign_in_refused("credentials", Some("/w/a")),
            overview("northwind"),
            services("northwind"),
            new_service("northwind"),
            service("northwind", "postgres-mwvzq"),
            service("a/b c", "../ü?#%"),
            service_activity("northwind", "postgres-mwvzq"),
            service_settings("northwind", "postgres-mwvzq"),
            projects("northwind"),
            project("northwind", Uuid::from_u128(1)),
            resources("northwind"),
            resource("northwind", Uuid::from_u128(2)),
            service_logs("northwind", "postgres-mwvzq"),
            service_members("northwind", "postgres-mwvzq"),
            service_replication("northwind", "postgres-mwvzq"),
            service_object("northwind", "postgres-mwvzq"),
            service_metrics("northwind", "postgres-mwvzq", Span::Hour),
            service_metrics("northwind", "postgres-mwvzq", Span::Day),
            activity("northwind", None),
            activity("northwind", Some("C 2")),
            account("northwind"),
            find("northwind"),
            set_up("a/b"),
            events("northwind"),
            ServicesQuery::default().path("northwind"),
            ServicesQuery { q: "a&b c".into(), state: "failing".into(), ..ServicesQuery::default() }.path("northwind"),
            ServicesQuery { cursor: "C2".into(), trail: "C1".into(), ..ServicesQuery::default() }.path("northwind"),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        /sign-in?next=%2Fw%2Fnorthwind%2Fservices%3Fstate%3Dfailing
        /sign-in?e=credentials
        /sign-in?e=credentials&next=%2Fw%2Fa
        /w/northwind
        /w/northwind/services
        /w/northwind/services/new
        /w/northwind/services/postgres-mwvzq
        /w/a%2Fb%20c/services/..%2F%C3%BC%3F%23%25
        /w/northwind/services/postgres-mwvzq/activity
        /w/northwind/services/postgres-mwvzq/settings
        /w/northwind/projects
        /w/northwind/projects/00000000-0000-0000-0000-000000000001
        /w/northwind/resources
        /w/northwind/resources/00000000-0000-0000-0000-000000000002
        /w/northwind/services/postgres-mwvzq/logs
        /w/northwind/services/postgres-mwvzq/members
        /w/northwind/services/postgres-mwvzq/replication
        /w/northwind/services/postgres-mwvzq/object
        /w/northwind/services/postgres-mwvzq/metrics
        /w/northwind/services/postgres-mwvzq/metrics?span=day
        /w/northwind/activity
        /w/northwind/activity?cursor=C%202
        /w/northwind/account
        /w/northwind/find
        /set-up/a%2Fb
        /events?workspace=northwind
        /w/northwind/services
        /w/northwind/services?q=a%26b%20c&state=failing
        /w/northwind/services?cursor=C2&trail=C1
        ");
    }

    #[test]
    fn the_way_to_older_pages_leads_back() {
        let first = ServicesQuery { q: "a".into(), ..ServicesQuery::default() };
        let third = first.older("C2".into()).older("C3".into());
        assert_eq!((third.cursor.as_str(), third.trail.as_str()), ("C3", "C2"));
        let second = third.newer();
        assert_eq!(second.as_ref().map(|page| page.cursor.as_str()), Some("C2"));
        assert_eq!(second.and_then(|page| page.newer()), Some(first.clone()));
        assert_eq!(first.newer(), None);
    }

    #[test]
    fn a_redirect_stays_here() {
        for good in ["/", "/w/northwind", "/w/a?next=//b"] {
            assert!(is_local(good), "{good}");
        }
        for bad in ["", "w/a", "//evil.example", "/\\evil.example", "https://evil.example", "/w\r\nSet-Cookie: a=b"] {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
