//! Who has heard which voice message (RC3): others mine, I theirs, and what is still to be told. Each receipt is about
//! one message; it says nothing of those before it.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Tx, messages};
use crate::model::{Content, Message, MessageState};

/// Played receipts still to be sent: room and event.
pub(crate) fn outgoing(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT room_id, event_id FROM played_out LIMIT 100")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

impl Tx<'_> {
    /// I have heard a message. Where it is someone else's that is to be told. False: there is no such message.
    pub(crate) fn hear(&mut self, key: i64) -> Result<bool> {
        let Some(message) = self.message(key)? else { return Ok(false) };
        if self.mark_heard(&message)?
            && !message.mine
            && let Some(event_id) = &message.event_id
        {
            self.db()
                .prepare_cached("INSERT OR IGNORE INTO played_out (event_id, room_id) VALUES (?1, ?2)")?
                .execute([event_id, &message.room_id])?;
        }
        Ok(true)
    }

    /// Someone has heard an event, maybe one that is not here yet.
    pub(crate) fn played_by(&mut self, user_id: &str, event_id: &str) -> Result<()> {
        let key: Option<i64> = self
            .db()
            .prepare_cached("SELECT key FROM messages WHERE event_id = ?1")?
            .query_row([event_id], |row| row.get(0))
            .optional()?;
        let Some(message) = key.map(|key| self.message(key)).transpose()?.flatten() else {
            self.db()
                .prepare_cached("INSERT OR IGNORE INTO played_early (event_id, user_id) VALUES (?1, ?2)")?
                .execute([event_id, user_id])?;
            return Ok(());
        };
        if user_id == self.me {
            // On another device of mine.
            self.mark_heard(&message)?;
            return self.played_told(event_id);
        }
        let told = matches!(message.state, MessageState::Sent | MessageState::Delivered | MessageState::Read);
        if message.mine && told && matches!(message.content, Content::Voice { .. }) {
            self.set_state(message.key, &MessageState::Played)?;
        }
        Ok(())
    }

    /// Applies what is known to a message that has just got its place.
    pub(crate) fn settle_played(&mut self, event_id: &str) -> Result<()> {
        let early: Vec<String> = self
            .db()
            .prepare_cached("DELETE FROM played_early WHERE event_id = ?1 RETURNING user_id")?
            .query_map([event_id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for user_id in early {
            // An event that is not shown was no voice message.
            if messages::is_here(self.db(), event_id)? {
                self.played_by(&user_id, event_id)?;
            }
        }
        Ok(())
    }

    /// A played receipt was told, or never will be.
    pub(crate) fn played_told(&self, event_id: &str) -> Result<()> {
        self.db().prepare_cached("DELETE FROM played_out WHERE event_id = ?1")?.execute(params![event_id])?;
        Ok(())
    }

    /// The server knows no played receipts: nobody will be told.
    pub(crate) fn forget_played_out(&self) -> Result<()> {
        self.db().execute("DELETE FROM played_out", [])?;
        Ok(())
    }

    /// Whether it was unheard until now.
    fn mark_heard(&mut self, message: &Message) -> Result<bool> {
        let Content::Voice { source, duration_ms, waveform, played: false } = &message.content else {
            return Ok(false);
        };
        let heard = Content::Voice {
            source: source.clone(),
            duration_ms: *duration_ms,
            waveform: waveform.clone(),
            played: true,
        };
        self.set_content(message.key, &heard)?;
        Ok(true)
    }
}
