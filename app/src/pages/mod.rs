//! One file per route.

pub mod account;
pub mod activity;
pub mod find;
mod missing;
pub mod overview;
pub mod projects;
pub mod resources;
pub mod services;
pub mod set_up;
pub mod sign_in;

pub use missing::Missing;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The workspace in the address.
pub fn workspace() -> String {
    use_params_map().with_untracked(|params| params.get("workspace").unwrap_or_default())
}

/// The id in the address; `None` where that can't be one.
pub fn address_id() -> Option<uuid::Uuid> {
    use_params_map().with_untracked(|params| params.get("id").and_then(|id| uuid::Uuid::try_parse(&id).ok()))
}
