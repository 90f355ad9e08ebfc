//! Sessions of browsers: a cookie, and the pages and calls behind it.
//!
//! | module | holds |
//! |---|---|
//! | [`cookie`] | the cookie's name, attributes and reading |
//! | [`door`] | who may pass to which page or call, and as whom |
//! | [`forms`] | signing in and out, the theme, the first set-up: plain form posts, without script |
//! | [`next`] | where a redirect may lead |

pub mod cookie;
pub mod door;
pub mod forms;
pub mod next;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contract::ApiError;
use contract::error::Noun;

use super::credential::Pass;
use super::query::Query;
use super::uses::Uses;
use super::{Failure, RequestId, stream};

/// The form posts, the way in, and the stream of events of an open page.
pub(super) fn routes() -> Router<Uses> {
    Router::new()
        .route("/", get(home))
        .route("/events", get(events))
        .route("/sign-in", post(forms::sign_in))
        .route("/sign-out", post(forms::sign_out))
        .route("/theme", post(forms::theme))
        .route("/set-up/{secret}", post(forms::set_up))
}

/// To the workspace that the caller joined first, or to the sign-in page.
async fn home(State(uses): State<Uses>, id: RequestId, headers: HeaderMap) -> Result<Redirect, Failure> {
    let who = match cookie::credential(&uses.site, &headers, None) {
        Some(credential) => credential.caller(&*uses.accounts, id.as_str()).await,
        None => return Ok(Redirect::to(app::paths::SIGN_IN)),
    };
    match who {
        Ok(who) => Ok(Redirect::to(&app::paths::overview(&who.workspace_slug))),
        Err(ApiError::Unauthenticated(_)) => Ok(Redirect::to(app::paths::SIGN_IN)),
        Err(error) => Err(error.into()),
    }
}

/// What changes in the workspace of the page, named by `?workspace=`: an EventSource sends no headers of ours.
async fn events(
    State(uses): State<Uses>,
    id: RequestId,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let workspace = Query::read(&uri, &["workspace"])?.take("workspace");
    let credential = cookie::credential(&uses.site, &headers, workspace).ok_or_else(door::sign_in_first)?;
    let caller = credential.caller(&*uses.accounts, id.as_str()).await?;
    Ok(stream::open(uses, Pass { caller, credential }, None)?)
}

/// The answer to whoever asks for a page of a workspace that isn't his: what isn't there looks the same.
fn nothing_there() -> Response {
    Failure(ApiError::NotFound(Noun::Page)).into_response()
}

#[cfg(test)]
mod tests;
