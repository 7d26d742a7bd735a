//! Reading a room's past: one event, pages of messages, what stands around an event.

use std::{cell::Cell, collections::HashSet};

use ruma::{OwnedEventId, OwnedRoomId, UserId, api::client::filter::RoomEventFilter};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    paging::{Direction, limit, position},
    room_id,
};
use crate::{
    filter,
    gate::{Reader, Viewer, Visible},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    relations::RelationFilter,
    render::{Form, Renderer},
    store::{Members, Position, Room, StoreError},
    sync::Token,
    timeline::{self, Stretch},
};

/// `GET …/rooms/{roomId}/event/{eventId}`: 404 whatever the reason it is not shown.
pub(super) async fn event(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let (room, event) = (room_id(&request.path[0])?, event_id(&request.path[1])?);
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let unknown = || ApiError::not_found("There is no such event that you may see.");
            let (viewer, room) =
                Viewer::of_request(snapshot, &session.user_id, &room).map_err(|_| unknown())?;
            let visible = viewer.event(&event)?.ok_or_else(unknown)?;
            let form = Form::default();
            Ok(Body(renderer(&viewer, &session, &room, &form).event(&visible)?))
        })
        .await
}

#[derive(Deserialize)]
struct MessagesQuery {
    from: Option<String>,
    to: Option<String>,
    dir: Direction,
    limit: Option<u64>,
    filter: Option<String>,
}

/// `GET …/rooms/{roomId}/messages`
pub(super) async fn messages(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: MessagesQuery = request.query()?;
    let room: OwnedRoomId = room_id(&request.path[0])?;
    let (from, to) =
        (position(&app.store, query.from.as_deref())?, position(&app.store, query.to.as_deref())?);
    let filter: RoomEventFilter = event_filter(query.filter.as_deref())?;
    let relations: RelationFilter = event_filter(query.filter.as_deref())?;
    let limit = limit(query.limit);
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let head = snapshot.position()?;
            let failed = Cell::new(None);
            let wanted = |event: &Visible| {
                let related = relations.wants(&viewer, event);
                filter::wants(&filter, &room.id, event)
                    && related.unwrap_or_else(|error| {
                        failed.set(Some(error));
                        false
                    })
            };
            let (start, Stretch { events, next }) = match query.dir {
                Direction::Backwards => {
                    let range = (to.unwrap_or(Position::START), from.unwrap_or(head));
                    (range.1, timeline::backwards(&viewer, room.nid, range, limit, wanted)?)
                }
                Direction::Forwards => {
                    let range = (from.unwrap_or(Position::START), to.unwrap_or(head));
                    (range.0, timeline::forwards(&viewer, room.nid, range, limit, wanted)?)
                }
            };
            if let Some(error) = failed.take() {
                return Err(error.into());
            }
            let form = Form::default();
            let renderer = renderer(&viewer, &session, &room, &form);
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.array("chunk", renderer.events(&events)?);
            out.text("start", &Token::at(&epoch, start).to_string());
            if let Some(next) = next {
                out.text("end", &Token::at(&epoch, next).to_string());
            }
            if filter::lazy_members(&filter).is_some() {
                out.array("state", renderer.events(&authors(&viewer, &room, events.iter())?)?);
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}

#[derive(Deserialize)]
struct ContextQuery {
    limit: Option<u64>,
    filter: Option<String>,
}

/// `GET …/rooms/{roomId}/context/{eventId}`
pub(super) async fn context(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: ContextQuery = request.query()?;
    let (room, event) = (room_id(&request.path[0])?, event_id(&request.path[1])?);
    let filter: RoomEventFilter = event_filter(query.filter.as_deref())?;
    let limit = limit(query.limit);
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let unknown = || ApiError::not_found("There is no such event that you may see.");
            let visible = viewer.event(&event)?.ok_or_else(unknown)?;
            let pos = visible.event().pos;
            let wanted = |event: &Visible| filter::wants(&filter, &room.id, event);
            let before = (Position::START, pos.before());
            let before = timeline::backwards(&viewer, room.nid, before, limit / 2, wanted)?;
            let after = (pos, snapshot.position()?);
            let after = timeline::forwards(&viewer, room.nid, after, limit - limit / 2, wanted)?;
            let first = before.events.last().unwrap_or(&visible).event().pos;
            let last = after.events.last().unwrap_or(&visible).event().pos;
            let lazy = filter::lazy_members(&filter).is_some();
            let mut state = viewer.state(last, if lazy { Members::None } else { Members::All })?;
            if lazy {
                let shown = before.events.iter().chain([&visible]).chain(&after.events);
                state.extend(authors(&viewer, &room, shown)?);
            }
            let form = Form::default();
            let renderer = renderer(&viewer, &session, &room, &form);
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.raw("event", &renderer.event(&visible)?);
            out.array("events_before", renderer.events(&before.events)?);
            out.array("events_after", renderer.events(&after.events)?);
            out.array("state", renderer.events(&state)?);
            out.text("start", &Token::at(&epoch, first.before()).to_string());
            out.text("end", &Token::at(&epoch, last).to_string());
            drop(out);
            Ok(Body(body))
        })
        .await
}

/// Writes events of a room with all that belongs to them.
pub(super) fn renderer<'a>(
    viewer: &'a Viewer<'a>,
    session: &'a Session,
    room: &'a Room,
    form: &'a Form,
) -> Renderer<'a> {
    let reader = Reader { user: &session.user_id, device: Some(&session.device_id) };
    Renderer::new(viewer.snapshot(), reader, Some(&room.id), form).bundling(viewer)
}

/// The member events of those who wrote the events, as they were at the newest of them.
fn authors<'v>(
    viewer: &Viewer<'_>,
    room: &Room,
    events: impl Iterator<Item = &'v Visible> + Clone,
) -> Result<Vec<Visible>, StoreError> {
    let Some(newest) = events.clone().map(|visible| visible.event().pos).max() else { return Ok(Vec::new()) };
    let senders: HashSet<&UserId> = events.map(|visible| &*visible.event().sender).collect();
    let mut members = Vec::new();
    for sender in senders {
        let member = viewer.snapshot().state_event(room.nid, "m.room.member", sender.as_str(), newest)?;
        members.extend(member.and_then(|event| viewer.see_state(event)));
    }
    Ok(members)
}

fn event_filter<T: Default + DeserializeOwned>(json: Option<&str>) -> Result<T, ApiError> {
    let Some(json) = json else { return Ok(T::default()) };
    serde_json::from_str(json)
        .map_err(|_| ApiError::bad_json("The filter has members that are not of their type."))
}

pub(super) fn event_id(text: &str) -> Result<OwnedEventId, ApiError> {
    OwnedEventId::try_from(text).map_err(|_| ApiError::not_found("There is no such event that you may see."))
}
