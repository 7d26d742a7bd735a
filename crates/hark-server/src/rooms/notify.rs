//! What the default push rules make of an event (spec: "Predefined rules"), without looking at any one member.

use ruma::{CanonicalJsonValue, UserId};

use super::{Draft, RoomError, power::power_levels};
use crate::store::{Position, RoomHead, Tx};

/// True if the default rules notify everybody in the room of this event.
pub(crate) fn by_default(draft: &Draft) -> bool {
    match (draft.kind.as_str(), draft.state_key.is_some()) {
        // `.m.rule.suppress_notices`, `.m.rule.suppress_edits`
        ("m.room.message", false) => draft.content.text("msgtype") != Some("m.notice") && !is_edit(draft),
        ("m.room.encrypted", false) => !is_edit(draft),
        ("m.call.invite", false) | ("m.room.tombstone", true) => true,
        _ => false,
    }
}

fn is_edit(draft: &Draft) -> bool {
    let relates_to = draft.content.object().get("m.relates_to").and_then(CanonicalJsonValue::as_object);
    relates_to.and_then(|relation| relation.get("rel_type")).and_then(CanonicalJsonValue::as_str)
        == Some("m.replace")
}

/// True if the event may mention somebody.
pub(crate) fn mentions(draft: &Draft) -> bool {
    let mentions = draft.content.object().get("m.mentions").and_then(CanonicalJsonValue::as_object);
    mentions.is_some_and(|mentions| !mentions.is_empty())
}

/// Writes a row for each joined member an event mentions (`m.mentions`), or one for the whole room.
pub(crate) fn insert_highlights(
    tx: &mut Tx<'_>,
    head: &RoomHead,
    draft: &Draft,
    pos: Position,
) -> Result<(), RoomError> {
    if draft.kind == "m.room.tombstone" && draft.state_key.is_some() {
        tx.insert_highlight(head.nid, None, pos)?;
    }
    let mentions = draft.content.object().get("m.mentions").and_then(CanonicalJsonValue::as_object);
    let (Some(mentions), false) = (mentions, is_edit(draft)) else { return Ok(()) };
    let users = mentions.get("user_ids").and_then(CanonicalJsonValue::as_array).unwrap_or_default();
    for user in users.iter().filter_map(CanonicalJsonValue::as_str) {
        let Ok(user) = <&UserId>::try_from(user) else { continue };
        let joined = tx.membership(user, head.nid)?.is_some_and(|member| member.is_joined());
        if joined && user != draft.sender {
            tx.insert_highlight(head.nid, Some(user), pos)?;
        }
    }
    if mentions.get("room") == Some(&CanonicalJsonValue::Bool(true))
        && power_levels(tx, head)?.user_can_trigger_room_notification(&draft.sender)
    {
        tx.insert_highlight(head.nid, None, pos)?;
    }
    Ok(())
}
