//! The plain form posts. Each ends in a redirect (303), so that reloading repeats nothing; a refusal leads back to the
//! form with a code, never with what was typed.

use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use contract::ApiError;
use contract::user::SignIn;
use contract::values::Secret;
use serde::Deserialize;
use uuid::Uuid;

use super::{cookie, next};
use crate::http::uses::Uses;
use crate::http::{Body, ClientAddress, Failure};

type Answer = Result<Response, Failure>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

impl Credentials {
    /// Read as the API reads them.
    fn parse(&self) -> Result<(String, Secret), ApiError> {
        let fields =
            SignIn { email: self.email.as_str().into(), password: self.password.as_str().into(), ..SignIn::default() };
        Ok(fields.parse()?)
    }
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(uses): State<Uses>,
    from: ClientAddress,
    headers: HeaderMap,
    Body(form): Body<Credentials>,
) -> Answer {
    match check(&uses, from, &form).await {
        Ok(user) => begin(&uses, from, &headers, user, next::local(form.next.as_deref())).await,
        Err(ApiError::Unauthenticated(_) | ApiError::Invalid(_)) => Ok(back("credentials", &form).into_response()),
        Err(ApiError::TooMany(wait)) => {
            Ok(([(header::RETRY_AFTER, HeaderValue::from(wait))], back("limited", &form)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn check(uses: &Uses, from: ClientAddress, form: &Credentials) -> Result<Uuid, ApiError> {
    let (email, password) = form.parse()?;
    uses.sign_in.attempt(&email, from.0)?;
    let user = uses.accounts.sign_in(&email, &password).await?;
    uses.sign_in.succeeded(&email, from.0);
    Ok(user)
}

fn back(code: &str, form: &Credentials) -> Redirect {
    let next = Some(next::local(form.next.as_deref())).filter(|next| *next != "/");
    Redirect::to(&app::paths::sign_in_refused(code, next))
}

/// A new session, whatever cookie the browser came with (H22); that one ends.
async fn begin(uses: &Uses, from: ClientAddress, headers: &HeaderMap, user: Uuid, to: &str) -> Answer {
    if let Some(old) = cookie::read(&uses.site, headers) {
        uses.accounts.close_session(&old).await?;
    }
    let agent = headers.get(header::USER_AGENT).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let session = uses.accounts.open_session(user, from.0, agent).await?;
    Ok(with_cookie(cookie::set(&uses.site, headers, &session), Redirect::to(to)))
}

fn with_cookie(cookie: Option<HeaderValue>, to: Redirect) -> Response {
    let mut response = to.into_response();
    response.headers_mut().extend(cookie.map(|value| (header::SET_COOKIE, value)));
    response
}

/// `POST /sign-out`
pub(super) async fn sign_out(State(uses): State<Uses>, headers: HeaderMap) -> Answer {
    if let Some(session) = cookie::read(&uses.site, &headers) {
        uses.accounts.close_session(&session).await?;
    }
    Ok(with_cookie(cookie::clear(&uses.site, &headers), Redirect::to(app::paths::SIGN_IN)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    theme: String,
    back: Option<String>,
}

/// `POST /theme`: without script; with it the page sets the cookie by itself.
pub(super) async fn theme(Body(form): Body<Look>) -> Response {
    let cookie = app::ui::Theme::parse(&form.theme).cookie();
    let cookie = HeaderValue::try_from(cookie).ok();
    with_cookie(cookie, Redirect::to(next::local(form.back.as_deref())))
}

/// `POST /set-up/{secret}`: the first admin.
pub(super) async fn set_up(
    State(uses): State<Uses>,
    Path(link): Path<String>,
    from: ClientAddress,
    here: OriginalUri,
    headers: HeaderMap,
    Body(form): Body<Credentials>,
) -> Answer {
    let made = match uses.sign_in.attempt(&link, from.0) {
        Ok(()) => uses.accounts.use_setup_link(&Secret::new(&*link), &form.email, &Secret::new(&*form.password)).await,
        Err(limited) => Err(limited),
    };
    let again = |code: &str| Redirect::to(&format!("{}?e={code}", here.path())).into_response();
    match made {
        Ok(user) => begin(&uses, from, &headers, user, "/").await,
        Err(ApiError::Invalid(invalid)) => Ok(again(if invalid.at("email").is_some() { "email" } else { "password" })),
        Err(ApiError::TooMany(_)) => Ok(again("limited")),
        Err(ApiError::Refused(_) | ApiError::NotFound(_) | ApiError::Unauthenticated(_)) => Ok(again("link")),
        Err(error) => Err(error.into()),
    }
}
