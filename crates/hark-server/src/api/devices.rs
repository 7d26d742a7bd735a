//! A user's devices. Deleting one signs it out, so it needs the password.

use ruma::{
    OwnedDeviceId, UserId,
    api::client::device::{get_device, get_devices, update_device},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::confirm::confirm;
use crate::{
    accounts::uia::Auth,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::devices::Device,
};

/// The most devices one request deletes.
const MAX_DELETED: usize = 1_000;

#[derive(Deserialize)]
struct One {
    auth: Option<Auth>,
}

#[derive(Deserialize)]
struct Several {
    devices: Vec<OwnedDeviceId>,
    auth: Option<Auth>,
}

/// Every member is always there: clients refuse a device that lacks one.
fn shown(user: &UserId, device: &Device) -> Value {
    json!({
        "user_id": user,
        "device_id": device.id,
        "display_name": device.display_name,
        "last_seen_ip": device.last_seen_ip,
        "last_seen_ts": device.last_seen_ms,
    })
}

fn unknown() -> ApiError {
    ApiError::not_found("You have no device of this id.")
}

/// `GET …/devices`
pub(super) async fn list(
    app: Shared,
    session: Session,
    _: get_devices::v3::Request,
) -> Result<impl Answer, ApiError> {
    let devices = app.accounts.devices(&session.user_id).await?;
    let devices: Vec<Value> = devices.iter().map(|device| shown(&session.user_id, device)).collect();
    Ok(Json(json!({ "devices": devices })))
}

/// `GET …/devices/{deviceId}`
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_device::v3::Request,
) -> Result<impl Answer, ApiError> {
    let devices = app.accounts.devices(&session.user_id).await?;
    let device = devices.iter().find(|device| device.id == request.device_id).ok_or_else(unknown)?;
    Ok(Json(shown(&session.user_id, device)))
}

/// `PUT …/devices/{deviceId}`
pub(super) async fn rename(
    app: Shared,
    session: Session,
    request: update_device::v3::Request,
) -> Result<impl Answer, ApiError> {
    let name = request.display_name.unwrap_or_else(|| request.device_id.to_string());
    if name.len() > 255 {
        return Err(ApiError::invalid_param("A device's name has at most 255 bytes."));
    }
    let renamed = app.store.write::<_, ApiError, _>(move |tx| {
        Ok(tx.rename_device(&session.user_id, &request.device_id, &name)?)
    });
    if renamed.await? { Ok(update_device::v3::Response::new()) } else { Err(unknown()) }
}

/// `DELETE …/devices/{deviceId}`. One that does not exist is deleted already.
pub(super) async fn delete(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let device = OwnedDeviceId::from(request.path[0].as_str());
    let body: One = request.body()?;
    confirm(&app, &session, &format!("delete device {device}"), body.auth).await?;
    app.accounts.sign_out(&session.user_id, vec![device]).await?;
    Ok(Json(json!({})))
}

/// `POST …/delete_devices`
pub(super) async fn delete_several(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let mut body: Several = request.body()?;
    if body.devices.len() > MAX_DELETED {
        return Err(ApiError::invalid_param("At most 1,000 devices are deleted at once."));
    }
    body.devices.sort();
    body.devices.dedup();
    confirm(&app, &session, &format!("delete devices {:?}", body.devices), body.auth).await?;
    app.accounts.sign_out(&session.user_id, body.devices).await?;
    Ok(Json(json!({})))
}
