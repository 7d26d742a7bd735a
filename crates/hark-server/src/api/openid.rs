//! Telling another service who somebody is, without letting it into their account (spec: "OpenID"). Calls and widgets begin so.

use http::StatusCode;
use ruma::UserId;
use serde::Deserialize;
use serde_json::json;

use super::own;
use crate::{
    clock,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
};

/// `POST …/user/{userId}/openid/request_token`
pub(super) async fn request_token(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let user =
        UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    own(&session, &user)?;
    let tokens = &app.accounts.identity_tokens;
    let token = tokens.issue(session.user_id, clock::instant());
    Ok(Json(json!({
        "access_token": token.reveal(),
        "token_type": "Bearer",
        "matrix_server_name": app.server_name,
        "expires_in": tokens.lifetime.as_secs(),
    })))
}

#[derive(Deserialize)]
struct Query {
    access_token: Option<String>,
}

/// `GET /_matrix/federation/v1/openid/userinfo`, which the other service asks.
pub(super) async fn user_info(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let token = request.query::<Query>()?.access_token.ok_or_else(ApiError::missing_token)?;
    let user = app.accounts.identity_tokens.owner(&token, clock::instant()).ok_or_else(|| {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "M_UNKNOWN_TOKEN",
            "This token is unknown, or its time is over.",
        )
    })?;
    Ok(Json(json!({ "sub": user })))
}
