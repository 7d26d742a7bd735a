//! What was uploaded. Rows only: the bytes are files, see [`media`](crate::media).

use ruma::UserId;
use rusqlite::{OptionalExtension, Row};

use super::{Snapshot, StoreError, Tx};

/// One upload.
#[derive(Clone, Debug)]
pub(crate) struct MediaRow {
    /// SHA-256 of the bytes in hex; names the file.
    pub(crate) content_hash: String,
    /// Number of bytes.
    pub(crate) size: u64,
    /// As the uploader declared it.
    pub(crate) content_type: String,
    /// As the uploader declared it.
    pub(crate) filename: Option<String>,
    /// Who uploaded it.
    pub(crate) user_id: String,
}

const COLUMNS: &str = "content_hash, size, content_type, filename, user_id";

fn read(row: &Row<'_>) -> rusqlite::Result<MediaRow> {
    Ok(MediaRow {
        content_hash: row.get(0)?,
        size: row.get::<_, i64>(1)? as u64,
        content_type: row.get(2)?,
        filename: row.get(3)?,
        user_id: row.get(4)?,
    })
}

impl Snapshot<'_> {
    /// The upload with this id.
    pub(crate) fn media(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        Ok(self
            .prepare(&format!("SELECT {COLUMNS} FROM media WHERE media_id = $1"))?
            .query_row([id], read)
            .optional()?)
    }
}

impl Tx<'_> {
    /// Adds an upload whose file is in place.
    pub(crate) fn add_media(&mut self, id: &str, media: &MediaRow, now_ms: i64) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO media (media_id, content_hash, size, content_type, filename, user_id, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )?
        .execute((
            id,
            media.content_hash.as_str(),
            media.size as i64,
            media.content_type.as_str(),
            media.filename.as_deref(),
            media.user_id.as_str(),
            now_ms,
        ))?;
        Ok(())
    }
}

/// An address that is handed out and has no file yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Promised {
    /// Who may fill it.
    pub(crate) user_id: String,
    /// Until when, ms.
    pub(crate) expires_ms: i64,
}

impl Snapshot<'_> {
    /// What is known of an address without a file.
    pub(crate) fn promised_media(&self, id: &str) -> Result<Option<Promised>, StoreError> {
        Ok(self
            .prepare("SELECT user_id, expires_ms FROM media_pending WHERE media_id = $1")?
            .query_row([id], |row| Ok(Promised { user_id: row.get(0)?, expires_ms: row.get(1)? }))
            .optional()?)
    }

    /// How many addresses somebody may still fill, and when the first of them ends.
    pub(crate) fn promised_media_of(
        &self,
        user: &UserId,
        now_ms: i64,
    ) -> Result<(usize, Option<i64>), StoreError> {
        Ok(self
            .prepare(
                "SELECT COUNT(*), MIN(expires_ms) FROM media_pending WHERE user_id = $1 AND expires_ms > $2",
            )?
            .query_row((user.as_str(), now_ms), |row| Ok((row.get::<_, i64>(0)? as usize, row.get(1)?)))?)
    }
}

impl Tx<'_> {
    /// Hands out an address.
    pub(crate) fn promise_media(
        &mut self,
        id: &str,
        user: &UserId,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        self.prepare("INSERT INTO media_pending (media_id, user_id, expires_ms) VALUES ($1, $2, $3)")?
            .execute((id, user.as_str(), expires_ms))?;
        Ok(())
    }

    /// Takes back an address because its file is there. False when it was not handed out, or is filled already.
    pub(crate) fn keep_media_promise(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self.prepare("DELETE FROM media_pending WHERE media_id = $1")?.execute([id])? > 0)
    }

    /// Forgets addresses whose time was over before `before_ms`. Returns how many.
    pub(crate) fn forget_media_promises(&mut self, before_ms: i64) -> Result<usize, StoreError> {
        Ok(self.prepare("DELETE FROM media_pending WHERE expires_ms < $1")?.execute([before_ms])?)
    }
}
