//! Played receipts: who has heard which message.

use ruma::{EventId, UserId};

use super::{Position, Receipt, RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// The type of these receipts, Hark's own.
pub(crate) const PLAYED: &str = "app.hark.played";

/// Receipts told of a room in one answer, the newest of them.
const MOST: i64 = 1_000;

impl Tx<'_> {
    /// Notes that a user has heard an event, which they had not before.
    pub(crate) fn set_played(
        &mut self,
        room: RoomNid,
        user: &UserId,
        event: (&EventId, Position),
        ts: i64,
        pos: Position,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO played (room_nid, event_pos, user_id, event_id, ts, pos) VALUES ($1, $2, $3, $4, $5, $6)",
        )?
        .execute((room, event.1, user.as_str(), event.0.as_str(), ts, pos))?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Whether a user has heard an event.
    pub(crate) fn has_played(
        &self,
        room: RoomNid,
        user: &UserId,
        event: Position,
    ) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT 1 FROM played WHERE room_nid = $1 AND event_pos = $2 AND user_id = $3")?
            .exists((room, event, user.as_str()))?)
    }

    /// The receipts that were written in `from < pos <= to`.
    pub(crate) fn played_since(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.played(
            "SELECT user_id, event_id, ts FROM played
             WHERE room_nid = $1 AND pos > $2 AND pos <= $3 ORDER BY pos DESC LIMIT $4",
            (room, from, to),
        )
    }

    /// The receipts on events in `from < event <= to`.
    pub(crate) fn played_of(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.played(
            "SELECT user_id, event_id, ts FROM played
             WHERE room_nid = $1 AND event_pos > $2 AND event_pos <= $3 ORDER BY event_pos DESC LIMIT $4",
            (room, from, to),
        )
    }

    fn played(
        &self,
        sql: &'static str,
        (room, from, to): (RoomNid, Position, Position),
    ) -> Result<Vec<Receipt>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query((room, from, to, MOST))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Receipt {
                user: UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?,
                kind: PLAYED.to_owned(),
                thread: None,
                event_id: EventId::parse(row.get::<_, String>(1)?).map_err(to_json_error("event id"))?,
                ts: row.get(2)?,
            });
        }
        Ok(found)
    }
}
