//! A user's tags on a room. They are one piece of room account data, `m.tag`, changed one tag at a time.

use ruma::{
    RoomId, UserId,
    api::client::tag::{delete_tag, get_tags},
};
use serde_json::{Map, Value, json, value::to_raw_value};

use super::own;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::{Snapshot, StoreError, Tx, to_json_error},
};

/// Tags on one room.
const MAX_TAGS: usize = 100;

/// `GET …/user/{userId}/rooms/{roomId}/tags`
pub(super) async fn list(
    app: Shared,
    session: Session,
    request: get_tags::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    let tags =
        app.store.read::<_, ApiError, _>(move |snap| Ok(tags_of(snap, &request.user_id, &request.room_id)?));
    Ok(Json(json!({ "tags": tags.await? })))
}

/// `PUT …/user/{userId}/rooms/{roomId}/tags/{tag}`
pub(super) async fn set(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let user =
        UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    own(&session, &user)?;
    let room =
        RoomId::parse(&request.path[1]).map_err(|_| ApiError::invalid_param("This is not a room id."))?;
    let tag = request.path[2].clone();
    if tag.len() > 255 {
        return Err(ApiError::invalid_param("A tag has at most 255 bytes."));
    }
    let info: Map<String, Value> = request.body()?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let mut tags = tags_of(tx, &user, &room)?;
            if tags.len() >= MAX_TAGS && !tags.contains_key(&tag) {
                return Err(ApiError::forbidden("This room has too many tags."));
            }
            tags.insert(tag, Value::Object(info));
            Ok(store_tags(tx, &user, &room, tags)?)
        })
        .await?;
    Ok(Json(json!({})))
}

/// `DELETE …/user/{userId}/rooms/{roomId}/tags/{tag}`
pub(super) async fn remove(
    app: Shared,
    session: Session,
    request: delete_tag::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let mut tags = tags_of(tx, &request.user_id, &request.room_id)?;
            if tags.remove(&request.tag).is_some() {
                store_tags(tx, &request.user_id, &request.room_id, tags)?;
            }
            Ok(())
        })
        .await?;
    Ok(delete_tag::v3::Response::new())
}

fn tags_of(snap: &Snapshot<'_>, user: &UserId, room: &RoomId) -> Result<Map<String, Value>, StoreError> {
    let Some(content) = snap.account_data(user, Some(room), "m.tag")? else { return Ok(Map::new()) };
    let mut content: Map<String, Value> =
        serde_json::from_str(content.get()).map_err(to_json_error("m.tag"))?;
    match content.remove("tags") {
        Some(Value::Object(tags)) => Ok(tags),
        _ => Ok(Map::new()),
    }
}

fn store_tags(
    tx: &mut Tx<'_>,
    user: &UserId,
    room: &RoomId,
    tags: Map<String, Value>,
) -> Result<(), StoreError> {
    let content = to_raw_value(&json!({ "tags": tags })).map_err(to_json_error("m.tag"))?;
    tx.set_account_data(user, Some(room), "m.tag", &content)
}
