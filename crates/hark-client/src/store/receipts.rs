//! Who has read up to where: others (the ticks on my messages), me (the unread counts), and what is still to be told.

use rusqlite::{Connection, OptionalExtension, params};

use super::place::{self, Place};
use super::{Result, Tx};
use crate::Change;

/// A receipt still to be sent: room and event.
pub(crate) fn outgoing(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT room_id, event_id FROM receipts_out LIMIT 100")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

impl Tx<'_> {
    /// A receipt of someone, maybe of an event that is not here yet.
    pub(crate) fn receipt(&mut self, room_id: &str, user_id: &str, event_id: &str, ts: i64) -> Result<()> {
        let at = place::of_event(self.db(), event_id)?;
        if user_id == self.me {
            return self.own_receipt(room_id, event_id, ts, at);
        }
        if !self.quiet {
            self.tell(Change::Receipt {
                room_id: room_id.to_owned(),
                event_id: event_id.to_owned(),
                user_id: user_id.to_owned(),
                timestamp: ts.max(0).unsigned_abs(),
            });
        }
        if let Some(at) = at {
            return self.read_by(room_id, user_id, event_id, ts, at);
        }
        self.early(room_id, user_id, event_id, ts)?;
        self.mark_single_read(event_id)
    }

    fn own_receipt(&mut self, room_id: &str, event_id: &str, ts: i64, at: Option<Place>) -> Result<()> {
        if let Some(at) = at {
            return self.advance_marker(room_id, at);
        }
        // Of an event older than this store: everything up to its time is read.
        self.early(room_id, &self.me.clone(), event_id, ts)?;
        let end = self.room(room_id)?.map(|room| room.end);
        match end {
            Some(end) if ts > 0 => {
                self.advance_marker(room_id, Place { sort: ts.min(end.sort), seq: i64::MIN })
            }
            _ => Ok(()),
        }
    }

    fn early(&self, room_id: &str, user_id: &str, event_id: &str, ts: i64) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT OR REPLACE INTO receipts_early (event_id, user_id, room_id, timestamp) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![event_id, user_id, room_id, ts])?;
        Ok(())
    }

    fn mark_single_read(&mut self, event_id: &str) -> Result<()> {
        let key: Option<i64> = self
            .db()
            .prepare_cached(
                "UPDATE messages SET state = 'read'
                 WHERE event_id = ?1 AND mine = 1 AND state IN ('sent', 'delivered') RETURNING key",
            )?
            .query_row([event_id], |row| row.get(0))
            .optional()?;
        if let Some(key) = key {
            self.row_changed(key, false);
        }
        Ok(())
    }

    fn read_by(&mut self, room_id: &str, user_id: &str, event_id: &str, ts: i64, at: Place) -> Result<()> {
        let news = self
            .db()
            .prepare_cached(
                "INSERT INTO receipts (room_id, user_id, event_id, timestamp, sort, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (room_id, user_id) DO UPDATE SET event_id = ?3, timestamp = ?4, sort = ?5, seq = ?6
                 WHERE (sort, seq) < (?5, ?6)",
            )?
            .execute(params![room_id, user_id, event_id, ts, at.sort, at.seq])?;
        if news == 0 {
            return Ok(());
        }
        let keys: Vec<i64> = self
            .db()
            .prepare_cached(
                "UPDATE messages SET state = 'read'
                 WHERE room_id = ?1 AND mine = 1 AND state = 'sent' AND placed = 1 AND (sort, seq) <= (?2, ?3)
                 RETURNING key",
            )?
            .query_map(params![room_id, at.sort, at.seq], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for key in keys {
            self.row_changed(key, false);
        }
        self.touch_room(room_id)
    }

    /// Applies what is known about receipts to an event that has just got its place.
    pub(crate) fn settle_receipts(
        &mut self,
        room_id: &str,
        event_id: &str,
        at: Place,
        mine: bool,
    ) -> Result<()> {
        let early: Vec<(String, i64)> = self
            .db()
            .prepare_cached("DELETE FROM receipts_early WHERE event_id = ?1 RETURNING user_id, timestamp")?
            .query_map([event_id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (user_id, ts) in early {
            if user_id == self.me {
                self.advance_marker(room_id, at)?;
            } else {
                self.read_by(room_id, &user_id, event_id, ts, at)?;
            }
        }
        if mine && self.someone_read(room_id, at)? {
            self.mark_single_read(event_id)?;
        }
        Ok(())
    }

    fn someone_read(&self, room_id: &str, at: Place) -> Result<bool> {
        Ok(self
            .db()
            .prepare_cached("SELECT 1 FROM receipts WHERE room_id = ?1 AND (sort, seq) >= (?2, ?3)")?
            .exists(params![room_id, at.sort, at.seq])?)
    }

    /// I have read a room up to a place. It never moves back.
    pub(crate) fn advance_marker(&mut self, room_id: &str, at: Place) -> Result<()> {
        let moved = self
            .db()
            .prepare_cached(
                "UPDATE rooms SET read_sort = ?2, read_seq = ?3
                 WHERE room_id = ?1 AND (read_sort, read_seq) < (?2, ?3)",
            )?
            .execute(params![room_id, at.sort, at.seq])?;
        if moved > 0 { self.touch_room(room_id) } else { Ok(()) }
    }

    /// I have read a conversation up to a message: its rooms' markers move, and receipts wait to be sent.
    pub(crate) fn mark_read(&mut self, conversation: &str, key: i64) -> Result<()> {
        type Row = (String, String, i64, i64);
        let upto: Vec<Row> = self
            .db()
            .prepare_cached(
                "SELECT r.room_id, m.event_id, m.sort, m.seq
                 FROM messages upto, rooms r, messages m
                 WHERE upto.key = ?2 AND upto.conversation = ?1 AND r.conversation = ?1 AND m.key = (
                     SELECT o.key FROM messages o
                     WHERE o.room_id = r.room_id AND o.mine = 0 AND o.counts = 1
                       AND (o.sort, o.seq) <= (upto.sort, upto.seq)
                     ORDER BY o.sort DESC, o.seq DESC LIMIT 1)
                   AND (m.sort, m.seq) > (r.read_sort, r.read_seq)",
            )?
            .query_map(params![conversation, key], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (room_id, event_id, sort, seq) in upto {
            self.advance_marker(&room_id, Place { sort, seq })?;
            self.db()
                .prepare_cached("INSERT OR REPLACE INTO receipts_out (room_id, event_id) VALUES (?1, ?2)")?
                .execute(params![room_id, event_id])?;
        }
        Ok(())
    }

    /// A receipt was told, or never will be.
    pub(crate) fn receipt_told(&self, room_id: &str, event_id: &str) -> Result<()> {
        self.db()
            .prepare_cached("DELETE FROM receipts_out WHERE room_id = ?1 AND event_id = ?2")?
            .execute([room_id, event_id])?;
        Ok(())
    }
}
