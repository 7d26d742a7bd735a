//! Publishing a room in this server's directory.

use ruma::{OwnedRoomId, OwnedUserId, events::StateEventType};

use super::{RoomError, Rooms, power};

impl Rooms {
    /// Publishes a room, or takes it out of the directory. Who may name the room's main alias may.
    pub(crate) async fn set_listed(
        &self,
        room: OwnedRoomId,
        user: OwnedUserId,
        listed: bool,
    ) -> Result<(), RoomError> {
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                if !tx.membership(&user, nid)?.is_some_and(|membership| membership.is_joined()) {
                    return Err(RoomError::not_in_room());
                }
                let head = tx.head(nid)?.ok_or_else(RoomError::not_in_room)?;
                let levels = power::power_levels(tx, &head)?;
                if !levels.user_can_send_state(&user, StateEventType::RoomCanonicalAlias) {
                    return Err(RoomError::Forbidden(
                        "You may not publish this room: that needs the right to set its main alias.".into(),
                    ));
                }
                Ok(tx.set_listed(nid, listed)?)
            })
            .await
    }
}
