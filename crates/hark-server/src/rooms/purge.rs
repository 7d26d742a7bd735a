//! Deleting what was said in a room, for good.
//!
//! First everybody is shown out, by leaving: their clients hear of it as of any leaving, whenever they come back. In the moment in
//! which nobody is left the state goes, and with it every way in. Then the events go, some at a time, so that nobody waits for it.
//! Broken off, it can be done again: what is gone stays gone.

use ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};

use super::{RoomError, Rooms, member};
use crate::{
    clock,
    store::{Position, RoomNid},
};

/// Members shown out, and events deleted, in one transaction.
const AT_ONCE: usize = 200;

/// What a purge did.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Purged {
    /// The room.
    pub room_id: String,
    /// How many were shown out of it, invited ones included.
    pub members: u64,
    /// How many events are gone.
    pub events: u64,
}

impl Rooms {
    /// Shows everybody out of a room and deletes what was said in it.
    pub(crate) async fn purge(&self, room_id: OwnedRoomId) -> Result<Purged, RoomError> {
        let asked = room_id.clone();
        let room = self
            .store
            .read(move |snapshot| {
                let room = snapshot.room_nid(&asked)?.ok_or(RoomError::NotFound("There is no such room."))?;
                match snapshot.purged_ms(room)? {
                    Some(_) => Err(RoomError::NotFound("That room is purged already.")),
                    None => Ok(room),
                }
            })
            .await?;
        let members = self.show_out(room).await?;
        let events = self.delete_events(room).await?;
        let write = self.store.write::<_, RoomError, _>(move |tx| Ok(tx.purge_rest(room, clock::now_ms())?));
        write.await?;
        Ok(Purged { room_id: room_id.into(), members, events })
    }

    /// Empties a room and closes it in the moment in which it is empty. Returns how many were in it.
    async fn show_out(&self, room: RoomNid) -> Result<u64, RoomError> {
        let mut shown_out = 0;
        loop {
            let signer = self.signer.clone();
            let write = self.store.write::<_, RoomError, _>(move |tx| {
                let members = tx.to_be_shown_out(room, AT_ONCE)?;
                for user in &members {
                    member::leave(tx, room, user, &signer)?;
                }
                if members.is_empty() {
                    tx.purge_state(room)?;
                }
                Ok(members.len())
            });
            match write.await? {
                0 => return Ok(shown_out),
                count => shown_out += count as u64,
            }
        }
    }

    async fn delete_events(&self, room: RoomNid) -> Result<u64, RoomError> {
        let mut deleted = 0;
        let mut after = Position::START;
        loop {
            let write =
                self.store.write::<_, RoomError, _>(move |tx| Ok(tx.purge_events(room, after, AT_ONCE)?));
            let (count, reached) = write.await?;
            deleted += count;
            match reached {
                Some(reached) => after = reached,
                None => return Ok(deleted),
            }
        }
    }
}
