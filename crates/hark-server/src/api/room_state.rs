//! Reading a room's state and members.

use ruma::{OwnedRoomId, OwnedUserId, events::room::member::MembershipState};
use serde::Deserialize;

use super::room_id;
use crate::{
    gate::{self, Reader, Viewer},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::{self, Object},
    render::{Form, Renderer},
    rooms::RoomError,
    store::{Members, Membership, Position},
    sync::Token,
};

/// `GET …/rooms/{roomId}/state`
pub(super) async fn all(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let room: OwnedRoomId = room_id(&request.path[0])?;
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let state = viewer.state(Position::FOREVER.before(), Members::All)?;
            let reader = Reader { user: &session.user_id, device: Some(&session.device_id) };
            let form = Form::default();
            let events = Renderer::new(snapshot, reader, Some(&room.id), &form).events(&state)?;
            Ok(Body(format!("[{}]", events.join(","))))
        })
        .await
}

/// `GET …/rooms/{roomId}/state/{type}/{stateKey}`, the key being empty if it is not there
pub(super) async fn one(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Query {
        format: Option<String>,
    }
    let Query { format } = request.query()?;
    let room: OwnedRoomId = room_id(&request.path[0])?;
    let (kind, state_key) = (request.path[1].clone(), request.path.get(2).cloned().unwrap_or_default());
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let at = viewer.state_position().ok_or_else(RoomError::not_in_room)?;
            let found = snapshot.state_event(room.nid, &kind, &state_key, at)?;
            let unknown = || ApiError::not_found("The room has no such state.");
            let visible = found.and_then(|event| viewer.see_state(event)).ok_or_else(unknown)?;
            if format.as_deref() != Some("event") {
                return Ok(Body(visible.content().to_owned()));
            }
            let reader = Reader { user: &session.user_id, device: Some(&session.device_id) };
            let form = Form::default();
            Ok(Body(Renderer::new(snapshot, reader, Some(&room.id), &form).event(&visible)?))
        })
        .await
}

#[derive(Deserialize)]
struct MembersQuery {
    at: Option<String>,
    membership: Option<MembershipState>,
    not_membership: Option<MembershipState>,
}

/// `GET …/rooms/{roomId}/members`
pub(super) async fn members(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: MembersQuery = request.query()?;
    let room: OwnedRoomId = room_id(&request.path[0])?;
    let at = match &query.at {
        Some(at) => Token::parse(at, app.store.epoch(), app.store.committed())?.pos,
        None => Position::FOREVER.before(),
    };
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let end = viewer.state_position().ok_or_else(RoomError::not_in_room)?;
            let mut shown = Vec::new();
            for membership in snapshot.members_at(room.nid, at.min(end))? {
                let asked = query.membership.as_ref().is_none_or(|asked| membership.state == *asked);
                let excluded = query.not_membership.as_ref().is_some_and(|not| membership.state == *not);
                if asked
                    && !excluded
                    && let Some(event) = snapshot.event_at(membership.from)?
                {
                    shown.extend(viewer.see_state(event));
                }
            }
            let reader = Reader { user: &session.user_id, device: Some(&session.device_id) };
            let form = Form::default();
            let events = Renderer::new(snapshot, reader, Some(&room.id), &form).events(&shown)?;
            let mut body = String::new();
            Object::new(&mut body).array("chunk", events);
            Ok(Body(body))
        })
        .await
}

/// `GET …/rooms/{roomId}/joined_members`
pub(super) async fn joined_members(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Profile {
        displayname: Option<String>,
        avatar_url: Option<String>,
    }
    let room: OwnedRoomId = room_id(&request.path[0])?;
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            gate::joined(snapshot, &session.user_id, &room)?;
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            let mut joined = out.object("joined");
            for membership in snapshot.members_at(room.nid, room.head_pos)? {
                if !membership.is_joined() {
                    continue;
                }
                let Some(event) = snapshot.event_at(membership.from)? else { continue };
                let Some(visible) = viewer.see_state(event) else { continue };
                let profile = serde_json::from_str(visible.content())
                    .unwrap_or(Profile { displayname: None, avatar_url: None });
                let mut member = joined.object(membership.user.as_str());
                let members = [("display_name", profile.displayname), ("avatar_url", profile.avatar_url)];
                for (name, value) in members {
                    member.raw(name, &value.map_or_else(|| "null".to_owned(), |value| json::text(&value)));
                }
            }
            drop(joined);
            drop(out);
            Ok(Body(body))
        })
        .await
}

/// `GET …/joined_rooms`
pub(super) async fn joined_rooms(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let user: OwnedUserId = session.user_id;
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let mut rooms = Vec::new();
            for membership in snapshot.rooms_of(&user)?.into_iter().filter(Membership::is_joined) {
                rooms.extend(snapshot.room(membership.room)?.map(|room| json::text(room.id.as_str())));
            }
            let mut body = String::new();
            Object::new(&mut body).array("joined_rooms", rooms);
            Ok(Body(body))
        })
        .await
}
