//! Unread counts without a row per member per message.
//!
//! Each event carries running totals of the events that notify by the default push rules: of the room, of its main timeline, of
//! its thread. What waits after a position is the difference of two totals. What the totals cannot say is rare and has rows:
//! events that are highlighted, and events that were redacted since.

use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use rusqlite::OptionalExtension;

use super::{Position, RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// How many events notified up to some position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) all: i64,
    /// Those in no thread.
    pub(crate) main: i64,
}

/// A thread with something new.
#[derive(Clone, Debug)]
pub(crate) struct ThreadHead {
    pub(crate) root: Position,
    pub(crate) root_id: OwnedEventId,
    /// How many of its events notified.
    pub(crate) total: i64,
    /// The newest of them all.
    pub(crate) newest: Position,
}

/// An event that the default rules highlight for a user.
#[derive(Clone, Debug)]
pub(crate) struct Highlight {
    /// `None`: in the main timeline.
    pub(crate) thread: Option<Position>,
    pub(crate) pos: Position,
    pub(crate) sender: OwnedUserId,
    /// It notifies only those it mentions: the totals do not have it.
    pub(crate) extra: bool,
}

/// How the tables write which thread an event is in.
pub(super) fn main_or(thread: Option<Position>) -> Position {
    thread.unwrap_or(Position::START)
}

/// How the tables are read again.
pub(super) fn thread_or_main(stored: Position) -> Option<Position> {
    Some(stored).filter(|root| *root != Position::START)
}

