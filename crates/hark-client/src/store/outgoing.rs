//! Messages on their way: one row each with the step it reached, so that whoever picks it up after a crash goes on there
//! (SE4).

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Tx};
use crate::model::{Content, MessageState, SendingStep};

/// What is done already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutgoingStep {
    /// Nothing. With a file, its upload comes first.
    Waiting,
    /// The file is on the server.
    Uploaded {
        /// Where.
        mxc: String,
    },
    /// The content is as it goes out; every try sends the same bytes.
    Sealed,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutboxRow {
    pub(crate) key: i64,
    pub(crate) conversation: String,
    pub(crate) room_id: String,
    pub(crate) txn_id: String,
    pub(crate) step: OutgoingStep,
    /// JSON of the event's content.
    pub(crate) content: String,
    pub(crate) tries: u32,
    pub(crate) rerouted: bool,
    pub(crate) refused: bool,
    pub(crate) has_media: bool,
}

const COLUMNS: &str = "o.key, o.conversation, m.room_id, o.txn_id, o.step, o.mxc, o.content, o.tries, o.rerouted, \
     o.refused, EXISTS (SELECT 1 FROM outgoing_media f WHERE f.key = o.key)";

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxRow> {
    let mxc: Option<String> = row.get(5)?;
    let step = match (row.get::<_, String>(4)?.as_str(), mxc) {
        ("sealed", _) => OutgoingStep::Sealed,
        ("uploaded", Some(mxc)) => OutgoingStep::Uploaded { mxc },
        _ => OutgoingStep::Waiting,
    };
    Ok(OutboxRow {
        key: row.get(0)?,
        conversation: row.get(1)?,
        room_id: row.get(2)?,
        txn_id: row.get(3)?,
        step,
        content: row.get(6)?,
        tries: row.get(7)?,
        rerouted: row.get(8)?,
        refused: row.get(9)?,
        has_media: row.get(10)?,
    })
}

/// Everything on its way, in the order it was written.
pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<OutboxRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o JOIN messages m ON m.key = o.key ORDER BY o.key"
    ))?
    .query_map([], from_row)?
    .collect()
}

pub(crate) fn get(db: &Connection, key: i64) -> rusqlite::Result<Option<OutboxRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o JOIN messages m ON m.key = o.key WHERE o.key = ?1"
    ))?
    .query_row([key], from_row)
    .optional()
}

/// The file of a message: type and bytes.
pub(crate) fn media(db: &Connection, key: i64) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
    db.prepare_cached("SELECT mime, bytes FROM outgoing_media WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

impl Tx<'_> {
    /// Puts a message, with its file, into the outbox.
    pub(crate) fn enqueue(
        &mut self,
        key: i64,
        conversation: &str,
        txn_id: &str,
        content: &str,
        file: Option<(&str, &[u8])>,
    ) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT INTO outbox (key, conversation, txn_id, step, content) VALUES (?1, ?2, ?3, 'waiting', ?4)",
            )?
            .execute(params![key, conversation, txn_id, content])?;
        if let Some((mime, bytes)) = file {
            self.db()
                .prepare_cached("INSERT INTO outgoing_media (key, mime, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![key, mime, bytes])?;
        }
        self.row_changed(key, true);
        self.touch(conversation);
        Ok(())
    }

    /// A row as it stands in this transaction.
    pub(crate) fn outgoing(&self, key: i64) -> Result<Option<OutboxRow>> {
        Ok(get(self.db(), key)?)
    }

    /// The file is on the server: a retry does not upload it again (SE9).
    pub(crate) fn set_uploaded(&mut self, key: i64, mxc: &str) -> Result<()> {
        self.db()
            .prepare_cached("UPDATE outbox SET step = 'uploaded', mxc = ?2 WHERE key = ?1")?
            .execute(params![key, mxc])?;
        let shown = self.message(key)?.map(|message| message.content);
        if let Some(Content::Voice { duration_ms, waveform, played, .. }) = shown {
            self.set_content(key, &Content::Voice { source: mxc.to_owned(), duration_ms, waveform, played })?;
        }
        Ok(())
    }

    /// The content is final.
    pub(crate) fn seal(&self, key: i64, content: &str) -> Result<()> {
        self.db()
            .prepare_cached("UPDATE outbox SET step = 'sealed', content = ?2 WHERE key = ?1")?
            .execute(params![key, content])?;
        Ok(())
    }

    /// Notes failed tries, and whether it was the last.
    pub(crate) fn set_tries(&self, key: i64, tries: u32, refused: bool) -> Result<()> {
        self.db()
            .prepare_cached("UPDATE outbox SET tries = ?2, refused = ?3 WHERE key = ?1")?
            .execute(params![key, tries, refused])?;
        Ok(())
    }

    /// It is sent to another room from now on (DM7), once.
    pub(crate) fn reroute(&self, key: i64) -> Result<()> {
        self.db().prepare_cached("UPDATE outbox SET rerouted = 1 WHERE key = ?1")?.execute([key])?;
        Ok(())
    }

    /// It is done with.
    pub(crate) fn dequeue(&mut self, key: i64) -> Result<bool> {
        let conversation: Option<String> = self
            .db()
            .prepare_cached("DELETE FROM outbox WHERE key = ?1 RETURNING conversation")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        self.db().prepare_cached("DELETE FROM outgoing_media WHERE key = ?1")?.execute([key])?;
        if let Some(conversation) = &conversation {
            self.touch(conversation);
        }
        Ok(conversation.is_some())
    }

    /// The server has acknowledged a message of mine. Its echo may have come before, even as a row of its own; the row
    /// that was *sending* stays.
    pub(crate) fn acknowledge(&mut self, key: i64, event_id: &str) -> Result<()> {
        let twin: Option<(i64, super::Place, i64, String)> = self
            .db()
            .prepare_cached(
                "SELECT key, sort, seq, timestamp, coalesce(original, content) FROM messages WHERE event_id = ?1 AND key <> ?2 AND placed = 1",
            )?
            .query_row(params![event_id, key], |row| {
                let place = super::Place { sort: row.get(1)?, seq: row.get(2)? };
                Ok((row.get(0)?, place, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        self.dequeue(key)?;
        if let Some((other, place, timestamp, content)) = twin {
            let seen = self.message(other)?.is_some_and(|m| m.state == MessageState::Read);
            self.delete_message(other)?;
            self.place_message(key, event_id, timestamp, place, &serde_json::from_str(&content)?)?;
            if seen {
                self.set_state(key, &MessageState::Read)?;
            }
            return self.show_edits(event_id);
        }
        self.set_event_id(key, event_id)?;
        let waiting = self
            .message(key)?
            .is_some_and(|m| matches!(m.state, MessageState::Sending { .. } | MessageState::Failed { .. }));
        if waiting {
            self.set_state(key, &MessageState::Sent)?;
        }
        Ok(())
    }

    /// After a restart nothing is under way: rows go back to waiting.
    pub(crate) fn nothing_under_way(&mut self) -> Result<()> {
        let keys: Vec<i64> = self
            .db()
            .prepare("SELECT o.key FROM outbox o JOIN messages m ON m.key = o.key WHERE m.state IN ('uploading', 'sending')")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for key in keys {
            self.set_state(key, &MessageState::Sending { step: SendingStep::Waiting })?;
        }
        Ok(())
    }
}
