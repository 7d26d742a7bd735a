//! Messages as they are shown: one row each from *sending* to *read*, which keeps its key.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::place::{Place, WAITING};
use super::{Result, Tx};
use crate::model::{Content, ConversationId, Message, MessageState, SendingStep};

/// Columns every reader of rows asks for, with the sender's name of today.
pub(super) const COLUMNS: &str = "m.key, m.conversation, m.room_id, m.event_id, m.txn_id, m.sender, p.name, m.mine, \
     m.timestamp, m.content, m.state, m.reason, m.edited, m.sort, m.seq";

/// Where the names come from.
pub(super) const NAMES: &str = "LEFT JOIN members p ON p.room_id = m.room_id AND p.user_id = m.sender";

/// Reads [`COLUMNS`], beginning at `at`.
pub(super) fn from_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Message> {
    let key: i64 = row.get(at)?;
    let sender: String = row.get(at + 5)?;
    let name: Option<String> = row.get(at + 6)?;
    let content: String = row.get(at + 9)?;
    let state: String = row.get(at + 10)?;
    Ok(Message {
        key,
        order: Place { sort: row.get(at + 13)?, seq: row.get(at + 14)? }.order(key),
        conversation: ConversationId(row.get(at + 1)?),
        room_id: row.get(at + 2)?,
        event_id: row.get(at + 3)?,
        txn_id: row.get(at + 4)?,
        sender_name: display_name(name, &sender),
        sender,
        mine: row.get(at + 7)?,
        timestamp: row.get::<_, i64>(at + 8)?.max(0).unsigned_abs(),
        content: serde_json::from_str(&content).unwrap_or(Content::Unsupported { body: String::new() }),
        state: state_from(&state, row.get(at + 11)?),
        edited: row.get(at + 12)?,
    })
}

/// The name to show: the one set, else the part of the id before the colon.
pub(crate) fn display_name(name: Option<String>, user_id: &str) -> String {
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| localpart(user_id).to_owned())
}

/// `name` of `@name:server`.
pub(crate) fn localpart(user_id: &str) -> &str {
    user_id.trim_start_matches('@').split(':').next().unwrap_or(user_id)
}

fn state_from(word: &str, reason: Option<String>) -> MessageState {
    match word {
        "waiting" => MessageState::Sending { step: SendingStep::Waiting },
        "uploading" => MessageState::Sending { step: SendingStep::Uploading },
        "sending" => MessageState::Sending { step: SendingStep::Sending },
        "delivered" => MessageState::Delivered,
        "read" => MessageState::Read,
        "played" => MessageState::Played,
        "failed" => MessageState::Failed { reason: reason.unwrap_or_default(), refused: false },
        "refused" => MessageState::Failed { reason: reason.unwrap_or_default(), refused: true },
        _ => MessageState::Sent,
    }
}

fn state_word(state: &MessageState) -> (&'static str, Option<&str>) {
    match state {
        MessageState::Sending { step: SendingStep::Waiting } => ("waiting", None),
        MessageState::Sending { step: SendingStep::Uploading } => ("uploading", None),
        MessageState::Sending { step: SendingStep::Sending } => ("sending", None),
        MessageState::Sent => ("sent", None),
        MessageState::Delivered => ("delivered", None),
        MessageState::Read => ("read", None),
        MessageState::Played => ("played", None),
        MessageState::Failed { reason, refused: false } => ("failed", Some(reason)),
        MessageState::Failed { reason, refused: true } => ("refused", Some(reason)),
    }
}

/// Whether an event has a row.
pub(super) fn is_here(db: &Connection, event_id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM messages WHERE event_id = ?1")?.exists([event_id])
}

pub(crate) fn by_key(db: &Connection, key: i64) -> rusqlite::Result<Option<Message>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM messages m {NAMES} WHERE m.key = ?1"))?
        .query_row([key], |row| from_row(row, 0))
        .optional()
}

/// My message that was sent from this device under a transaction id.
pub(crate) fn by_transaction(db: &Connection, txn_id: &str) -> rusqlite::Result<Option<Message>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM messages m {NAMES} WHERE m.txn_id = ?1"))?
        .query_row([txn_id], |row| from_row(row, 0))
        .optional()
}

