//! `PUT …/rooms/{roomId}/typing/{userId}`

use std::time::Duration;

use ruma::UserId;
use serde::Deserialize;
use serde_json::json;

use super::{own, room_id};
use crate::{
    gate,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
};

/// How long a client types if it does not say.
const DEFAULT: Duration = Duration::from_secs(30);

/// Tells the room that one types, or has stopped.
pub(super) async fn set(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        typing: bool,
        timeout: Option<u64>,
    }
    let room = room_id(&request.path[0])?;
    let user =
        UserId::parse(&request.path[1]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    own(&session, &user)?;
    let Body { typing, timeout } = request.body()?;
    let typist = user.clone();
    let nid =
        app.store.read::<_, ApiError, _>(move |snapshot| Ok(gate::joined(snapshot, &typist, &room)?)).await?;
    app.sync.act(&user);
    if typing {
        app.sync.start_typing(nid, &user, timeout.map_or(DEFAULT, Duration::from_millis));
    } else {
        app.sync.stop_typing(nid, &user);
    }
    Ok(Json(json!({})))
}
