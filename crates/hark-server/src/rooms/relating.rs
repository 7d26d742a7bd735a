//! What an event relates to, and the two relations a server refuses. Whatever else stands in `m.relates_to` is stored untouched.

use ruma::{CanonicalJsonValue, EventId};

use super::{Content, Draft, RoomError};
use crate::store::{RoomNid, Tx};

/// `event_id` and `rel_type` of `m.relates_to` where it has both.
pub(super) fn parts(content: &Content) -> Option<(&str, &str)> {
    let relates_to = content.object().get("m.relates_to")?.as_object()?;
    Some((relates_to.get("event_id")?.as_str()?, relates_to.get("rel_type")?.as_str()?))
}

/// Refuses the same reaction twice and a thread on an event that itself relates to another one.
pub(super) fn check(tx: &Tx<'_>, room: RoomNid, draft: &Draft) -> Result<(), RoomError> {
    let Some((target, rel_type)) = parts(&draft.content) else { return Ok(()) };
    match rel_type {
        "m.annotation" => {
            let relates_to =
                draft.content.object().get("m.relates_to").and_then(CanonicalJsonValue::as_object);
            let key =
                relates_to.and_then(|relation| relation.get("key")).and_then(CanonicalJsonValue::as_str);
            match key {
                Some(key) if tx.has_reaction(room, &draft.sender, target, key)? => {
                    Err(RoomError::DuplicateAnnotation)
                }
                _ => Ok(()),
            }
        }
        "m.thread" => {
            let Ok(target) = <&EventId>::try_from(target) else { return Ok(()) };
            match tx.event_by_id(target)? {
                Some(root) if root.room == room && root.rel_type.is_some() => Err(RoomError::Unknown(
                    "A thread cannot start at an event that itself relates to another.",
                )),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
