//! Rooms I am no longer in: readable here, unless I left by my own will.

use super::apply::Applied;
use super::body::LeftRoom;
use super::{state, timeline};
use crate::store::{Result, Tx};

/// Applies one left room.
pub(super) fn apply(room_id: &str, room: LeftRoom, tx: &mut Tx<'_>, applied: &mut Applied) -> Result<()> {
    let Some(before) = tx.room(room_id)? else { return Ok(()) };
    let own_will = room
        .timeline
        .events
        .iter()
        .chain(&room.state.events)
        .rfind(|event| event.kind == "m.room.member" && event.state_key.as_deref() == Some(tx.me.as_str()))
        .map(|event| event.sender == tx.me);
    tx.set_membership(room_id, "leave")?;
    for event in &room.state.events {
        state::apply(room_id, event, tx)?;
    }
    timeline::append(room_id, room.timeline, tx, applied)?;
    tx.set_typing(room_id, &[])?;
    tx.assign(room_id)?;
    // An invitation that was withdrawn leaves nothing to read.
    if own_will == Some(true) || before.membership == "invite" { tx.hide_room(room_id) } else { Ok(()) }
}
