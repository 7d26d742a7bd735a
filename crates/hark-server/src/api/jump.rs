//! From a date to an event.

use serde::Deserialize;

use super::{paging::Direction, room_id};
use crate::{
    gate::{Viewer, Visible},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    store::{Position, RoomNid, StoreError},
};

/// Events looked at for one answer when most of them may not be seen.
const MAX_SCANNED: usize = 5_000;
/// Events read at once: nearly always the first one is it.
const PAGE: usize = 16;

#[derive(Deserialize)]
struct Query {
    ts: i64,
    dir: Direction,
}

/// `GET …/rooms/{roomId}/timestamp_to_event`
pub(super) async fn to_date(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Query { ts, dir } = request.query()?;
    let room = room_id(&request.path[0])?;
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let found = nearest(&viewer, room.nid, ts, dir)?
                .ok_or_else(|| ApiError::not_found("There is no event that way."))?;
            let mut body = String::new();
            Object::new(&mut body)
                .text("event_id", found.event().event_id.as_str())
                .number("origin_server_ts", found.event().ts);
            Ok(Body(body))
        })
        .await
}

/// The event nearest to a moment, looking one way; one of that very moment counts.
fn nearest(
    viewer: &Viewer<'_>,
    room: RoomNid,
    ts: i64,
    dir: Direction,
) -> Result<Option<Visible>, StoreError> {
    let snapshot = viewer.snapshot();
    let mut place = match dir {
        Direction::Backwards => (ts, Position::FOREVER),
        Direction::Forwards => (ts, Position::START),
    };
    for _ in 0..MAX_SCANNED / PAGE {
        let events = match dir {
            Direction::Backwards => snapshot.events_earlier(room, place, PAGE)?,
            Direction::Forwards => snapshot.events_later(room, place, PAGE)?,
        };
        let Some(last) = events.last() else { return Ok(None) };
        place = (last.ts, last.pos);
        if let Some(found) = events.into_iter().find_map(|event| viewer.see(event)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
