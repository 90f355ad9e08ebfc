//! Who looks, and at which request: put into context by the server. Islands are told what they need to know of it.

use contract::permission::{Permission, Role};
use leptos::prelude::*;

/// The signed-in person and the workspace of the page. The server provides it in the context of every request that has a session.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Nobody on `/sign-in` and on pages that don't exist.
pub fn viewer() -> Option<Viewer> {
    use_context()
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
    use_context()
}

/// True where `frontend/page` asks for a page that it shows already. A browser complains of every answer that says no; that
/// something is gone is news for such a page, and no failure.
#[cfg(feature = "ssr")]
pub fn draws_anew() -> bool {
    use_context::<axum::http::request::Parts>().is_some_and(|request| request.headers.contains_key("berth-draw"))
}
