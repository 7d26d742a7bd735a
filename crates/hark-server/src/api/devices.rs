//! A user's devices. Deleting one needs user-interactive authentication and is signing out of it until then.

use ruma::api::client::device::{get_device, get_devices, update_device};
use serde_json::{Value, json};

use crate::{
    http::{Answer, ApiError, Json, Session, extract::Shared},
    store::devices::Device,
};

/// Every member is always there: clients refuse a device that lacks one.
fn shown(device: &Device) -> Value {
    json!({
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
    let devices = app.store.read::<_, ApiError, _>(move |snap| Ok(snap.devices(&session.user_id)?)).await?;
    let devices: Vec<Value> = devices.iter().map(shown).collect();
    Ok(Json(json!({ "devices": devices })))
}

/// `GET …/devices/{deviceId}`
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_device::v3::Request,
) -> Result<impl Answer, ApiError> {
    let device =
        app.store.read(move |snap| snap.device(&session.user_id, &request.device_id)?.ok_or_else(unknown));
    Ok(Json(shown(&device.await?)))
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
