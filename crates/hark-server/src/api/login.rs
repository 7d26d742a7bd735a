//! Signing in with a password, and asking who one is.
//!
//! The body is read here and not by ruma: clients send the name in two forms, and ruma's reader does not survive a body without
//! a `type`.

use ruma::{
    OwnedDeviceId,
    api::client::{account::whoami, session::get_login_types},
};
use serde::Deserialize;
use serde_json::json;

use super::confirm::is_right;
use crate::{
    accounts::{NewDevice, Secret, names},
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
    password: Option<Secret>,
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
            Some(identifier) if identifier.kind == "m.id.user" => identifier.user.as_deref(),
            Some(_) => {
                return Err(ApiError::forbidden("One signs in here by name, not by address or number."));
            }
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
    Ok(Json(json!({ "flows": [{ "type": "m.login.password" }] })))
}

/// `POST …/login`
pub(super) async fn log_in(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let body: Body = request.body()?;
    if body.kind != "m.login.password" {
        return Err(ApiError::new(
            http::StatusCode::BAD_REQUEST,
            "M_UNKNOWN",
            "This server knows signing in by password only.",
        ));
    }
    let user =
        names::existing_user(body.name()?, &app.server_name).ok_or_else(|| ApiError::forbidden(WRONG))?;
    let password = body.password.ok_or_else(|| ApiError::missing_param("missing field `password`"))?;
    if !is_right(&app, &user, password).await? {
        return Err(ApiError::forbidden(WRONG));
    }
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
