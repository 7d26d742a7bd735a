//! Unread counts without a row per member per message.
//!
//! Each event carries the room's running total of events that notify by the default push rules. A member's read point remembers
//! that total at the newest event they have read (by receipt, or by having sent it), so the count is a difference. Mentions are
//! rare and have rows.

use ruma::UserId;
use rusqlite::OptionalExtension;

use super::{Position, RoomNid, Snapshot, StoreError, Tx};

/// What waits for a member in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) notifications: i64,
    pub(crate) highlights: i64,
}

impl Tx<'_> {
    /// Moves a member's read point to an event, never back.
    pub(crate) fn read_up_to(
        &mut self,
        room: RoomNid,
        user: &UserId,
        pos: Position,
        total: i64,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO read_points (room_nid, user_id, pos, total) VALUES ($1, $2, $3, $4)
             ON CONFLICT (room_nid, user_id) DO UPDATE SET pos = excluded.pos, total = excluded.total
             WHERE excluded.pos > read_points.pos",
        )?
        .execute((room, user.as_str(), pos, total))?;
        Ok(())
    }

    /// Remembers that an event mentions a user; `None`: the whole room.
    pub(crate) fn insert_highlight(
        &mut self,
        room: RoomNid,
        user: Option<&UserId>,
        pos: Position,
    ) -> Result<(), StoreError> {
        self.prepare("INSERT OR IGNORE INTO highlights (room_nid, user_id, pos) VALUES ($1, $2, $3)")?
            .execute((room, user.map_or("", UserId::as_str), pos))?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// What waits for `user`, given the room's running total.
    pub(crate) fn unread(&self, room: RoomNid, user: &UserId, total: i64) -> Result<Unread, StoreError> {
        let read: Option<(Position, i64)> = self
            .prepare("SELECT pos, total FROM read_points WHERE room_nid = $1 AND user_id = $2")?
            .query_row((room, user.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // Nobody who ever joined is without a read point: joining sets one.
        let Some((pos, read_total)) = read else { return Ok(Unread::default()) };
        let highlights = self
            .prepare("SELECT count(DISTINCT pos) FROM highlights WHERE room_nid = $1 AND user_id IN ($2, '') AND pos > $3")?
            .query_row((room, user.as_str(), pos), |row| row.get(0))?;
        Ok(Unread { notifications: (total - read_total).max(0), highlights })
    }
}
