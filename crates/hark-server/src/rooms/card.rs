//! Keeps a room's card: the one place where state is copied onto it.

use ruma::{CanonicalJsonObject, CanonicalJsonValue, events::StateEventType};

use super::{Content, RoomError};
use crate::store::{CardField, Position, RoomNid, StoredEvent, Tx};

/// Copies what a state event with an empty state key says, if it is of a kind that is on cards.
pub(super) fn note(
    tx: &mut Tx<'_>,
    room: RoomNid,
    kind: &str,
    content: &CanonicalJsonObject,
) -> Result<(), RoomError> {
    let (field, member) = match StateEventType::from(kind) {
        StateEventType::RoomCreate => (CardField::Kind, "type"),
        StateEventType::RoomName => (CardField::Name, "name"),
        StateEventType::RoomTopic => (CardField::Topic, "topic"),
        StateEventType::RoomCanonicalAlias => (CardField::Alias, "alias"),
        StateEventType::RoomAvatar => (CardField::Avatar, "url"),
        StateEventType::RoomJoinRules => (CardField::JoinRule, "join_rule"),
        StateEventType::RoomHistoryVisibility => (CardField::Visibility, "history_visibility"),
        StateEventType::RoomGuestAccess => (CardField::Guests, "guest_access"),
        StateEventType::RoomEncryption => (CardField::Encryption, "algorithm"),
        _ => return Ok(()),
    };
    tx.set_card(room, field, content.get(member).and_then(CanonicalJsonValue::as_str))?;
    if field == CardField::JoinRule {
        let allow = content.get("allow").filter(|allow| allow.as_array().is_some()).map(ToString::to_string);
        tx.set_card(room, CardField::Allow, allow.as_deref())?;
    }
    Ok(())
}

/// Copies what a redaction left of an event, if that event is still the room's state.
pub(super) fn note_redacted(tx: &mut Tx<'_>, event: &StoredEvent) -> Result<(), RoomError> {
    if event.state_key.as_deref() != Some("") {
        return Ok(());
    }
    let current = tx.state_pos(event.room, &event.kind, "", Position::FOREVER.before())?;
    if current != Some(event.pos) {
        return Ok(());
    }
    let left = Content::parse(&tx.content_json(event.pos)?)?;
    note(tx, event.room, &event.kind, left.object())
}
