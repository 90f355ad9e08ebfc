//! Apps, and the volumes that they mount.

use serde::{Deserialize, Serialize};

use crate::problem::Invalid;
use crate::read::Reader;
use crate::scalar::wire;
use crate::spec::words;
use crate::values::{Broken, Label, MountPoint};

wire! {
    /// The body of `POST /services/{id}/mount_app`. Asked again for the same app, it mounts at the new place.
    pub struct AppMount {
        /// Which app: `deployment/web`, `statefulset/queue`.
        [value_type = String, max_length = 265, example = "deployment/web"] app_id,
        /// Where the volume appears in the app's containers; by default where the service says.
        [value_type = Option<String>, max_length = 255, example = "/data"] mount_point,
        /// Shown to people; 1 to 40 characters.
        [value_type = Option<String>, max_length = 40] label,
    }
}

wire! {
    /// The body of `POST /services/{id}/unmount_app`.
    pub struct AppUnmount {
        /// Which app: `deployment/web`, `statefulset/queue`.
        [value_type = String, max_length = 265, example = "deployment/web"] app_id,
    }
}

words! {
    /// What runs an app's pods.
    pub enum AppKind { Deployment = "deployment", StatefulSet = "statefulset", }
}

/// An app by its kind and name, `deployment/web`: one that is made anew under its name is the same app.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppId {
    pub kind: AppKind,
    /// A DNS subdomain (RFC 1123), as Kubernetes wants the names of both kinds.
    pub name: String,
}

impl AppId {
    const NAME_MAX: usize = 253;

    /// # Errors
    /// No kind that there is, or no name that an app may have.
    pub fn new(text: &str) -> Result<Self, Broken> {
        let broken = |code, rest: String| Err(Broken { code, rest });
        let found = text.split_once('/').and_then(|(kind, name)| Some((kind.parse::<AppKind>().ok()?, name)));
        let Some((kind, name)) = found else {
            return broken("not_an_app", "must name a kind and an app, such as deployment/web".to_owned());
        };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let label =
            |part: &str| !part.is_empty() && part.bytes().all(plain) && !part.starts_with('-') && !part.ends_with('-');
        if name.len() > Self::NAME_MAX || !name.split('.').all(label) {
            return broken("not_a_name", format!("must end in the name of a {kind}"));
        }
        Ok(Self { kind, name: name.to_owned() })
    }
}

impl std::fmt::Display for AppId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// A checked [`AppMount`].
#[derive(Clone, Debug, PartialEq)]
pub struct MountSpec {
    pub app: AppId,
    /// `None`: where the service says.
    pub mount_point: Option<MountPoint>,
    pub label: Option<Label>,
}

impl AppMount {
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self) -> Result<MountSpec, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let app = read.required("app_id", &self.app_id).and_then(|raw| read.checked("app_id", raw, AppId::new));
        let mount_point = read.checked("mount_point", &self.mount_point, MountPoint::new);
        let label = read.checked("label", &self.label, Label::new);
        read.finish(app.map(|app| MountSpec { app, mount_point, label }))
    }
}

impl AppUnmount {
    /// # Errors
    /// `app_id` is missing or no app's.
    pub fn parse(&self) -> Result<AppId, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let app = read.required("app_id", &self.app_id).and_then(|raw| read.checked("app_id", raw, AppId::new));
        read.finish(app)
    }
}

words! {
    /// How far an app's mount is.
    pub enum MountState {
        /// On its way: asked for, or the app's pods are being replaced.
        Pending = "pending",
        /// Every pod of the app has it.
        Mounted = "mounted",
        /// Refused, or the app isn't there; `reason` says.
        Failed = "failed",
        /// On its way out.
        Unmounting = "unmounting",
    }
}

/// An app that mounts a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mount {
    /// `deployment/web`.
    pub app_id: String,
    pub mount_point: String,
    pub label: Option<String>,
    pub state: MountState,
    /// What is waited for, or what is wrong; `null` where there is nothing to say.
    pub reason: Option<String>,
}

/// An app of a project, as the runtime sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct App {
    /// `deployment/web`.
    pub app_id: String,
    pub kind: AppKind,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_named_by_kind_and_name() {
        for good in ["deployment/web", "statefulset/a.b-1", "deployment/0"] {
            assert_eq!(AppId::new(good).unwrap().to_string(), good);
        }
        let long = format!("deployment/{}", "a".repeat(254));
        for (bad, code) in [
            ("web", "not_an_app"),
            ("pod/web", "not_an_app"),
            ("deployment/", "not_a_name"),
            ("deployment/Web", "not_a_name"),
            ("deployment/a/b", "not_a_name"),
            ("deployment/-a", "not_a_name"),
            ("deployment/a..b", "not_a_name"),
            ("deployment/../secrets", "not_a_name"),
            (long.as_str(), "not_a_name"),
        ] {
            assert_eq!(AppId::new(bad).unwrap_err().code, code, "{bad}");
        }
    }

    #[test]
    fn every_problem_of_a_mount_is_said_at_once() {
        let wrong = AppMount { app_id: "web".into(), mount_point: "/etc/x".into(), ..Default::default() };
        let fields: Vec<_> = wrong.parse().unwrap_err().problems.into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["app_id", "mount_point"]);
        assert_eq!(AppMount::default().parse().unwrap_err().problems[0].code, "missing");
        assert_eq!(AppUnmount::default().parse().unwrap_err().problems[0].code, "missing");
        let spec = AppMount { app_id: "deployment/web".into(), mount_point: "/a//b/".into(), ..Default::default() };
        assert_eq!(spec.parse().unwrap().mount_point.unwrap().as_str(), "/a/b");
    }
}