impl Tx<'_> {
    /// Adds an event to its thread and returns the thread's total after it.
    pub(crate) fn add_to_thread(
        &mut self,
        room: RoomNid,
        root: Position,
        notifying: i64,
        pos: Position,
    ) -> Result<i64, StoreError> {
        Ok(self
            .prepare(
                "INSERT INTO threads (room_nid, root, total, newest) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (room_nid, root) DO UPDATE SET total = total + excluded.total, newest = excluded.newest
                 RETURNING total",
            )?
            .query_row((room, root, notifying, pos), |row| row.get(0))?)
    }

    /// Remembers that an event is highlighted for a user; `None`: for the whole room.
    pub(crate) fn insert_highlight(
        &mut self,
        room: RoomNid,
        user: Option<&UserId>,
        thread: Option<Position>,
        pos: Position,
        extra: bool,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT OR IGNORE INTO highlights (room_nid, user_id, thread, pos, extra) VALUES ($1, $2, $3, $4, $5)",
        )?
        .execute((room, user.map_or("", UserId::as_str), main_or(thread), pos, extra))?;
        Ok(())
    }

    /// Takes an event that is being redacted out of every count.
    pub(super) fn uncount(&mut self, pos: Position) -> Result<(), StoreError> {
        let counted = self
            .prepare(
                "INSERT INTO uncounted (room_nid, thread, pos) SELECT room_nid, thread, pos FROM events
                 WHERE pos = $1 AND notifies = 1",
            )?
            .execute([pos])?;
        if counted > 0 {
            self.prepare("UPDATE events SET notifies = 0 WHERE pos = $1")?.execute([pos])?;
        }
        self.prepare("DELETE FROM highlights WHERE room_nid = (SELECT room_nid FROM events WHERE pos = $1) AND pos = $1")?
            .execute([pos])?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// How far `user` has read by receipts, public or private, by what the receipts say of threads: nothing, `main`, or a root's id.
    pub(crate) fn read_by_receipts(
        &self,
        room: RoomNid,
        user: &UserId,
    ) -> Result<Vec<(Option<String>, Position)>, StoreError> {
        let mut statement = self.prepare(
            "SELECT thread, max(event_pos) FROM receipts
             WHERE room_nid = $1 AND user_id = $2 AND type IN ('m.read', 'm.read.private') GROUP BY thread",
        )?;
        let mut rows = statement.query((room, user.as_str()))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let thread: String = row.get(0)?;
            read.push((Some(thread).filter(|thread| !thread.is_empty()), row.get(1)?));
        }
        Ok(read)
    }

    /// The newest event at or before `upto` that a user sent into a thread, or into the main timeline. Member events do not count:
    /// they come about by changing one's name, too.
    pub(crate) fn newest_sent(
        &self,
        room: RoomNid,
        sender: &UserId,
        thread: Option<Position>,
        upto: Position,
    ) -> Result<Option<Position>, StoreError> {
        Ok(self
            .prepare(
                "SELECT pos FROM events WHERE room_nid = $1 AND sender = $2 AND thread = $3 AND pos <= $4
                     AND type <> 'm.room.member' ORDER BY pos DESC LIMIT 1",
            )?
            .query_row((room, sender.as_str(), main_or(thread), upto), |row| row.get(0))
            .optional()?)
    }

    /// True if anybody redacted something in a room after a position.
    pub(crate) fn redacts_after(&self, room: RoomNid, after: Position) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM events WHERE room_nid = $1 AND pos > $2 AND redacts IS NOT NULL)",
            )?
            .query_row((room, after), |row| row.get(0))?)
    }

    /// The room's totals after the newest event at or before `upto`.
    pub(crate) fn totals_at(&self, room: RoomNid, upto: Position) -> Result<Totals, StoreError> {
        let found = self
            .prepare(
                "SELECT notify_total, main_total FROM events WHERE room_nid = $1 AND pos <= $2 ORDER BY pos DESC LIMIT 1",
            )?
            .query_row((room, upto), |row| Ok(Totals { all: row.get(0)?, main: row.get(1)? }))
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// A thread's total after the newest of its events at or before `upto`.
    pub(crate) fn thread_total_at(&self, root: Position, upto: Position) -> Result<i64, StoreError> {
        let found = self
            .prepare(
                "SELECT thread_total FROM events WHERE thread = $1 AND thread > 0 AND pos <= $2 ORDER BY pos DESC LIMIT 1",
            )?
            .query_row((root, upto), |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// The threads of a room with an event after a position, the oldest first.
    pub(crate) fn threads_after(
        &self,
        room: RoomNid,
        after: Position,
    ) -> Result<Vec<ThreadHead>, StoreError> {
        let mut statement = self.prepare(
            "SELECT t.root, e.event_id, t.total, t.newest FROM threads t JOIN events e ON e.pos = t.root
             WHERE t.room_nid = $1 AND t.newest > $2 ORDER BY t.root",
        )?;
        let mut rows = statement.query((room, after))?;
        let mut threads = Vec::new();
        while let Some(row) = rows.next()? {
            let root_id = EventId::parse(row.get::<_, String>(1)?).map_err(to_json_error("event id"))?;
            threads.push(ThreadHead { root: row.get(0)?, root_id, total: row.get(2)?, newest: row.get(3)? });
        }
        Ok(threads)
    }

    /// How many events after a position the totals have though they were redacted.
    pub(crate) fn uncounted_after(
        &self,
        room: RoomNid,
        thread: Option<Position>,
        after: Position,
    ) -> Result<i64, StoreError> {
        Ok(self
            .prepare("SELECT count(*) FROM uncounted WHERE room_nid = $1 AND thread = $2 AND pos > $3")?
            .query_row((room, main_or(thread), after), |row| row.get(0))?)
    }

    /// How many events of one sender in `after < pos <= upto` the totals have.
    pub(crate) fn notifying_of(
        &self,
        room: RoomNid,
        sender: &UserId,
        thread: Option<Position>,
        (after, upto): (Position, Position),
    ) -> Result<i64, StoreError> {
        Ok(self
            .prepare(
                "SELECT count(*) FROM events
                 WHERE room_nid = $1 AND sender = $2 AND thread = $3 AND pos > $4 AND pos <= $5 AND notifies = 1
                     AND type <> 'm.room.member'",
            )?
            .query_row((room, sender.as_str(), main_or(thread), after, upto), |row| row.get(0))?)
    }

    /// The highlights of a user in the main timeline after a position.
    pub(crate) fn highlights_in_main(
        &self,
        room: RoomNid,
        user: &UserId,
        after: Position,
    ) -> Result<Vec<Highlight>, StoreError> {
        self.highlights(
            "SELECT h.thread, h.pos, e.sender, h.extra FROM highlights h JOIN events e ON e.pos = h.pos
             WHERE h.room_nid = $1 AND h.user_id IN ($2, '') AND h.thread = 0 AND h.pos > $3",
            (room, user, after),
        )
    }

    /// The highlights of a user in any thread after a position.
    pub(crate) fn highlights_in_threads(
        &self,
        room: RoomNid,
        user: &UserId,
        after: Position,
    ) -> Result<Vec<Highlight>, StoreError> {
        self.highlights(
            "SELECT h.thread, h.pos, e.sender, h.extra FROM highlights h JOIN events e ON e.pos = h.pos
             WHERE h.room_nid = $1 AND h.user_id IN ($2, '') AND h.thread > 0 AND h.pos > $3",
            (room, user, after),
        )
    }

    fn highlights(
        &self,
        sql: &str,
        (room, user, after): (RoomNid, &UserId, Position),
    ) -> Result<Vec<Highlight>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query((room, user.as_str(), after))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Highlight {
                thread: thread_or_main(row.get(0)?),
                pos: row.get(1)?,
                sender: UserId::parse(row.get::<_, String>(2)?).map_err(to_json_error("user id"))?,
                extra: row.get(3)?,
            });
        }
        Ok(found)
    }
}
