//! What clients keep on the server for their user: for the account, and for each room.

use ruma::{
    OwnedRoomId, UserId,
    api::client::config::{get_global_account_data, get_room_account_data},
};
use serde_json::{Value, json, value::RawValue};

use super::{own, room_id};
use crate::http::{
    Answer, ApiError, Json, Session,
    extract::{Raw, Shared},
};

/// The largest content of one type, in bytes.
const MAX_CONTENT: usize = 65_536;
/// The longest type, in bytes.
const MAX_TYPE: usize = 255;
/// All that one user may keep, in bytes.
const MAX_TOTAL: i64 = 10_000_000;
/// Types the server keeps by other endpoints.
const NOT_HERE: [&str; 2] = ["m.push_rules", "m.fully_read"];

fn unset() -> ApiError {
    ApiError::not_found("There is no account data of this type.")
}

/// `GET …/user/{userId}/account_data/{type}`
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_global_account_data::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    let kind = request.event_type.to_string();
    let content = app.store.read(move |snap| {
        if kind == "m.push_rules" {
            return Ok(Some(snap.push_rules_content(&request.user_id)?));
        }
        Ok::<_, ApiError>(snap.account_data(&request.user_id, None, &kind)?)
    });
    Ok(Json(content.await?.ok_or_else(unset)?))
}

/// `GET …/user/{userId}/rooms/{roomId}/account_data/{type}`
pub(super) async fn get_in_room(
    app: Shared,
    session: Session,
    request: get_room_account_data::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    let kind = request.event_type.to_string();
    let content = app.store.read::<_, ApiError, _>(move |snap| {
        Ok(snap.account_data(&request.user_id, Some(&request.room_id), &kind)?)
    });
    Ok(Json(content.await?.ok_or_else(unset)?))
}

/// `PUT …/user/{userId}/account_data/{type}`
pub(super) async fn set(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let kind = writable(&session, &request, &request.path[1])?;
    let content = content(&app, &session, &request).await?;
    store(&app, session, None, kind, content).await
}

/// `PUT …/user/{userId}/rooms/{roomId}/account_data/{type}`
pub(super) async fn set_in_room(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let kind = writable(&session, &request, &request.path[2])?;
    let room = room_id(&request.path[1])?;
    let content = content(&app, &session, &request).await?;
    store(&app, session, Some(room), kind, content).await
}

/// `DELETE …/user/{userId}/account_data/{type}` (MSC3391)
pub(super) async fn delete(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let kind = writable(&session, &request, &request.path[1])?;
    store(&app, session, None, kind, nothing()?).await
}

/// `DELETE …/user/{userId}/rooms/{roomId}/account_data/{type}` (MSC3391)
pub(super) async fn delete_in_room(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let kind = writable(&session, &request, &request.path[2])?;
    let room = room_id(&request.path[1])?;
    store(&app, session, Some(room), kind, nothing()?).await
}

async fn store(
    app: &Shared,
    session: Session,
    room: Option<OwnedRoomId>,
    kind: String,
    content: Box<RawValue>,
) -> Result<Json<Value>, ApiError> {
    app.store
        .write::<_, ApiError, _>(move |tx| {
            Ok(tx.set_account_data(&session.user_id, room.as_deref(), &kind, &content)?)
        })
        .await?;
    Ok(Json(json!({})))
}

fn nothing() -> Result<Box<RawValue>, ApiError> {
    serde_json::value::to_raw_value(&json!({})).map_err(|_| ApiError::internal())
}

/// The type, if the asker may set it here.
fn writable(session: &Session, request: &Raw, kind: &str) -> Result<String, ApiError> {
    let user =
        UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    own(session, &user)?;
    if NOT_HERE.contains(&kind) {
        return Err(ApiError::new(
            http::StatusCode::METHOD_NOT_ALLOWED,
            "M_BAD_JSON",
            "This type is set by an endpoint of its own.",
        ));
    }
    if kind.len() > MAX_TYPE {
        return Err(ApiError::invalid_param("A type has at most 255 bytes."));
    }
    Ok(kind.to_owned())
}

/// What the request wants to keep, if there is room for it. What is kept at the same moment by another request is not counted.
async fn content(app: &Shared, session: &Session, request: &Raw) -> Result<Box<RawValue>, ApiError> {
    let content = request.content()?;
    if content.get().len() > MAX_CONTENT {
        return Err(ApiError::too_large("Account data of one type has at most 65,536 bytes."));
    }
    let user = session.user_id.clone();
    let kept = app.store.read::<_, ApiError, _>(move |snap| Ok(snap.account_data_size(&user)?)).await?;
    if kept + content.get().len() as i64 > MAX_TOTAL {
        return Err(ApiError::too_large("You keep too much account data: delete some first."));
    }
    Ok(content)
}
