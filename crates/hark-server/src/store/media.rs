//! What was uploaded. Rows only: the bytes are files, see [`media`](crate::media).

use ruma::UserId;
use rusqlite::OptionalExtension;

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
}

impl Snapshot<'_> {
    /// The sizes of all uploads together.
    pub(crate) fn media_bytes(&self) -> Result<u64, StoreError> {
        let mut sum = self.prepare("SELECT coalesce(sum(size), 0) FROM media /* every row */")?;
        Ok(sum.query_row((), |row| row.get::<_, i64>(0))? as u64)
    }

    /// The upload with this id.
    pub(crate) fn media(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        Ok(self
            .prepare("SELECT content_hash, size, content_type, filename FROM media WHERE media_id = $1")?
            .query_row([id], |row| {
                Ok(MediaRow {
                    content_hash: row.get(0)?,
                    size: row.get::<_, i64>(1)? as u64,
                    content_type: row.get(2)?,
                    filename: row.get(3)?,
                })
            })
            .optional()?)
    }
}

impl Tx<'_> {
    /// Adds an upload whose file is in place.
    pub(crate) fn add_media(
        &mut self,
        id: &str,
        media: &MediaRow,
        user: &UserId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
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
            user.as_str(),
            now_ms,
        ))?;
        Ok(())
    }
}
