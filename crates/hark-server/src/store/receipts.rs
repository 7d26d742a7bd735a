//! Read receipts.

use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::{Position, RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// How far a user has read, in one of the ways of saying so.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) user: OwnedUserId,
    /// `m.read` or `m.read.private`.
    pub(crate) kind: String,
    /// `main` or a thread's root; `None`: unthreaded.
    pub(crate) thread: Option<String>,
    pub(crate) event_id: OwnedEventId,
    /// Milliseconds since 1970.
    pub(crate) ts: i64,
}

/// A receipt about to be stored.
pub(crate) struct NewReceipt<'a> {
    pub(crate) room: RoomNid,
    pub(crate) user: &'a UserId,
    pub(crate) kind: &'a str,
    pub(crate) thread: Option<&'a str>,
    pub(crate) event_id: &'a EventId,
    pub(crate) event_pos: Position,
    pub(crate) ts: i64,
    pub(crate) pos: Position,
}

fn read(row: &Row<'_>) -> Result<Receipt, StoreError> {
    let thread: String = row.get(2)?;
    Ok(Receipt {
        user: UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?,
        kind: row.get(1)?,
        thread: if thread.is_empty() { None } else { Some(thread) },
        event_id: EventId::parse(row.get::<_, String>(3)?).map_err(to_json_error("event id"))?,
        ts: row.get(4)?,
    })
}

impl Tx<'_> {
    /// Stores a receipt in place of the older one of its kind.
    pub(crate) fn set_receipt(&mut self, new: &NewReceipt<'_>) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO receipts (room_nid, user_id, type, thread, event_id, event_pos, ts, pos)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (room_nid, user_id, type, thread) DO UPDATE
             SET event_id = excluded.event_id, event_pos = excluded.event_pos, ts = excluded.ts, pos = excluded.pos",
        )?
        .execute((
            new.room,
            new.user.as_str(),
            new.kind,
            new.thread.unwrap_or_default(),
            new.event_id.as_str(),
            new.event_pos,
            new.ts,
            new.pos,
        ))?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The position of the event a receipt stands at.
    pub(crate) fn receipt_pos(
        &self,
        room: RoomNid,
        user: &UserId,
        kind: &str,
        thread: Option<&str>,
    ) -> Result<Option<Position>, StoreError> {
        Ok(self
            .prepare(
                "SELECT event_pos FROM receipts WHERE room_nid = $1 AND user_id = $2 AND type = $3 AND thread = $4",
            )?
            .query_row((room, user.as_str(), kind, thread.unwrap_or_default()), |row| row.get(0))
            .optional()?)
    }

    /// The receipts of a room that changed in `from < pos <= to` and that `user` may see: everybody's public ones, their own
    /// private ones.
    pub(crate) fn receipts_since(
        &self,
        room: RoomNid,
        user: &UserId,
        from: Position,
        to: Position,
    ) -> Result<Vec<Receipt>, StoreError> {
        let mut statement = self.prepare(
            "SELECT user_id, type, thread, event_id, ts FROM receipts
             WHERE room_nid = $1 AND pos > $2 AND pos <= $3 AND (type != 'm.read.private' OR user_id = $4)
             ORDER BY pos",
        )?;
        let mut rows = statement.query((room, from, to, user.as_str()))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }
}
