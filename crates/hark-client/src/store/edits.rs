//! Edits and redactions: what changes a message after it was sent, in whatever order they come.

use rusqlite::{OptionalExtension, params};

use super::place::Place;
use super::{Result, Tx};
use crate::model::Content;

/// An `m.replace` event.
pub(crate) struct Edit<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) target: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) content: &'a Content,
    pub(crate) at: Place,
}

impl Tx<'_> {
    /// Keeps an edit and shows it, if its target is here; else the target will ask for it.
    pub(crate) fn add_edit(&mut self, edit: &Edit<'_>) -> Result<()> {
        if self.was_redacted(edit.event_id)? {
            return Ok(());
        }
        self.db()
            .prepare_cached(
                "INSERT INTO edits (event_id, target, sender, sort, seq, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (event_id) DO UPDATE SET sort = ?4, seq = ?5",
            )?
            .execute(params![
                edit.event_id,
                edit.target,
                edit.sender,
                edit.at.sort,
                edit.at.seq,
                serde_json::to_string(edit.content)?
            ])?;
        self.show_edits(edit.target)
    }

    /// Shows the newest edit of an event by its own sender, or its first content where there is none.
    pub(crate) fn show_edits(&mut self, target: &str) -> Result<()> {
        type Row = (i64, String, String, Option<String>, bool);
        let row: Option<Row> = self
            .db()
            .prepare_cached("SELECT key, sender, content, original, edited FROM messages WHERE event_id = ?1 AND counts = 1")?
            .query_row([target], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
            .optional()?;
        let Some((key, sender, content, original, edited)) = row else { return Ok(()) };
        let first = original.unwrap_or(content);
        let base: Content = serde_json::from_str(&first)?;
        if base == Content::Redacted {
            return Ok(());
        }
        let newest: Option<String> = self
            .db()
            .prepare_cached(
                "SELECT content FROM edits WHERE target = ?1 AND sender = ?2 ORDER BY sort DESC, seq DESC LIMIT 1",
            )?
            .query_row(params![target, sender], |row| row.get(0))
            .optional()?;
        if newest.is_none() && !edited {
            return Ok(());
        }
        let shown = newest.as_deref().map_or(Ok(base), serde_json::from_str)?;
        self.db()
            .prepare_cached("UPDATE messages SET original = ?2, edited = ?3 WHERE key = ?1")?
            .execute(params![key, newest.is_some().then_some(first), newest.is_some()])?;
        self.set_content(key, &shown)
    }

    /// Removes what an event said: a message, an edit, or one that is still to come.
    pub(crate) fn redact(&mut self, target: &str) -> Result<()> {
        let edited: Option<String> = self
            .db()
            .prepare_cached("DELETE FROM edits WHERE event_id = ?1 RETURNING target")?
            .query_row([target], |row| row.get(0))
            .optional()?;
        self.db()
            .prepare_cached("INSERT OR IGNORE INTO redactions (target) VALUES (?1)")?
            .execute([target])?;
        if let Some(edited) = edited {
            return self.show_edits(&edited);
        }
        let row: Option<i64> = self
            .db()
            .prepare_cached("SELECT key FROM messages WHERE event_id = ?1 AND counts = 1")?
            .query_row([target], |row| row.get(0))
            .optional()?;
        let Some(key) = row else { return Ok(()) };
        self.db()
            .prepare_cached("UPDATE messages SET original = NULL, edited = 0, highlight = 0 WHERE key = ?1")?
            .execute([key])?;
        self.db().prepare_cached("DELETE FROM edits WHERE target = ?1")?.execute([target])?;
        self.set_content(key, &Content::Redacted)
    }

    /// Whether an event was removed before it was seen here.
    pub(crate) fn was_redacted(&self, event_id: &str) -> Result<bool> {
        Ok(self.db().prepare_cached("SELECT 1 FROM redactions WHERE target = ?1")?.exists([event_id])?)
    }
}
