//! Deleting what was said in a room.
//!
//! What stays is what tells those who were there that they are not there any more: the create event, the newest member event of
//! each, and when each came and went. The log keeps its positions.

use ruma::{OwnedUserId, UserId};

use super::{Position, Room, RoomNid, Snapshot, StoreError, Tx, media_refs::Holder, to_json_error};

/// Tables whose rows of a room go with what was said in it.
const BESIDE: [&str; 6] = ["receipts", "threads", "uncounted", "highlights", "played", "aliases"];

impl Snapshot<'_> {
    /// When the room was purged, in ms; `None` if it was not.
    pub(crate) fn purged_ms(&self, room: RoomNid) -> Result<Option<i64>, StoreError> {
        Ok(self
            .prepare("SELECT purged_ms FROM rooms WHERE room_nid = $1")?
            .query_row([room], |row| row.get(0))?)
    }

    /// At most `limit` of those who are in a room, asked in or asking to be.
    pub(crate) fn to_be_shown_out(
        &self,
        room: RoomNid,
        limit: usize,
    ) -> Result<Vec<OwnedUserId>, StoreError> {
        let mut statement = self.prepare(
            "SELECT user_id FROM memberships
             WHERE room_nid = $1 AND to_pos = $2 AND membership IN ('join', 'invite', 'knock') LIMIT $3",
        )?;
        let users =
            statement.query_map((room, Position::FOREVER, limit as i64), |row| row.get::<_, String>(0))?;
        users.map(|user| UserId::parse(user?).map_err(to_json_error("user id"))).collect()
    }

    /// Everybody who ever had to do with a room.
    fn users_ever_in(&self, room: RoomNid) -> Result<Vec<OwnedUserId>, StoreError> {
        let mut statement = self.prepare("SELECT DISTINCT user_id FROM memberships WHERE room_nid = $1")?;
        let users = statement.query_map([room], |row| row.get::<_, String>(0))?;
        users.map(|user| UserId::parse(user?).map_err(to_json_error("user id"))).collect()
    }

    /// At most `limit` events of a room after a position: where each is, and whether it stays.
    fn events_to_purge(
        &self,
        room: RoomNid,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, bool)>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, EXISTS (SELECT 1 FROM room_state WHERE room_nid = $1 AND from_pos = pos)
             FROM events WHERE room_nid = $1 AND pos > $2 ORDER BY pos LIMIT $3",
        )?;
        let events =
            statement.query_map((room, after, limit as i64), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(events.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Deletes all of a room's state but its create event and its members, so that nobody can come in: without join rules one
    /// must be invited, and nobody is there to invite.
    pub(crate) fn purge_state(&mut self, room: RoomNid) -> Result<(), StoreError> {
        self.prepare(
            "DELETE FROM room_state WHERE room_nid = $1
             AND (type NOT IN ('m.room.create', 'm.room.member') OR to_pos != $2)",
        )?
        .execute((room, Position::FOREVER))?;
        self.forget_known_state(room)?;
        self.set_listed(room, false)?;
        self.prepare("DELETE FROM room_cards WHERE room_nid = $1")?.execute([room])?;
        self.insert_card(room)
    }

    /// Deletes at most `limit` events of a room after a position. Returns how many, and where it came to; `None` at the end.
    pub(crate) fn purge_events(
        &mut self,
        room: RoomNid,
        after: Position,
        limit: usize,
    ) -> Result<(u64, Option<Position>), StoreError> {
        let events = self.events_to_purge(room, after, limit)?;
        let mut deleted = 0;
        for (pos, stays) in &events {
            if !stays {
                self.prepare("DELETE FROM events WHERE pos = $1")?.execute([pos])?;
                self.refer_anew_to_media(Holder::Event(*pos), "")?;
                self.unindex(*pos)?;
                deleted += 1;
            }
        }
        Ok((deleted, events.last().map(|(pos, _)| *pos)))
    }

    /// Deletes what was kept beside the events, and notes that the room is purged.
    pub(crate) fn purge_rest(&mut self, room: RoomNid, now_ms: i64) -> Result<(), StoreError> {
        for table in BESIDE {
            self.prepare(&format!("DELETE FROM {table} WHERE room_nid = $1"))?.execute([room])?;
        }
        if let Some(Room { id, .. }) = self.room(room)? {
            for user in self.users_ever_in(room)? {
                self.delete_account_data_of_room(&user, &id)?;
            }
        }
        self.prepare("UPDATE rooms SET purged_ms = $1 WHERE room_nid = $2")?.execute((now_ms, room))?;
        Ok(())
    }
}
