//! Events: stored once, as canonical JSON.
//!
//! A [`StoredEvent`] shows what the server itself needs (place, type, author). What it *says* is read with a [`Pass`], which only
//! the gate hands out: no handler gets at the content of an event the asker may not see.

use std::ops::Range;

use ruma::{DeviceId, EventId, OwnedEventId, OwnedUserId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::{
    Position, RoomNid, Snapshot, StoreError, Tx,
    media_refs::Holder,
    to_json_error,
    unread::{main_or, thread_or_main},
};
use crate::{
    gate::Pass,
    rooms::{Draft, Pdu, emptied},
};

/// An event about to be stored.
pub(crate) struct NewRow<'a> {
    pub(crate) pos: Position,
    pub(crate) room: RoomNid,
    pub(crate) draft: &'a Draft,
    pub(crate) pdu: &'a Pdu,
    pub(crate) replaces: Option<Position>,
    pub(crate) redacts: Option<&'a EventId>,
    /// `m.relates_to`: event id and relation type.
    pub(crate) relation: Option<(&'a str, &'a str)>,
    pub(crate) counted: Counted,
    /// The device that sent it and its transaction id.
    pub(crate) origin: Option<(&'a DeviceId, &'a str)>,
}

/// What an event adds to unread counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// The root of its thread; `None`: it is in the main timeline.
    pub(crate) thread: Option<Position>,
    /// The default push rules notify everybody of it.
    pub(crate) notifies: bool,
    /// The room's totals after it.
    pub(crate) notify_total: i64,
    pub(crate) main_total: i64,
    /// Its thread's total after it.
    pub(crate) thread_total: i64,
}

/// An event of the store. Its content is behind [`StoredEvent::content`].
#[derive(Clone, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) pos: Position,
    pub(crate) event_id: OwnedEventId,
    pub(crate) room: RoomNid,
    pub(crate) kind: String,
    pub(crate) sender: OwnedUserId,
    pub(crate) state_key: Option<String>,
    pub(crate) ts: i64,
    pub(crate) replaces: Option<Position>,
    pub(crate) redacts: Option<OwnedEventId>,
    pub(crate) redacted_by: Option<Position>,
    /// `m.relates_to.rel_type`.
    pub(crate) rel_type: Option<String>,
    /// Another event was sent that relates to this one.
    pub(crate) related: bool,
    /// The root of its thread; `None`: it is in the main timeline.
    pub(crate) thread: Option<Position>,
    device_id: Option<String>,
    txn_id: Option<String>,
    json: String,
    content: Range<usize>,
}

impl StoredEvent {
    /// The content as JSON text.
    pub(crate) fn content(&self, _: &Pass) -> &str {
        &self.json[self.content.clone()]
    }

    /// The whole PDU as canonical JSON.
    pub(crate) fn pdu(&self, _: &Pass) -> &str {
        &self.json
    }

    /// The event as a redaction would leave it. What cannot be read is left with nothing.
    pub(crate) fn emptied(mut self, snapshot: &Snapshot<'_>) -> Self {
        let left = snapshot
            .room(self.room)
            .ok()
            .flatten()
            .and_then(|room| emptied(&self.json, &room.version))
            .unwrap_or_else(|| (r#"{"content":{}}"#.to_owned(), 11..13));
        (self.json, self.content) = left;
        self.rel_type = None;
        self
    }

    /// The transaction id, to the device that chose it and nobody else.
    pub(crate) fn txn_for(&self, user: &UserId, device: Option<&DeviceId>) -> Option<&str> {
        let own = self.sender == user
            && device.is_some()
            && self.device_id.as_deref() == device.map(DeviceId::as_str);
        if own { self.txn_id.as_deref() } else { None }
    }

    /// True for the `m.room.member` event of `user`.
    pub(crate) fn is_member_of(&self, user: &UserId) -> bool {
        self.kind == "m.room.member" && self.state_key.as_deref() == Some(user.as_str())
    }
}

/// The columns of an event that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "e.pos, e.event_id, e.room_nid, e.type, e.sender, e.state_key, e.ts, e.json, e.content_at, \
     e.content_len, e.replaces, e.redacts, e.redacted_by, e.device_id, e.txn_id, e.rel_type, e.related, e.thread";

pub(super) fn read(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    let (at, len): (usize, usize) = (row.get(8)?, row.get(9)?);
    let json: String = row.get(7)?;
    if !json.is_char_boundary(at) || json.get(at..at + len).is_none() {
        return Err(StoreError::Damaged {
            what: "event",
            reason: "its content is not where it should be".into(),
        });
    }
    Ok(StoredEvent {
        pos: row.get(0)?,
        event_id: EventId::parse(row.get::<_, String>(1)?).map_err(to_json_error("event id"))?,
        room: row.get(2)?,
        kind: row.get(3)?,
        sender: UserId::parse(row.get::<_, String>(4)?).map_err(to_json_error("user id"))?,
        state_key: row.get(5)?,
        ts: row.get(6)?,
        json,
        content: at..at + len,
        replaces: row.get(10)?,
        redacts: row
            .get::<_, Option<String>>(11)?
            .map(|id| EventId::parse(id).map_err(to_json_error("event id")))
            .transpose()?,
        redacted_by: row.get(12)?,
        device_id: row.get(13)?,
        txn_id: row.get(14)?,
        rel_type: row.get(15)?,
        related: row.get(16)?,
        thread: thread_or_main(row.get(17)?),
    })
}

impl Snapshot<'_> {
    /// Runs a query whose columns are [`COLUMNS`].
    pub(super) fn events(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(read(row)?);
        }
        Ok(events)
    }

