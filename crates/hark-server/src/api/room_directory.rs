//! Aliases of rooms.

use ruma::RoomAliasId;
use serde::Deserialize;
use serde_json::json;

use super::room_id;
use crate::{
    gate::Viewer,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    rooms::RoomError,
    store::Position,
};

/// `GET …/directory/room/{roomAlias}`
pub(super) async fn resolve(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let room = app.rooms.resolve(alias(&request)?).await?;
    Ok(Json(json!({ "room_id": room, "servers": [app.server_name] })))
}

/// `PUT …/directory/room/{roomAlias}`
pub(super) async fn add(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        room_id: ruma::OwnedRoomId,
    }
    let Body { room_id } = request.body()?;
    app.rooms.add_alias(alias(&request)?, room_id, session.user_id).await?;
    Ok(Json(json!({})))
}

/// `DELETE …/directory/room/{roomAlias}`
pub(super) async fn remove(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    app.rooms.remove_alias(alias(&request)?, session.user_id).await?;
    Ok(Json(json!({})))
}

/// `GET …/rooms/{roomId}/aliases`
pub(super) async fn of_room(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let room = room_id(&request.path[0])?;
    let aliases = app
        .store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            // Aliases are as they are now, which is not for those who have left.
            if viewer.state_position() != Some(Position::FOREVER.before()) {
                return Err(RoomError::not_in_room().into());
            }
            Ok(snapshot.aliases_of(room.nid)?)
        })
        .await?;
    Ok(Json(json!({ "aliases": aliases })))
}

fn alias(request: &Raw) -> Result<ruma::OwnedRoomAliasId, ApiError> {
    RoomAliasId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not an alias."))
}
