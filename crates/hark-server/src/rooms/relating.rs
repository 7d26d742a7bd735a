//! What an event relates to, and the two relations a server refuses. Whatever else stands in `m.relates_to` is stored untouched.

use ruma::CanonicalJsonValue;

use super::{Content, Draft, RoomError};
use crate::store::{Place, Position, RoomNid, Tx};

/// `event_id` and `rel_type` of `m.relates_to` where it has both.
pub(super) fn parts(content: &Content) -> Option<(&str, &str)> {
    let relates_to = content.object().get("m.relates_to")?.as_object()?;
    Some((relates_to.get("event_id")?.as_str()?, relates_to.get("rel_type")?.as_str()?))
}

/// The event of the room that `draft` relates to. Refuses the same reaction twice and a thread on an event that itself relates to
/// another one.
pub(super) fn parent(tx: &Tx<'_>, room: RoomNid, draft: &Draft) -> Result<Option<Place>, RoomError> {
    let Some((target, rel_type)) = parts(&draft.content) else { return Ok(None) };
    let parent = tx.place(room, target)?;
    if rel_type == "m.annotation" && is_repeated(tx, room, draft, target)? {
        return Err(RoomError::DuplicateAnnotation);
    }
    let relates = |parent: &Place| parent.rel_type.is_some() || parent.thread.is_some();
    if rel_type == "m.thread" && parent.as_ref().is_some_and(relates) {
        return Err(RoomError::Unknown("A thread cannot start at an event that itself relates to another."));
    }
    Ok(parent)
}

/// The root of the thread that `draft` is in because of its parent: with the parent it starts or follows a thread, and what
/// relates to an event in a thread is in that thread too.
pub(super) fn thread(draft: &Draft, parent: &Place) -> Option<Position> {
    match parts(&draft.content)? {
        (_, "m.thread") => Some(parent.pos),
        _ => parent.thread,
    }
}

fn is_repeated(tx: &Tx<'_>, room: RoomNid, draft: &Draft, target: &str) -> Result<bool, RoomError> {
    let relates_to = draft.content.object().get("m.relates_to").and_then(CanonicalJsonValue::as_object);
    let key = relates_to.and_then(|relation| relation.get("key")).and_then(CanonicalJsonValue::as_str);
    match key {
        Some(key) => Ok(tx.has_reaction(room, &draft.sender, target, key)?),
        None => Ok(false),
    }
}
