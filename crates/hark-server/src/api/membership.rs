//! Coming and going: join, knock, invite, leave, kick, ban, unban, forget.

use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomAliasId};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::room_id;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    rooms::{Content, MemberChange, NEVER_FROM_CLIENTS},
};

#[derive(Deserialize)]
struct About {
    user_id: OwnedUserId,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

/// `POST …/rooms/{roomId}/join` and `POST …/join/{roomIdOrAlias}`
///
/// Members of the body that are not the endpoint's own go into the member event.
pub(super) async fn join(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let room = match RoomAliasId::parse(&request.path[0]) {
        Ok(alias) => app.rooms.resolve(alias).await?,
        Err(_) => room_id(&request.path[0])?,
    };
    let body: Box<RawValue> = request.body()?;
    let mut extra: CanonicalJsonObject = Content::parse(body.get())?.object().clone();
    match extra.get("reason") {
        None | Some(CanonicalJsonValue::String(_)) => {}
        Some(CanonicalJsonValue::Null) => drop(extra.remove("reason")),
        Some(_) => return Err(ApiError::bad_json("The reason must be a text.")),
    }
    for own in NEVER_FROM_CLIENTS.iter().chain(&["third_party_signed"]) {
        extra.remove(*own);
    }
    app.rooms.change_member(room.clone(), session.user_id, MemberChange::Join, extra).await?;
    Ok(Json(json!({ "room_id": room })))
}

/// `POST …/rooms/{roomId}/leave`
pub(super) async fn leave(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Reason { reason } = request.body()?;
    change(&app, session, room_id(&request.path[0])?, MemberChange::Leave, reason).await
}

/// `POST …/knock/{roomIdOrAlias}`
pub(super) async fn knock(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Reason { reason } = request.body()?;
    let room = match RoomAliasId::parse(&request.path[0]) {
        Ok(alias) => app.rooms.resolve(alias).await?,
        Err(_) => room_id(&request.path[0])?,
    };
    app.rooms.change_member(room.clone(), session.user_id, MemberChange::Knock, because(reason)).await?;
    Ok(Json(json!({ "room_id": room })))
}

/// `POST …/rooms/{roomId}/invite`
pub(super) async fn invite(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    about(&app, session, &request, MemberChange::Invite).await
}

/// `POST …/rooms/{roomId}/kick`
pub(super) async fn kick(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    about(&app, session, &request, MemberChange::Kick).await
}

/// `POST …/rooms/{roomId}/ban`
pub(super) async fn ban(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    about(&app, session, &request, MemberChange::Ban).await
}

/// `POST …/rooms/{roomId}/unban`
pub(super) async fn unban(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    about(&app, session, &request, MemberChange::Unban).await
}

/// `POST …/rooms/{roomId}/forget`
pub(super) async fn forget(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let room: OwnedRoomId = room_id(&request.path[0])?;
    app.rooms.forget(room, session.user_id).await?;
    Ok(Json(json!({})))
}

async fn about(
    app: &Shared,
    session: Session,
    request: &Raw,
    what: impl Fn(OwnedUserId) -> MemberChange,
) -> Result<Json<Value>, ApiError> {
    let About { user_id, reason } = request.body()?;
    change(app, session, room_id(&request.path[0])?, what(user_id), reason).await
}

async fn change(
    app: &Shared,
    session: Session,
    room: OwnedRoomId,
    change: MemberChange,
    reason: Option<String>,
) -> Result<Json<Value>, ApiError> {
    app.rooms.change_member(room, session.user_id, change, because(reason)).await?;
    Ok(Json(json!({})))
}

/// The reason as it stands in a member event.
fn because(reason: Option<String>) -> CanonicalJsonObject {
    reason.map(|reason| ("reason".to_owned(), CanonicalJsonValue::String(reason))).into_iter().collect()
}
