//! Rooms I am invited to: a request (RQ1), unless it is from someone I talk with (DM4).

use serde_json::Value;

use super::apply::Applied;
use super::body::InvitedRoom;
use super::state;
use crate::Change;
use crate::model::ConversationId;
use crate::store::{Result, Tx};

/// Applies one invitation.
pub(super) fn apply(room_id: &str, room: &InvitedRoom, tx: &mut Tx<'_>, applied: &mut Applied) -> Result<()> {
    let before = tx.room(room_id)?.map(|room| room.membership);
    if before.as_deref() == Some("join") {
        // A join of mine the server had not seen when it wrote this.
        return Ok(());
    }
    tx.set_membership(room_id, "invite")?;
    for event in &room.invite_state.events {
        state::apply(room_id, event, tx)?;
    }
    let invitation =
        room.invite_state.events.iter().find(|event| {
            event.kind == "m.room.member" && event.state_key.as_deref() == Some(tx.me.as_str())
        });
    let sender = invitation.map(|event| event.sender.clone()).unwrap_or_default();
    if !sender.is_empty() {
        let ts = invitation.map(|event| event.ts).filter(|ts| *ts > 0).unwrap_or(tx.now);
        tx.set_inviter(room_id, &sender, ts)?;
    }
    if invitation.is_some_and(|event| event.content.get("is_direct") == Some(&Value::Bool(true))) {
        tx.set_direct_hint(room_id, &sender)?;
    }
    tx.assign(room_id)?;
    if tx.is_contact(&sender)? {
        applied.invitations = true;
    } else if before.as_deref() != Some("invite") {
        let conversation = tx.room(room_id)?.map_or_else(|| room_id.to_owned(), |room| room.conversation);
        tx.tell(Change::Invite {
            room_id: room_id.to_owned(),
            sender,
            conversation: ConversationId(conversation),
        });
    }
    Ok(())
}
