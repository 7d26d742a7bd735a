//! Room state over time: a row says from which position to which an event was the state of its key.

use std::sync::Arc;

use ruma::{EventId, MilliSecondsSinceUnixEpoch, RoomId, UInt, UserId, events::StateEventType};
use rusqlite::{OptionalExtension, Row};
use serde_json::value::RawValue;

use super::{
    Position, RoomNid, Snapshot, StoreError, Tx,
    events::{COLUMNS, StoredEvent},
    heads::AuthEvent,
    to_json_error,
};

impl Tx<'_> {
    /// Makes the event at `pos` the state of its key. Returns the position of the event it replaces.
    pub(crate) fn set_state(
        &mut self,
        room: RoomNid,
        kind: &str,
        state_key: &str,
        pos: Position,
    ) -> Result<Option<Position>, StoreError> {
        let replaced = self.state_pos(room, kind, state_key, Position::FOREVER.before())?;
        if let Some(replaced) = replaced {
            self.prepare(
                "UPDATE room_state SET to_pos = $1 WHERE room_nid = $2 AND type = $3 AND state_key = $4 AND from_pos = $5",
            )?
            .execute((pos, room, kind, state_key, replaced))?;
        }
        self.prepare("INSERT INTO room_state (room_nid, type, state_key, from_pos, to_pos) VALUES ($1, $2, $3, $4, $5)")?
            .execute((room, kind, state_key, pos, Position::FOREVER))?;
        Ok(replaced)
    }
}

impl Snapshot<'_> {
    /// The position of the event that is the state of a key at `at` (its own effect included).
    pub(crate) fn state_pos(
        &self,
        room: RoomNid,
        kind: &str,
        state_key: &str,
        at: Position,
    ) -> Result<Option<Position>, StoreError> {
        Ok(self
            .prepare(
                "SELECT from_pos FROM room_state WHERE room_nid = $1 AND type = $2 AND state_key = $3 AND from_pos <= $4
                 ORDER BY from_pos DESC LIMIT 1",
            )?
            .query_row((room, kind, state_key, at), |row| row.get(0))
            .optional()?)
    }

    /// The state event of a key at `at`.
    pub(crate) fn state_event(
        &self,
        room: RoomNid,
        kind: &str,
        state_key: &str,
        at: Position,
    ) -> Result<Option<StoredEvent>, StoreError> {
        match self.state_pos(room, kind, state_key, at)? {
            Some(pos) => self.event_at(pos),
            None => Ok(None),
        }
    }

    /// The whole state at `at`, in the order it was set. Without `members` the member events are left out.
    pub(crate) fn state_at(
        &self,
        room: RoomNid,
        at: Position,
        members: Members,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM room_state s JOIN events e ON e.pos = s.from_pos
             WHERE s.room_nid = $1 AND s.from_pos <= $2 AND s.to_pos > $2 AND ($3 OR s.type != 'm.room.member')
             ORDER BY s.from_pos"
        );
        self.events(&sql, (room, at, members == Members::All))
    }

    /// The state events of one type at `at`, whatever their keys, in the order of the keys.
    pub(crate) fn state_of_kind(
        &self,
        room: RoomNid,
        kind: &str,
        at: Position,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM room_state s JOIN events e ON e.pos = s.from_pos
             WHERE s.room_nid = $1 AND s.type = $2 AND s.from_pos <= $3 AND s.to_pos > $3
             ORDER BY s.state_key"
        );
        self.events(&sql, (room, kind, at))
    }

    /// The state at `to` that was not yet so at `from`, in the order it was set.
    pub(crate) fn state_changed(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM room_state s JOIN events e ON e.pos = s.from_pos
             WHERE s.room_nid = $1 AND s.from_pos > $2 AND s.from_pos <= $3 AND s.to_pos > $3
             ORDER BY s.from_pos"
        );
        self.events(&sql, (room, from, to))
    }

    /// What changed in `from < pos <= to` of the types that say what a room is called: its name, its alias, its members.
    pub(crate) fn naming_changed(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<String>, StoreError> {
        let mut statement = self.prepare(
            "SELECT DISTINCT type FROM room_state WHERE room_nid = $1 AND from_pos > $2 AND from_pos <= $3
                 AND type IN ('m.room.member', 'm.room.name', 'm.room.canonical_alias')",
        )?;
        let types = statement.query_map((room, from, to), |row| row.get(0))?;
        Ok(types.collect::<Result<_, _>>()?)
    }

    /// Every value a key had, oldest first: the positions from which it was in force.
    pub(crate) fn state_history(
        &self,
        room: RoomNid,
        kind: &str,
        state_key: &str,
    ) -> Result<Vec<Position>, StoreError> {
        let mut statement = self.prepare(
            "SELECT from_pos FROM room_state WHERE room_nid = $1 AND type = $2 AND state_key = $3 ORDER BY from_pos",
        )?;
        let positions = statement.query_map((room, kind, state_key), |row| row.get(0))?;
        Ok(positions.collect::<Result<_, _>>()?)
    }

    /// One member of the content of the state event of a key at `at`, where it is a text. For the server's own decisions.
    pub(crate) fn state_text(
        &self,
        room: RoomNid,
        kind: &str,
        member: &str,
        at: Position,
    ) -> Result<Option<String>, StoreError> {
        let Some(pos) = self.state_pos(room, kind, "", at)? else { return Ok(None) };
        let content: serde_json::Value =
            serde_json::from_str(&self.content_json(pos)?).map_err(to_json_error("event"))?;
        Ok(content.get(member).and_then(serde_json::Value::as_str).map(ToOwned::to_owned))
    }

    /// A state event of the current state, as auth rules look at it.
    pub(crate) fn auth_event(
        &self,
        room: RoomNid,
        room_id: &RoomId,
        kind: &StateEventType,
        state_key: &str,
    ) -> Result<Option<Arc<AuthEvent>>, StoreError> {
        let kind = kind.to_string();
        let Some(pos) = self.state_pos(room, &kind, state_key, Position::FOREVER.before())? else {
            return Ok(None);
        };
        self.prepare(
            "SELECT event_id, sender, ts, type, state_key, substr(cast(json AS BLOB), content_at + 1, content_len)
             FROM events WHERE pos = $1",
        )?
        .query_row([pos], |row| Ok(read_auth_event(row, room_id)))?
        .map(|event| Some(Arc::new(event)))
    }

    /// An event's content as text, for the server's own decisions.
    pub(crate) fn content_json(&self, pos: Position) -> Result<String, StoreError> {
        let content: Vec<u8> = self
            .prepare(
                "SELECT substr(cast(json AS BLOB), content_at + 1, content_len) FROM events WHERE pos = $1",
            )?
            .query_row([pos], |row| row.get(0))?;
        String::from_utf8(content).map_err(to_json_error("event"))
    }
}

/// Whether a listing of state has the member events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    All,
    None,
}

fn read_auth_event(row: &Row<'_>, room_id: &RoomId) -> Result<AuthEvent, StoreError> {
    let content = String::from_utf8(row.get(5)?).map_err(to_json_error("event"))?;
    Ok(AuthEvent {
        event_id: EventId::parse(row.get::<_, String>(0)?).map_err(to_json_error("event id"))?,
        room_id: Some(room_id.to_owned()),
        sender: UserId::parse(row.get::<_, String>(1)?).map_err(to_json_error("user id"))?,
        ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(row.get::<_, i64>(2)? as u64)),
        kind: row.get::<_, String>(3)?.into(),
        state_key: row.get(4)?,
        content: RawValue::from_string(content).map_err(to_json_error("event"))?,
        auth: Vec::new(),
        prev: None,
    })
}
