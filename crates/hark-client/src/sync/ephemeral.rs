//! What passes: who types, who has read, who has heard.

use serde_json::Value;

use super::body::Events;
use crate::Change;
use crate::event::Event;
use crate::signals::PLAYED;
use crate::store::{Result, Tx};

/// Takes over typing and receipts of a room.
pub(super) fn apply(room_id: &str, section: &Events, tx: &mut Tx<'_>) -> Result<()> {
    for event in &section.events {
        match event.kind.as_str() {
            "m.typing" => typing(room_id, event, tx)?,
            "m.receipt" => receipts(room_id, event, tx)?,
            _ => {}
        }
    }
    Ok(())
}

fn typing(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    let Some(Value::Array(users)) = event.content.get("user_ids") else { return Ok(()) };
    let users: Vec<String> =
        users.iter().filter_map(Value::as_str).filter(|user| *user != tx.me).map(str::to_owned).collect();
    tx.set_typing(room_id, &users)?;
    tx.touch_room(room_id)?;
    if !tx.quiet {
        tx.tell(Change::Typing { room_id: room_id.to_owned(), user_ids: users });
    }
    Ok(())
}

/// `{event: {"m.read": {user: {ts}}}}`; my own may be private. Hark's servers also say who has heard a message.
fn receipts(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    for (event_id, kinds) in &event.content {
        for kind in ["m.read", "m.read.private"] {
            let Some(Value::Object(users)) = kinds.get(kind) else { continue };
            for (user_id, details) in users {
                let ts = details.get("ts").and_then(Value::as_i64).unwrap_or(0);
                tx.receipt(room_id, user_id, event_id, ts.clamp(0, 1 << 45))?;
            }
        }
        if let Some(Value::Object(users)) = kinds.get(PLAYED) {
            for user_id in users.keys() {
                tx.played_by(user_id, event_id)?;
            }
        }
    }
    Ok(())
}
