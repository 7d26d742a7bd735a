//! `…/dehydrated_device` (MSC3814): a device that takes in messages while all others are away, until one of them brings it to life.

use ruma::OwnedDeviceId;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    http::{
        Answer, ApiError, Json, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    keys::upload::Upload,
    store::{Position, dehydrated::DehydratedDevice},
    sync::{Token, to_device_event},
};

/// The largest `device_data`, in bytes.
const MAX_DATA: usize = 65_536;
/// The longest id and name, in bytes.
const MAX_NAME: usize = 255;
/// Messages of one answer.
const MAX_EVENTS: usize = 100;

#[derive(Deserialize)]
struct NewDevice {
    device_id: OwnedDeviceId,
    device_data: Box<RawValue>,
    initial_device_display_name: Option<String>,
}

fn none() -> ApiError {
    ApiError::not_found("There is no dehydrated device.")
}

/// `PUT …/dehydrated_device`. There is one at most: it takes the place of the one before.
pub(super) async fn put(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let NewDevice { device_id, device_data, initial_device_display_name: name } = request.body()?;
    if !device_data.get().starts_with('{') {
        return Err(ApiError::bad_json("The data of a dehydrated device is an object."));
    }
    let id = device_id.as_str();
    if id.is_empty() || id.len() > MAX_NAME || id.contains(char::is_control) {
        return Err(ApiError::invalid_param("A device id has 1 to 255 printable characters."));
    }
    if device_data.get().len() > MAX_DATA || name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
        return Err(ApiError::too_large(
            "A dehydrated device's data has at most 65,536 bytes, its name at most 255.",
        ));
    }
    let upload = Upload::check_whole(request.body()?, &session.user_id, &device_id)?;
    let answer = json!({ "device_id": device_id });
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let user = &session.user_id;
            if tx.device(user, &device_id)?.is_some() {
                return Err(ApiError::invalid_param("A device that is signed in has this id."));
            }
            let device = DehydratedDevice { id: device_id, data: device_data };
            tx.set_dehydrated_device(user, &device, name.as_deref())?;
            Ok(upload.store(tx, user, &device.id)?)
        })
        .await?;
    Ok(Json(answer))
}

/// `GET …/dehydrated_device`
pub(super) async fn get(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let device =
        app.store.read(move |snapshot| snapshot.dehydrated_device(&session.user_id)?.ok_or_else(none));
    let device = device.await?;
    Ok(Json(json!({ "device_id": device.id, "device_data": device.data })))
}

/// `DELETE …/dehydrated_device`
pub(super) async fn delete(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let deleted = app.store.write(move |tx| tx.delete_dehydrated_device(&session.user_id)?.ok_or_else(none));
    Ok(Json(json!({ "device_id": deleted.await? })))
}

#[derive(Deserialize)]
struct Query {
    next_batch: Option<String>,
}

/// `POST …/dehydrated_device/{device_id}/events`: what waits for it, from the beginning or from where the last answer ended. It stays
/// until the device goes, so that a client that is interrupted can begin again.
pub(super) async fn events(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let device = OwnedDeviceId::from(request.path[0].as_str());
    let head = app.store.committed();
    let Query { next_batch } = request.body()?;
    let after = match next_batch {
        Some(token) => Token::parse(&token, app.store.epoch(), head)?,
        None => Token::at(app.store.epoch(), Position::START),
    };
    let answer = app.store.read::<_, ApiError, _>(move |snapshot| {
        let user = &session.user_id;
        if snapshot.dehydrated_device(user)?.ok_or_else(none)?.id != device {
            return Err(ApiError::forbidden("This is not your dehydrated device."));
        }
        let waiting = snapshot.to_device_after(user, &device, after.pos, head, MAX_EVENTS)?;
        let next = Token { pos: waiting.last().map_or(after.pos, |last| last.pos), ..after };
        let mut body = String::new();
        Object::new(&mut body)
            .text("next_batch", &next.to_string())
            .array("events", waiting.iter().map(to_device_event));
        Ok(body)
    });
    Ok(Body(answer.await?))
}
