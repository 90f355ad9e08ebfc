//! The server functions: each names the workspace of its page, finds out who calls, and is one call of the use cases.
//! All of them are POST with a JSON body, so none does anything by GET.

pub mod account;
pub mod activity;
mod error;
pub mod installation;
pub mod projects;
mod protocol;
pub mod resources;
pub mod services;

pub use error::CallError;
pub use protocol::Calls;
use serde::{Deserialize, Serialize};

type Answer<T> = Result<T, CallError>;

/// What a call has to say to whoever pressed; a form shows it as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub good: bool,
    pub words: String,
}

/// What isn't there (any more) is an answer to a page that shows it, and no failure of the call.
#[cfg(feature = "ssr")]
fn if_there<T>(answer: Result<T, contract::ApiError>) -> Answer<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(contract::ApiError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The use cases, and who asks in this workspace: for a page that is being rendered whoever was let in to it, else
/// whoever the doorkeeper says.
#[cfg(feature = "ssr")]
async fn enter(workspace: String) -> Answer<(std::sync::Arc<dyn contract::Console>, contract::Caller)> {
    use contract::{ApiError, Caller, Console, Doorkeeper};
    use leptos::prelude::use_context;
    use std::sync::Arc;

    let console = use_context::<Arc<dyn Console>>()
        .ok_or_else(|| ApiError::Unavailable("The console is starting: try again".into()))?;
    let admitted = use_context::<Caller>().filter(|caller| caller.workspace_slug == workspace);
    let door = use_context::<Arc<dyn Doorkeeper>>();
    let caller = match (admitted, door) {
        (Some(caller), _) => caller,
        (None, Some(door)) => door.caller(&workspace).await?,
        (None, None) => return Err(ApiError::Unauthenticated("Sign in first".into()).into()),
    };
    Ok((console, caller))
}
