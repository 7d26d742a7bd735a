//! Signing in with a password or with a token from another device, tokens that are got anew, and asking who one is.
//!
//! The body is read here and not by ruma: clients send the name in two forms, and ruma's reader does not survive a body without
//! a `type`.

use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::client::{account::whoami, session::get_login_types},
};
use serde::Deserialize;
use serde_json::json;

use super::confirm::{confirm, is_right};
use crate::{
    accounts::{NewDevice, Secret, names, uia::Auth},
    clock,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
};

/// What wrong names and wrong passwords alike are answered.
const WRONG: &str = "The name or the password is wrong.";

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    identifier: Option<Identifier>,
    /// The form before r0.4, still sent by old bots.
    user: Option<String>,
    /// The same by mail or telephone.
    medium: Option<String>,
    password: Option<Secret>,
    /// For `m.login.token`.
    token: Option<String>,
    device_id: Option<OwnedDeviceId>,
    initial_device_display_name: Option<String>,
    #[serde(default)]
    refresh_token: bool,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(rename = "type")]
    kind: String,
    user: Option<String>,
}

impl Body {
    /// The name as it was typed.
    fn name(&self) -> Result<&str, ApiError> {
        let user = match &self.identifier {
            Some(identifier) => match identifier.kind.as_str() {
                "m.id.user" => identifier.user.as_deref(),
                "m.id.thirdparty" | "m.id.phone" => return Err(not_by_address()),
                _ => return Err(unknown("This server knows no such way of saying who one is.")),
            },
            None if self.user.is_none() && self.medium.is_some() => return Err(not_by_address()),
            None => self.user.as_deref(),
        };
        user.ok_or_else(|| ApiError::missing_param("missing field `identifier`"))
    }
}

/// `GET …/login`
pub(super) async fn flows(
    _: Shared,
    (): (),
    _: get_login_types::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "flows": [
        { "type": "m.login.password" },
        { "type": "m.login.token", "get_login_token": true },
    ]})))
}

fn not_by_address() -> ApiError {
    ApiError::forbidden("One signs in here by name, not by address or number.")
}

fn unknown(message: &'static str) -> ApiError {
    ApiError::new(http::StatusCode::BAD_REQUEST, "M_UNKNOWN", message)
}

/// `POST …/login`
pub(super) async fn log_in(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let body: Body = request.body()?;
    let user = match body.kind.as_str() {
        "m.login.password" => by_password(&app, &body).await?,
        "m.login.token" => by_token(&app, &body)?,
        _ => {
            return Err(unknown(
                "This server knows signing in by password, or by a token from another device.",
            ));
        }
    };
    let device = NewDevice {
        device_id: body.device_id,
        display_name: body.initial_device_display_name,
        from: Some(request.peer),
        refreshes: body.refresh_token,
    };
    let signed_in = app.accounts.sign_in(&user, device).await?;
    let mut answer = json!({
        "user_id": user,
        "device_id": signed_in.device_id,
        "home_server": app.server_name,
    });
    signed_in.tokens.reveal_in(&mut answer);
    Ok(Json(answer))
}

async fn by_password(app: &Shared, body: &Body) -> Result<OwnedUserId, ApiError> {
    let user =
        names::existing_user(body.name()?, &app.server_name).ok_or_else(|| ApiError::forbidden(WRONG))?;
    let password = body.password.clone();
    let password = password.ok_or_else(|| ApiError::missing_param("missing field `password`"))?;
    if is_right(app, &user, password).await? { Ok(user) } else { Err(ApiError::forbidden(WRONG)) }
}

fn by_token(app: &Shared, body: &Body) -> Result<OwnedUserId, ApiError> {
    let token = body.token.as_deref().ok_or_else(|| ApiError::missing_param("missing field `token`"))?;
    let owner = app.accounts.login_tokens.take(token, clock::instant());
    owner.ok_or_else(|| ApiError::forbidden("This token was used, or its time is over: get another."))
}

#[derive(Deserialize)]
struct GetToken {
    auth: Option<Auth>,
}

/// `POST …/login/get_token`: a token that signs in another device.
pub(super) async fn get_token(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let body: GetToken = request.body()?;
    confirm(&app, &session, "get a login token", body.auth).await?;
    let tokens = &app.accounts.login_tokens;
    let token = tokens.issue(session.user_id, clock::instant());
    Ok(Json(json!({
        "login_token": token.reveal(),
        "expires_in_ms": tokens.lifetime.as_millis() as u64,
    })))
}

#[derive(Deserialize)]
struct Refresh {
    refresh_token: String,
}

/// `POST …/refresh`
pub(super) async fn refresh(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let body: Refresh = request.body()?;
    let mut answer = json!({});
    app.accounts.refresh(&body.refresh_token).await?.reveal_in(&mut answer);
    Ok(Json(answer))
}

/// `GET …/account/whoami`
pub(super) async fn whoami(
    _: Shared,
    session: Session,
    _: whoami::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "user_id": session.user_id, "device_id": session.device_id, "is_guest": false })))
}
