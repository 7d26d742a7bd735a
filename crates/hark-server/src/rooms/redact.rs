//! Redactions: who may, and where each room version writes the target.

use ruma::{CanonicalJsonValue, OwnedEventId};

use super::{Content, Draft, RoomError, power, version};
use crate::store::{RoomNid, Tx};

/// Events whose loss would break a room for everybody: without its create event a room has no version, and an emptied list of
/// servers lets none in.
const PROTECTED: [&str; 2] = ["m.room.create", "m.room.server_acl"];

/// Checks that the sender may empty the target and puts the target where the room version wants it. The content names the target
/// in `redacts`.
pub(super) fn draft(tx: &mut Tx<'_>, room: RoomNid, mut draft: Draft) -> Result<Draft, RoomError> {
    let target = draft
        .content
        .text("redacts")
        .and_then(|id| OwnedEventId::try_from(id).ok())
        .ok_or_else(|| RoomError::BadJson("A redaction must name the event it redacts.".into()))?;
    let head = tx.head(room)?.ok_or_else(RoomError::not_in_room)?;
    let joined = tx.membership(&draft.sender, room)?.is_some_and(|m| m.is_joined());
    if !joined {
        return Err(RoomError::not_in_room());
    }
    let unknown = || RoomError::NotFound("There is no such event in this room.");
    let stored = tx.event_by_id(&target)?.ok_or_else(unknown)?;
    if stored.room != room {
        return Err(RoomError::InvalidParam("That event is not of this room.".into()));
    }
    if PROTECTED.contains(&stored.kind.as_str()) && stored.state_key.is_some() {
        return Err(RoomError::Forbidden("The room would not work any more without this event.".into()));
    }
    let levels = power::power_levels(tx, &head)?;
    let own = stored.sender == draft.sender && levels.user_can_redact_own_event(&draft.sender);
    if !own && !levels.user_can_redact_event_of_other(&draft.sender) {
        return Err(RoomError::Forbidden("You may not remove this event: it is not yours.".into()));
    }
    let rules = version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?;
    if !rules.redaction.content_field_redacts {
        let mut content = draft.content.object().clone();
        content.remove("redacts");
        draft.content = Content::from(content);
        draft.redacts = Some(target);
    }
    Ok(draft)
}

/// The content of a redaction of `target`.
pub(crate) fn content(target: &OwnedEventId, reason: Option<String>) -> Result<Content, RoomError> {
    let mut content = ruma::CanonicalJsonObject::new();
    content.insert("redacts".into(), CanonicalJsonValue::String(target.to_string()));
    if let Some(reason) = reason {
        content.insert("reason".into(), CanonicalJsonValue::String(reason));
    }
    Content::parse(&CanonicalJsonValue::Object(content).to_string())
}
