//! The one log: positions, what a change is about, and what a commit announces.
//!
//! Positions are handed out by the writer in commit order, without gaps: a rolled back command gives its positions back. A room
//! event's position also names the event inside the database.

use std::collections::HashSet;

use ruma::{OwnedUserId, UserId};
use rusqlite::{
    Connection, ToSql,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};

use super::{Snapshot, StoreError, Tx, to_json_error};

/// A place in the log. `Position(0)` is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position(pub(crate) i64);

impl Position {
    /// Before the first change.
    pub(crate) const START: Self = Self(0);
    /// Where a row that is still in force ends.
    pub(crate) const FOREVER: Self = Self(i64::MAX);

    /// The position just before this one.
    pub(crate) fn before(self) -> Self {
        Self(self.0 - 1)
    }
}

/// A room's number in this database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomNid(pub(crate) i64);

macro_rules! stored_as_integer {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )*};
}
stored_as_integer!(Position, RoomNid);

/// What kind of change a log entry announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum LogKind {
    /// A room event.
    Event = 0,
    /// A read receipt moved.
    Receipt = 1,
    /// A user's global or room account data changed (`m.push_rules` too).
    AccountData = 2,
    /// A user's profile changed.
    Profile = 3,
    /// A to-device message waits for a device of the user.
    ToDevice = 4,
    /// A user's devices or keys changed.
    DeviceList = 5,
    /// The user forgot a room.
    Forget = 6,
    /// A read receipt moved that only its owner sees.
    PrivateReceipt = 7,
    /// Somebody claimed a key of one of the user's devices.
    KeyClaim = 8,
}

/// One change about to be written. `room` wakes those in the room, `user` wakes that user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogEntry<'a> {
    /// What happened.
    pub(crate) kind: LogKind,
    /// The room it happened in, where there is one.
    pub(crate) room: Option<RoomNid>,
    /// The user it concerns, where there is one. For a membership event: the target.
    pub(crate) user: Option<&'a UserId>,
}

/// One change that was committed.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    /// Where it stands.
    pub(crate) pos: Position,
    /// What happened.
    pub(crate) kind: LogKind,
    /// The room it happened in.
    pub(crate) room: Option<RoomNid>,
    /// The user it concerns.
    pub(crate) user: Option<OwnedUserId>,
}

/// What one commit made durable.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The position of its last change.
    pub(crate) to: Position,
    /// The changes, in order.
    pub(crate) entries: Vec<Logged>,
}

/// What of some changes concerns unread counts.
#[derive(Debug, Default)]
pub(crate) struct SentAndRead {
    /// Rooms with new events.
    pub(crate) sent: HashSet<RoomNid>,
    /// Users who have read something.
    pub(crate) readers: HashSet<OwnedUserId>,
}

impl Tx<'_> {
    /// Writes a change into the log and returns the position it took.
    pub(crate) fn append(&mut self, entry: LogEntry<'_>) -> Result<Position, StoreError> {
        let pos = Position(self.pending.head.0 + 1);
        self.prepare("INSERT INTO log (pos, kind, room_nid, user_id) VALUES ($1, $2, $3, $4)")?.execute((
            pos,
            entry.kind as i64,
            entry.room,
            entry.user.map(UserId::as_str),
        ))?;
        self.pending.head = pos;
        self.pending.entries.push(Logged {
            pos,
            kind: entry.kind,
            room: entry.room,
            user: entry.user.map(ToOwned::to_owned),
        });
        Ok(pos)
    }
}

impl Snapshot<'_> {
    /// The last position this snapshot sees.
    pub(crate) fn position(&self) -> Result<Position, StoreError> {
        Ok(self.prepare("SELECT coalesce(max(pos), 0) FROM log")?.query_row((), |row| row.get(0))?)
    }

    /// The changes in `from < pos <= to` that concern unread counts: in which rooms events were sent, and whose receipts moved.
    pub(crate) fn sent_and_read(&self, from: Position, to: Position) -> Result<SentAndRead, StoreError> {
        let mut statement = self.prepare(
            "SELECT DISTINCT kind, room_nid, user_id FROM log WHERE pos > $1 AND pos <= $2 AND kind IN (0, 1, 7)",
        )?;
        let mut rows = statement.query((from, to))?;
        let mut found = SentAndRead::default();
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? == LogKind::Event as i64 {
                found.sent.extend(row.get::<_, Option<RoomNid>>(1)?);
            } else if let Some(user) = row.get::<_, Option<String>>(2)? {
                found.readers.insert(UserId::parse(user).map_err(to_json_error("user id"))?);
            }
        }
        Ok(found)
    }

    /// The rooms with any change in `from < pos <= to`, each once.
    pub(crate) fn rooms_changed(&self, from: Position, to: Position) -> Result<Vec<RoomNid>, StoreError> {
        let mut statement = self.prepare(
            "SELECT DISTINCT room_nid FROM log WHERE pos > $1 AND pos <= $2 AND room_nid IS NOT NULL",
        )?;
        let rooms = statement.query_map((from, to), |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(rooms)
    }
}

/// The random name of this database, made when it was created.
pub(super) fn epoch(connection: &Connection) -> Result<String, StoreError> {
    Ok(connection.query_row("SELECT value FROM meta WHERE key = 'epoch'", (), |row| row.get(0))?)
}
