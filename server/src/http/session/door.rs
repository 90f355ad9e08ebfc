//! Who may pass to which page or call, and as whom.

use std::sync::Arc;

use app::viewer::Viewer;
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use contract::{ApiError, Caller, Doorkeeper};
use leptos::prelude::{provide_context, use_context};
use percent_encoding::percent_decode_str;

use super::{cookie, nothing_there};
use crate::http::credential::Credential;
use crate::http::uses::{Accounts, Uses};
use crate::http::{Failure, RequestId, router};

/// Asks who has sent this request's cookie. Kept in the request's extensions.
#[derive(Clone)]
struct Door(Arc<dyn Doorkeeper>);

struct SessionDoor {
    accounts: Arc<dyn Accounts>,
    credential: Credential,
    request_id: RequestId,
}

#[async_trait]
impl Doorkeeper for SessionDoor {
    async fn caller(&self, workspace: &str) -> Result<Caller, ApiError> {
        let credential = match &self.credential {
            Credential::Session { session, .. } => {
                Credential::Session { session: session.clone(), workspace: Some(workspace.to_owned()) }
            }
            other @ Credential::Bearer { .. } => other.clone(),
        };
        credential.caller(&*self.accounts, self.request_id.as_str()).await
    }
}

pub(super) fn sign_in_first() -> ApiError {
    ApiError::Unauthenticated("Sign in first".into())
}

/// In front of every page and call. Puts the [`Doorkeeper`] and, for a page of a workspace, its [`Caller`] into the
/// request's extensions; [`context`] hands both on.
///
/// Without a good session a page of a workspace becomes the sign-in page, and a call a 401. A workspace that isn't
/// the caller's is answered like an address that leads nowhere.
pub async fn admit(State(uses): State<Uses>, id: RequestId, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let credential = cookie::credential(&uses.site, request.headers(), None);
    if let Some(credential) = credential {
        let door = Arc::new(SessionDoor { accounts: uses.accounts.clone(), credential, request_id: id });
        request.extensions_mut().insert(Door(door));
    } else if router::is_call(&path) {
        return Failure(sign_in_first()).into_response();
    }
    let Some(workspace) = workspace(&path) else { return next.run(request).await };
    let door = request.extensions().get::<Door>().cloned();
    let who = match (&door, workspace) {
        (_, None) => return nothing_there(),
        (Some(door), Some(workspace)) => door.0.caller(&workspace).await,
        (None, _) => Err(sign_in_first()),
    };
    match who {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.run(request).await
        }
        Err(ApiError::Unauthenticated(_)) => to_sign_in(&request, door.is_some()),
        Err(ApiError::NotFound(_)) => nothing_there(),
        Err(error) => Failure(error).into_response(),
    }
}

/// The sign-in page, which leads back here; it says so where a session has ended.
fn to_sign_in(request: &Request, ended: bool) -> Response {
    let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
    let page = if ended { app::paths::sign_in_refused("expired", Some(here)) } else { app::paths::sign_in(here) };
    Redirect::to(&page).into_response()
}

/// What stands after `/w/`; `Some(None)` where that can't be a name.
fn workspace(path: &str) -> Option<Option<String>> {
    let rest = path.strip_prefix("/w/")?;
    let segment = rest.split('/').next().unwrap_or_default();
    let name = percent_decode_str(segment).decode_utf8().ok().filter(|name| !name.is_empty());
    Some(name.map(Into::into))
}

/// What pages and server functions find in their context: the use cases, the doorkeeper, and the viewer of a page.
pub fn context(uses: &Uses) -> impl Fn() + Clone + Send + Sync + 'static {
    let console = uses.console.clone();
    move || {
        provide_context(console.clone());
        let Some(parts) = use_context::<Parts>() else { return };
        if let Some(door) = parts.extensions.get::<Door>() {
            provide_context(door.0.clone());
        }
        if let Some(who) = parts.extensions.get::<Caller>() {
            provide_context(who.clone());
            provide_context(viewer(who));
        }
    }
}

fn viewer(who: &Caller) -> Viewer {
    Viewer {
        account: who.email.clone(),
        workspace: who.workspace_slug.clone(),
        workspace_label: who.workspace_name.clone(),
        role: who.role.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::header;
    use axum::middleware::from_fn_with_state;
    use axum::{Extension, Router, routing};

    use super::*;
    use crate::http::Site;
    use crate::http::fake::Fake;
    use crate::http::tests::{send, state, text};

    /// What a server function does: asks for the caller in the workspace that it was called with.
    async fn call(Extension(door): Extension<Door>, workspace: String) -> Result<String, Failure> {
        Ok(door.0.caller(&workspace).await?.email)
    }

    #[tokio::test]
    async fn a_call_is_the_sessions_in_the_workspace_that_it_names() {
        let (state, fake) = (state(Site { port: 7340, ..Site::default() }), Fake::new());
        let uses = Uses::new(&state, fake.clone(), fake.clone(), fake);
        let calls = Router::new().route("/call/x", routing::post(call)).layer(from_fn_with_state(uses, admit));
        let app = router::layered(calls, state);
        for (cookie, workspace, status, said) in [
            ("good", "main", 200, "ann@example.com"),
            ("good", "other", 404, r#"{"not_found":"workspace"}"#),
            ("ended", "main", 401, r#"{"unauthenticated":"Sign in first"}"#),
            ("", "main", 401, r#"{"unauthenticated":"Sign in first"}"#),
        ] {
            let request =
                Request::post("/call/x").header(header::HOST, "127.0.0.1:7340").header("sec-fetch-site", "same-origin");
            let request =
                request.header(header::COOKIE, format!("berth-7340={cookie}")).body(Body::from(workspace)).unwrap();
            let response = send(&app, request).await;
            assert_eq!(
                (response.status().as_u16(), text(response).await.as_str()),
                (status, said),
                "{cookie} {workspace}"
            );
        }
    }

    #[test]
    fn a_page_names_its_workspace() {
        let named = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(workspace("/w/main"), named("main"));
        assert_eq!(workspace("/w/ma%69n/services/new"), named("main"));
        assert_eq!(workspace("/w/a%2Fb"), named("a/b"));
        for none in ["/w/", "/w//services", "/w/%ff"] {
            assert_eq!(workspace(none), Some(None), "{none}");
        }
        for other in ["/", "/w", "/sign-in", "/call/x", "/W/main"] {
            assert_eq!(workspace(other), None, "{other}");
        }
    }
}