/// A row of a page and whether it is after my marker.
pub(crate) struct PageRow {
    pub(crate) message: Message,
    pub(crate) unread: bool,
}

/// Rows before a place, newest first.
pub(crate) fn page(
    db: &Connection,
    conversation: &str,
    before: Option<(Place, i64)>,
    limit: u32,
) -> rusqlite::Result<Vec<PageRow>> {
    let (place, key) = before.unwrap_or((Place { sort: i64::MAX, seq: i64::MAX }, i64::MAX));
    db.prepare_cached(&page_sql())?
        .query_map(params![conversation, place.sort, place.seq, key, limit], |row| {
            Ok(PageRow { message: from_row(row, 0)?, unread: row.get(15)? })
        })?
        .collect()
}

/// The query of a page; its plan is tested.
pub(super) fn page_sql() -> String {
    format!(
        "SELECT {COLUMNS},
                m.mine = 0 AND m.counts = 1 AND coalesce((m.sort, m.seq) > (r.read_sort, r.read_seq), 0)
         FROM messages m {NAMES} LEFT JOIN rooms r ON r.room_id = m.room_id
         WHERE m.conversation = ?1 AND (m.sort, m.seq, m.key) < (?2, ?3, ?4)
         ORDER BY m.sort DESC, m.seq DESC, m.key DESC LIMIT ?5"
    )
}

/// A row to be made.
pub(crate) struct NewMessage<'a> {
    pub(crate) room_id: &'a str,
    pub(crate) event_id: Option<&'a str>,
    pub(crate) txn_id: Option<&'a str>,
    pub(crate) sender: &'a str,
    pub(crate) timestamp: i64,
    /// None: it waits to be sent.
    pub(crate) place: Option<Place>,
    pub(crate) counts: bool,
    pub(crate) highlight: bool,
    pub(crate) content: &'a Content,
    pub(crate) state: &'a MessageState,
}

/// What the store knows of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A row whose place is the server's.
    Placed(i64, Place),
    /// A row of mine the server has acknowledged or that waits for that.
    Unplaced(i64),
    /// Not shown.
    Hidden(Place),
}

