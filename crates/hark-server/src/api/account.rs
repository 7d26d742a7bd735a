//! The account as a whole: another password, and its end.

use serde::Deserialize;
use serde_json::json;

use super::confirm::confirm;
use crate::{
    accounts::{Keep, Secret, uia::Auth},
    closing,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
};

#[derive(Deserialize)]
struct PasswordChange {
    new_password: Secret,
    #[serde(default = "yes")]
    logout_devices: bool,
    auth: Option<Auth>,
}

#[derive(Deserialize)]
struct Deactivation {
    #[serde(default)]
    erase: bool,
    auth: Option<Auth>,
}

fn yes() -> bool {
    true
}

/// `POST …/account/password`
pub(super) async fn change_password(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let body: PasswordChange = request.body()?;
    body.new_password.check_strength()?;
    confirm(&app, &session, "change the password", body.auth).await?;
    let keep = if body.logout_devices { Keep::ThisDevice } else { Keep::AllDevices };
    app.accounts.change_password(&session, body.new_password, keep).await?;
    Ok(Json(json!({})))
}

/// `POST …/account/deactivate`
pub(super) async fn deactivate(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let body: Deactivation = request.body()?;
    let purpose = if body.erase { "close and erase the account" } else { "close the account" };
    confirm(&app, &session, purpose, body.auth).await?;
    closing::close(&app, session.user_id, body.erase).await?;
    Ok(Json(json!({ "id_server_unbind_result": "no-support" })))
}
