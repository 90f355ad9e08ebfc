//! The caller himself, and his tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::user::{IssuedToken, Me, NewToken, Token};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::path::TokenId;
use super::refusals::{Member, Own};
use super::{Answer, Created};
use crate::http::Body;
use crate::http::credential::Authorised;
use crate::http::query::{Listed, Paging};
use crate::http::uses::Uses;

pub(super) fn routes() -> OpenApiRouter<Uses> {
    OpenApiRouter::new()
        .routes(routes!(get_me))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(revoke_token))
}

/// Who am I
///
/// The caller, his workspaces, and what he may do in each.
#[utoipa::path(get, path = "/users/me", tag = "users",
    responses((status = 200, description = "The caller.", body = Me), Member))]
async fn get_me(State(uses): State<Uses>, Authorised(who): Authorised) -> Answer<Json<Me>> {
    Ok(Json(uses.console.me(&who).await?))
}

/// List the caller's tokens
///
/// Without the tokens themselves: they are shown once.
#[utoipa::path(get, path = "/users/me/tokens", tag = "users", params(Paging),
    responses((status = 200, description = "A page of tokens.", body = Vec<Token>), Member))]
async fn list_tokens(State(uses): State<Uses>, Authorised(who): Authorised, paging: Paging) -> Answer<Listed<Token>> {
    let page = uses.console.list_tokens(&who, paging.request.clone()).await?;
    Ok(paging.answer(page))
}

/// Make a token
///
/// This answer alone holds it.
#[utoipa::path(post, path = "/users/me/tokens", tag = "users", request_body = NewToken,
    responses((status = 201, description = "The token.", body = IssuedToken, headers(("Location" = String, description = "The token's address."))), Own))]
async fn create_token(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    Body(new): Body<NewToken>,
) -> Answer<Created<IssuedToken>> {
    let token = uses.console.create_token(&who, new).await?;
    Ok(Created(format!("/api/v1/users/me/tokens/{}", token.about.uuid), token))
}

/// Revoke a token
///
/// It is refused from the next request on.
#[utoipa::path(delete, path = "/users/me/tokens/{id}", tag = "users", params(TokenId),
    responses((status = 204, description = "Revoked."), Member))]
async fn revoke_token(
    State(uses): State<Uses>,
    Authorised(who): Authorised,
    TokenId(id): TokenId,
) -> Answer<StatusCode> {
    uses.console.revoke_token(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