impl Tx<'_> {
    /// What is known of an event by its id, or of my message by its transaction id.
    pub(crate) fn known(&self, event_id: &str, txn_id: Option<&str>) -> Result<Option<Known>> {
        let db = self.db();
        let row = db
            .prepare_cached("SELECT key, placed, sort, seq FROM messages WHERE event_id = ?1")?
            .query_row([event_id], |row| {
                let place = Place { sort: row.get(2)?, seq: row.get(3)? };
                let key = row.get(0)?;
                Ok(if row.get(1)? { Known::Placed(key, place) } else { Known::Unplaced(key) })
            })
            .optional()?;
        if row.is_some() {
            return Ok(row);
        }
        if let Some(place) = super::place::of_event(db, event_id)? {
            return Ok(Some(Known::Hidden(place)));
        }
        let Some(txn_id) = txn_id else { return Ok(None) };
        Ok(db
            .prepare_cached("SELECT key FROM messages WHERE txn_id = ?1 AND event_id IS NULL")?
            .query_row([txn_id], |row| row.get(0).map(Known::Unplaced))
            .optional()?)
    }

    /// Makes a row and indexes its words.
    pub(crate) fn insert_message(&mut self, new: &NewMessage<'_>, conversation: &str) -> Result<i64> {
        let (state, reason) = state_word(new.state);
        let content = serde_json::to_string(new.content)?;
        let place = new.place.unwrap_or(Place { sort: WAITING, seq: 0 });
        self.db()
            .prepare_cached(
                "INSERT INTO messages
                     (conversation, room_id, event_id, txn_id, sender, mine, timestamp, sort, seq, placed,
                      counts, highlight, content, state, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                conversation,
                new.room_id,
                new.event_id,
                new.txn_id,
                new.sender,
                new.sender == self.me,
                new.timestamp,
                place.sort,
                place.seq,
                new.place.is_some(),
                new.counts,
                new.highlight,
                content,
                state,
                reason
            ])?;
        let key = self.db().last_insert_rowid();
        if new.place.is_none() {
            // Waiting messages stand in the order they were written in.
            self.db().prepare_cached("UPDATE messages SET seq = key WHERE key = ?1")?.execute([key])?;
        }
        self.index(key, new.timestamp, new.content)?;
        self.touch(conversation);
        Ok(key)
    }

    /// The server's word on a message of mine: its id, time, place and content. The key stays.
    pub(crate) fn place_message(
        &mut self,
        key: i64,
        event_id: &str,
        timestamp: i64,
        at: Place,
        content: &Content,
    ) -> Result<()> {
        let conversation: String = self
            .db()
            .prepare_cached(
                "UPDATE messages SET event_id = ?2, timestamp = ?3, sort = ?4, seq = ?5, placed = 1, content = ?6,
                     state = CASE WHEN state IN ('delivered', 'read', 'played') THEN state ELSE 'sent' END,
                     reason = NULL
                 WHERE key = ?1 RETURNING conversation",
            )?
            .query_row(
                params![key, event_id, timestamp, at.sort, at.seq, serde_json::to_string(content)?],
                |row| row.get(0),
            )?;
        self.index(key, timestamp, content)?;
        self.row_changed(key, false);
        self.touch(&conversation);
        Ok(())
    }

    /// Where my acknowledged messages of a room are that no timeline has placed: somewhere in the gap before `at`.
    pub(crate) fn park_unplaced(&mut self, room_id: &str, at: Place) -> Result<()> {
        let keys: Vec<i64> = self
            .db()
            .prepare_cached(
                "UPDATE messages SET sort = ?2, seq = ?3 + key
                 WHERE room_id = ?1 AND placed = 0 AND event_id IS NOT NULL AND sort = ?4 RETURNING key",
            )?
            .query_map(params![room_id, at.sort, at.seq, WAITING], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for key in keys {
            self.row_changed(key, false);
        }
        Ok(())
    }

    /// How far a message has come.
    pub(crate) fn set_state(&mut self, key: i64, state: &MessageState) -> Result<()> {
        let (word, reason) = state_word(state);
        let conversation: Option<String> = self
            .db()
            .prepare_cached(
                "UPDATE messages SET state = ?2, reason = ?3
                 WHERE key = ?1 AND (state IS NOT ?2 OR reason IS NOT ?3) RETURNING conversation",
            )?
            .query_row(params![key, word, reason], |row| row.get(0))
            .optional()?;
        if let Some(conversation) = conversation {
            self.row_changed(key, false);
            self.touch(&conversation);
        }
        Ok(())
    }

    /// Replaces what a message shows.
    pub(crate) fn set_content(&mut self, key: i64, content: &Content) -> Result<()> {
        let (conversation, timestamp): (String, i64) = self
            .db()
            .prepare_cached(
                "UPDATE messages SET content = ?2 WHERE key = ?1 RETURNING conversation, timestamp",
            )?
            .query_row(params![key, serde_json::to_string(content)?], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.index(key, timestamp, content)?;
        self.row_changed(key, false);
        self.touch(&conversation);
        Ok(())
    }

    /// The room a waiting message goes to, once it is known (or another one, DM7).
    pub(crate) fn set_message_room(&mut self, key: i64, room_id: &str) -> Result<()> {
        self.db()
            .prepare_cached("UPDATE messages SET room_id = ?2 WHERE key = ?1")?
            .execute(params![key, room_id])?;
        self.row_changed(key, false);
        Ok(())
    }

    /// Notes the event id of an acknowledged message before its echo comes.
    pub(crate) fn set_event_id(&mut self, key: i64, event_id: &str) -> Result<()> {
        self.db()
            .prepare_cached("UPDATE messages SET event_id = ?2 WHERE key = ?1 AND event_id IS NULL")?
            .execute(params![key, event_id])?;
        Ok(())
    }

    /// Removes a row for good: a discarded one, or the twin of one with the right key.
    pub(crate) fn delete_message(&mut self, key: i64) -> Result<()> {
        self.unindex(key)?;
        let conversation: Option<String> = self
            .db()
            .prepare_cached("DELETE FROM messages WHERE key = ?1 RETURNING conversation")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if let Some(conversation) = conversation {
            self.touch(&conversation);
            self.row_removed(key, &conversation);
        }
        Ok(())
    }
}
