//! Signing in without a browser.

use axum::Json;
use axum::extract::State;
use contract::ApiError;
use contract::user::{Refresh, SignIn, Tokens};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::refusals::SigningIn;
use crate::http::uses::Uses;
use crate::http::{Body, ClientAddress};

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new().routes(routes!(sign_in)).routes(routes!(refresh_token))
}

/// Sign in
///
/// The access token is good for 30 minutes, the refresh token for one use.
#[utoipa::path(post, path = "/auth/sign_in", tag = "auth", security(()), request_body = SignIn,
    responses((status = 200, description = "A pair of tokens.", body = Tokens), SigningIn))]
async fn sign_in(State(uses): State<Uses>, from: ClientAddress, Body(body): Body<SignIn>) -> Answer<Json<Tokens>> {
    let (email, password) = body.parse().map_err(ApiError::from)?;
    uses.sign_in.attempt(&email, from.0)?;
    let user = uses.accounts.sign_in(&email, &password).await?;
    uses.sign_in.succeeded(&email, from.0);
    Ok(Json(uses.accounts.issue(user).await?))
}

/// Get the next pair of tokens
///
/// A refresh token that is used a second time ends every token that came of its sign-in.
#[utoipa::path(post, path = "/auth/refresh_token", tag = "auth", security(()), request_body = Refresh,
    responses((status = 200, description = "The next pair of tokens.", body = Tokens), SigningIn))]
async fn refresh_token(
    State(uses): State<Uses>,
    from: ClientAddress,
    Body(body): Body<Refresh>,
) -> Answer<Json<Tokens>> {
    let token = body.parse().map_err(ApiError::from)?;
    uses.sign_in.attempt(token.expose(), from.0)?;
    Ok(Json(uses.accounts.refresh(&token).await?))
}
