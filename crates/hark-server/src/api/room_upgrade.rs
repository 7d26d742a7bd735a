//! `POST …/rooms/{roomId}/upgrade`

use ruma::{OwnedUserId, RoomVersionId};
use serde::Deserialize;
use serde_json::json;

use super::room_id;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    rooms::{RoomError, Upgrade},
};

/// Replaces a room by one of another version.
pub(super) async fn upgrade(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        new_version: String,
        #[serde(default)]
        additional_creators: Vec<OwnedUserId>,
    }
    let Body { new_version, additional_creators } = request.body()?;
    let upgrade = Upgrade {
        room: room_id(&request.path[0])?,
        version: RoomVersionId::try_from(new_version).map_err(|_| RoomError::UnsupportedVersion)?,
        requester: session.user_id,
        additional_creators,
    };
    Ok(Json(json!({ "replacement_room": app.rooms.upgrade(upgrade).await? })))
}
