//! What those who run the server may do about an account. Whether they may is asked before anything is looked up, so that nobody
//! else learns who has an account here.

use ruma::{
    UserId,
    api::client::admin::{get_user_info, is_user_locked, is_user_suspended, lock_user, suspend_user},
};
use serde_json::{Map, Value, json};

use crate::{
    accounts::Hold,
    http::{Answer, ApiError, Json, Session, extract::Shared},
};

async fn only_admins(app: &Shared, session: &Session) -> Result<(), ApiError> {
    if app.accounts.is_admin(&session.user_id).await? {
        Ok(())
    } else {
        Err(ApiError::forbidden("This is for those who run the server."))
    }
}

/// `GET …/admin/whois/{userId}`: one's own sessions, and for those who run the server those of everybody.
pub(super) async fn whois(
    app: Shared,
    session: Session,
    request: get_user_info::v3::Request,
) -> Result<impl Answer, ApiError> {
    let user = request.user_id;
    if user != session.user_id {
        only_admins(&app, &session).await?;
    }
    let mut devices = Map::new();
    for device in app.accounts.devices(&user).await? {
        let connection = json!({ "ip": device.last_seen_ip, "last_seen": device.last_seen_ms });
        devices.insert(device.id.to_string(), json!({ "sessions": [{ "connections": [connection] }] }));
    }
    Ok(Json(json!({ "user_id": user, "devices": devices })))
}

/// `GET …/admin/suspend/{userId}`
pub(super) async fn is_suspended(
    app: Shared,
    session: Session,
    request: is_user_suspended::v1::Request,
) -> Result<impl Answer, ApiError> {
    let held = look_up(&app, &session, &request.user_id, Hold::Suspended).await?;
    Ok(Json(json!({ "suspended": held })))
}

/// `PUT …/admin/suspend/{userId}`
pub(super) async fn suspend(
    app: Shared,
    session: Session,
    request: suspend_user::v1::Request,
) -> Result<impl Answer, ApiError> {
    hold(&app, &session, &request.user_id, Hold::Suspended, request.suspended).await?;
    Ok(Json(json!({ "suspended": request.suspended })))
}

/// `GET …/admin/lock/{userId}`
pub(super) async fn is_locked(
    app: Shared,
    session: Session,
    request: is_user_locked::v1::Request,
) -> Result<impl Answer, ApiError> {
    let held = look_up(&app, &session, &request.user_id, Hold::Locked).await?;
    Ok(Json(json!({ "locked": held })))
}

/// `PUT …/admin/lock/{userId}`
pub(super) async fn lock(
    app: Shared,
    session: Session,
    request: lock_user::v1::Request,
) -> Result<impl Answer, ApiError> {
    hold(&app, &session, &request.user_id, Hold::Locked, request.locked).await?;
    Ok(Json(json!({ "locked": request.locked })))
}

async fn look_up(app: &Shared, session: &Session, user: &UserId, hold: Hold) -> Result<Value, ApiError> {
    only_admins(app, session).await?;
    if user.server_name() != app.server_name {
        return Err(ApiError::invalid_param("This is a user of another server."));
    }
    let held = app.accounts.is_held(user, hold).await?;
    held.map(Value::from).ok_or_else(|| ApiError::not_found("There is no such user here."))
}

/// Nobody locks themselves out, and those who run the server do not hold each other back.
async fn hold(
    app: &Shared,
    session: &Session,
    user: &UserId,
    hold: Hold,
    held: bool,
) -> Result<(), ApiError> {
    look_up(app, session, user, hold).await?;
    if app.accounts.is_admin(user).await? {
        return Err(ApiError::forbidden("Those who run the server are not held back here."));
    }
    app.accounts.set_held(user, hold, held).await
}
