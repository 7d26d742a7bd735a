//! Rooms I am in.

use super::apply::Applied;
use super::body::{Events, JoinedRoom};
use super::{ephemeral, state, timeline};
use crate::store::{Result, Tx};

/// Applies one joined room: how it was, what happened, who has read it.
pub(super) fn apply(
    room_id: &str,
    room: JoinedRoom,
    first: bool,
    tx: &mut Tx<'_>,
    applied: &mut Applied,
) -> Result<()> {
    tx.set_membership(room_id, "join")?;
    for event in &room.state.events {
        state::apply(room_id, event, tx)?;
    }
    if let Some(heroes) = &room.summary.heroes {
        tx.set_heroes(room_id, heroes)?;
    }
    tx.assign(room_id)?;
    timeline::append(room_id, room.timeline, tx, applied)?;
    // The timeline may have said whose conversation it is.
    tx.assign(room_id)?;
    markers(room_id, &room.account_data, tx)?;
    ephemeral::apply(room_id, &room.ephemeral, tx)?;
    if first && let Some(count) = room.unread_notifications.notification_count {
        tx.mark_all_but(room_id, count)?;
    }
    Ok(())
}

/// `m.fully_read` of another client of mine.
fn markers(room_id: &str, section: &Events, tx: &mut Tx<'_>) -> Result<()> {
    for event in section.events.iter().filter(|event| event.kind == "m.fully_read") {
        if let Some(event_id) = event.text("event_id") {
            let me = tx.me.clone();
            tx.receipt(room_id, &me, event_id, 0)?;
        }
    }
    Ok(())
}
