//! Who looks, and at which request: put into context by the server, and carried to the browser inside the page.

use contract::permission::{Permission, Role};
use leptos::{prelude::*, server::SharedValue};
use serde::{Deserialize, Serialize};

/// The signed-in person and the workspace of the page. The server provides it in the context of every request that has a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The e-mail address, shown in the account menu.
    pub account: String,
    /// What stands in the URL after `/w/`.
    pub workspace: String,
    /// What people call the workspace.
    pub workspace_label: String,
    /// The role in it, as a word.
    pub role: String,
}

/// The id that the log knows this request by. The server provides it in the context of every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestId(pub String);

/// Hands both to every component, on the server and after hydration.
pub(crate) fn provide() {
    let viewer = SharedValue::new(use_context::<Viewer>).into_inner();
    let request = SharedValue::new(use_context::<RequestId>).into_inner();
    provide_context(Seen { viewer, request });
}

#[derive(Clone)]
struct Seen {
    viewer: Option<Viewer>,
    request: Option<RequestId>,
}

/// Nobody on `/sign-in` and on pages that don't exist.
pub fn viewer() -> Option<Viewer> {
    use_context::<Seen>().and_then(|seen| seen.viewer)
}

/// Why a button for something that needs this permission is disabled; `None` where the viewer has it.
pub fn lacks(permission: Permission) -> Option<String> {
    role().is_none_or(|role| !role.may(permission)).then(|| format!("You lack the permission {permission}"))
}

/// The viewer's role in the workspace of the page.
pub fn role() -> Option<Role> {
    viewer().and_then(|viewer| viewer.role.parse().ok())
}

pub fn request_id() -> Option<RequestId> {
    use_context::<Seen>().and_then(|seen| seen.request)
}
