//! Words to messages (SR1). The index holds no text of its own; its rows are numbered by time, so that the newest come
//! first without sorting.

use rusqlite::{Connection, OptionalExtension, params};

use super::messages::{COLUMNS, NAMES, from_row};
use super::{Result, Tx};
use crate::model::{Content, Message};

/// Row numbers a millisecond has.
const PER_MS: i64 = 1024;

/// Messages that hold every word, the last as the beginning of one; newest first, with their conversation's title.
pub(crate) fn find(db: &Connection, words: &str, limit: u32) -> rusqlite::Result<Vec<(Message, String)>> {
    let Some(query) = query_of(words) else { return Ok(Vec::new()) };
    db.prepare_cached(&find_sql())?
        .query_map(params![query, limit], |row| Ok((from_row(row, 0)?, row.get(15)?)))?
        .collect()
}

/// The query of a search; its plan is tested.
pub(super) fn find_sql() -> String {
    format!(
        "SELECT {COLUMNS}, c.name
         FROM search s CROSS JOIN messages m ON m.stamp = s.rowid
         CROSS JOIN conversations c ON c.id = m.conversation {NAMES}
         WHERE s.search MATCH ?1 ORDER BY s.rowid DESC LIMIT ?2"
    )
}

/// What a person typed as an expression of FTS5: every word quoted, so nothing in it can be taken for syntax.
pub(crate) fn query_of(words: &str) -> Option<String> {
    let words: Vec<&str> =
        words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (last, rest) = words.split_last()?;
    let mut parts: Vec<String> = rest.iter().map(|word| format!("\"{word}\"")).collect();
    parts.push(format!("\"{last}\"*"));
    Some(parts.join(" "))
}

fn words_of(content: &Content) -> Option<&str> {
    let body = match content {
        Content::Text { body } | Content::Attachment { body, .. } | Content::Unsupported { body } => body,
        Content::Voice { .. } | Content::System { .. } | Content::Redacted => return None,
    };
    Some(body.as_str()).filter(|body| !body.trim().is_empty())
}

impl Tx<'_> {
    /// Indexes a message's words, in the transaction of the message itself.
    pub(super) fn index(&self, key: i64, timestamp: i64, content: &Content) -> Result<()> {
        self.unindex(key)?;
        let Some(body) = words_of(content) else { return Ok(()) };
        let mut stamp = timestamp.clamp(0, 1 << 46) * PER_MS + key % PER_MS;
        while self.stamp_taken(stamp)? {
            stamp += 1;
        }
        let db = self.db();
        db.prepare_cached("UPDATE messages SET stamp = ?2 WHERE key = ?1")?.execute(params![key, stamp])?;
        self.words.borrow_mut().insert(stamp, body.to_owned());
        Ok(())
    }

    /// Hands the index what [`Self::index`] gathered, oldest first.
    pub(super) fn index_words(&self) -> Result<()> {
        let mut insert = self.db().prepare_cached("INSERT INTO search (rowid, body) VALUES (?1, ?2)")?;
        for (stamp, body) in self.words.take() {
            insert.execute(params![stamp, body])?;
        }
        Ok(())
    }

    fn stamp_taken(&self, stamp: i64) -> Result<bool> {
        Ok(self.db().prepare_cached("SELECT 1 FROM messages WHERE stamp = ?1")?.exists([stamp])?)
    }

    /// Takes a message's words out again.
    pub(super) fn unindex(&self, key: i64) -> Result<()> {
        let db = self.db();
        let stamp: Option<i64> = db
            .prepare_cached("SELECT stamp FROM messages WHERE key = ?1 AND stamp IS NOT NULL")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if let Some(stamp) = stamp {
            if self.words.borrow_mut().remove(&stamp).is_none() {
                db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([stamp])?;
            }
            db.prepare_cached("UPDATE messages SET stamp = NULL WHERE key = ?1")?.execute([key])?;
        }
        Ok(())
    }
}
