//! What clients keep on the server for their user: for the account, and for each room.

use ruma::{
    RoomId, UserId,
    api::client::config::{get_global_account_data, get_room_account_data},
};
use serde_json::{json, value::RawValue};

use super::own;
use crate::http::{
    Answer, ApiError, Json, Session,
    extract::{Raw, Shared},
};

/// The largest content of one type, in bytes.
const MAX_CONTENT: usize = 65_536;
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
    let (kind, content) = checked(&session, &request, &request.path[1])?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            Ok(tx.set_account_data(&session.user_id, None, &kind, &content)?)
        })
        .await?;
    Ok(Json(json!({})))
}

/// `PUT …/user/{userId}/rooms/{roomId}/account_data/{type}`
pub(super) async fn set_in_room(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let (kind, content) = checked(&session, &request, &request.path[2])?;
    let room =
        RoomId::parse(&request.path[1]).map_err(|_| ApiError::invalid_param("This is not a room id."))?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            Ok(tx.set_account_data(&session.user_id, Some(&room), &kind, &content)?)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Who may, what may, how much.
fn checked(session: &Session, request: &Raw, kind: &str) -> Result<(String, Box<RawValue>), ApiError> {
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
    let content: Box<RawValue> = request.body()?;
    if content.get().len() > MAX_CONTENT {
        return Err(ApiError::too_large("Account data of one type has at most 65,536 bytes."));
    }
    Ok((kind.to_owned(), content))
}