    /// The event at a position.
    pub(crate) fn event_at(&self, pos: Position) -> Result<Option<StoredEvent>, StoreError> {
        self.prepare(&format!("SELECT {COLUMNS} FROM events e WHERE e.pos = $1"))?
            .query_row([pos], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// An event by its id, whatever its room.
    pub(crate) fn event_by_id(&self, id: &EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.prepare(&format!("SELECT {COLUMNS} FROM events e WHERE e.event_id = $1"))?
            .query_row([id.as_str()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A room's events in `after < pos <= upto`, newest first.
    pub(crate) fn newest_events(
        &self,
        room: RoomNid,
        after: Position,
        upto: Position,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(
            &format!(
                "SELECT {COLUMNS} FROM events e WHERE e.room_nid = $1 AND e.pos > $2 AND e.pos <= $3
                 ORDER BY e.pos DESC LIMIT $4"
            ),
            (room, after, upto, limit as i64),
        )
    }

    /// A room's events in `after < pos <= upto`, oldest first.
    pub(crate) fn oldest_events(
        &self,
        room: RoomNid,
        after: Position,
        upto: Position,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(
            &format!(
                "SELECT {COLUMNS} FROM events e WHERE e.room_nid = $1 AND e.pos > $2 AND e.pos <= $3
                 ORDER BY e.pos LIMIT $4"
            ),
            (room, after, upto, limit as i64),
        )
    }

    /// A room's events from a moment on, the earliest first: behind `(ts, pos)`.
    pub(crate) fn events_later(
        &self,
        room: RoomNid,
        (ts, pos): (i64, Position),
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(
            &format!(
                "SELECT {COLUMNS} FROM events e WHERE e.room_nid = $1 AND (e.ts, e.pos) > ($2, $3)
                 ORDER BY e.ts, e.pos LIMIT $4"
            ),
            (room, ts, pos, limit as i64),
        )
    }

    /// A room's events up to a moment, the latest first: before `(ts, pos)`.
    pub(crate) fn events_earlier(
        &self,
        room: RoomNid,
        (ts, pos): (i64, Position),
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(
            &format!(
                "SELECT {COLUMNS} FROM events e WHERE e.room_nid = $1 AND (e.ts, e.pos) < ($2, $3)
                 ORDER BY e.ts DESC, e.pos DESC LIMIT $4"
            ),
            (room, ts, pos, limit as i64),
        )
    }

    /// True if `sender` has reacted to the event with the same key.
    pub(crate) fn has_reaction(
        &self,
        room: RoomNid,
        sender: &UserId,
        target: &str,
        key: &str,
    ) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                r#"SELECT EXISTS (SELECT 1 FROM events WHERE relates_to = $1 AND rel_type = 'm.annotation' AND room_nid = $2
                       AND sender = $3 AND json_extract(json, '$.content."m.relates_to".key') = $4)"#,
            )?
            .query_row((target, room, sender.as_str(), key), |row| row.get(0))?)
    }

    /// An event's canonical JSON, for the server's own work on it. Answers to clients go through the gate.
    pub(super) fn event_json(&self, pos: Position) -> Result<String, StoreError> {
        Ok(self.prepare("SELECT json FROM events WHERE pos = $1")?.query_row([pos], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Stores an event at the position it took in the log.
    pub(crate) fn insert_event(&mut self, row: &NewRow<'_>) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO events (pos, event_id, room_nid, type, sender, state_key, ts, json, content_at, content_len, replaces,
                                 redacts, relates_to, rel_type, thread, notifies, notify_total, main_total, thread_total, device_id,
                                 txn_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        )?
        .execute(rusqlite::params![
            row.pos,
            row.pdu.event_id.as_str(),
            row.room,
            row.draft.kind,
            row.draft.sender.as_str(),
            row.draft.state_key,
            u64::from(row.draft.ts.0) as i64,
            row.pdu.json,
            row.pdu.content_at as i64,
            row.pdu.content_len as i64,
            row.replaces,
            row.redacts.map(EventId::as_str),
            row.relation.map(|(event, _)| event),
            row.relation.map(|(_, kind)| kind),
            main_or(row.counted.thread),
            row.counted.notifies,
            row.counted.notify_total,
            row.counted.main_total,
            row.counted.thread_total,
            row.origin.map(|(device, _)| device.as_str()),
            row.origin.map(|(_, txn)| txn),
        ])?;
        self.refer_to_media(Holder::Event(row.pos), &row.pdu.json)
    }

    /// Replaces what an event says by what `redact` leaves of it, and whatever else was derived from it.
    pub(crate) fn redact_event<E: From<StoreError>>(
        &mut self,
        target: Position,
        by: Position,
        redact: impl FnOnce(&str) -> Result<(String, usize, usize), E>,
    ) -> Result<(), E> {
        let (json, at, len) = redact(&self.event_json(target)?)?;
        self.replace_json(target, by, &json, at, len).map_err(E::from)
    }

    fn replace_json(
        &mut self,
        target: Position,
        by: Position,
        json: &str,
        at: usize,
        len: usize,
    ) -> Result<(), StoreError> {
        self.uncount(target)?;
        self.prepare(
            "UPDATE events SET json = $1, content_at = $2, content_len = $3, redacted_by = $4, relates_to = NULL, rel_type = NULL
             WHERE pos = $5",
        )?
        .execute((json, at as i64, len as i64, by, target))?;
        self.refer_anew_to_media(Holder::Event(target), json)?;
        self.unindex(target)
    }
}
