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
    /// True: it goes one day unless somebody refers to it or fetches it.
    pub(crate) unused: bool,
}

const COLUMNS: &str =
    "content_hash, size, content_type, filename, user_id, unused_since_ms IS NOT NULL AND NOT referred";

fn read(row: &Row<'_>) -> rusqlite::Result<MediaRow> {
    Ok(MediaRow {
        content_hash: row.get(0)?,
        size: row.get::<_, i64>(1)? as u64,
        content_type: row.get(2)?,
        filename: row.get(3)?,
        user_id: row.get(4)?,
        unused: row.get(5)?,
    })
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
            .prepare(&format!("SELECT {COLUMNS} FROM media WHERE media_id = $1"))?
            .query_row([id], read)
            .optional()?)
    }
}

/// What an upload is to be kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// It may be encrypted: whoever refers to it cannot be seen, so it is kept.
    Always,
    /// For as long as something refers to it.
    WhileReferred,
    /// As if something had referred to it until now.
    NotForLong,
}

impl Snapshot<'_> {
    /// Whether any upload has this content.
    pub(crate) fn is_media_content(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT EXISTS (SELECT 1 FROM media WHERE content_hash = $1)")?
            .query_row([hash], |row| row.get(0))?)
    }

    /// How many bytes somebody keeps here. The same file twice counts twice.
    pub(crate) fn media_bytes_of(&self, user: &UserId) -> Result<u64, StoreError> {
        let bytes: i64 = self
            .prepare("SELECT COALESCE(SUM(size), 0) FROM media WHERE user_id = $1")?
            .query_row([user.as_str()], |row| row.get(0))?;
        Ok(bytes as u64)
    }

    /// Uploads that nothing refers to: those that nothing ever did, unused since `never_ms` or before, and those whose last
    /// reference went at `no_more_ms` or before. At most `limit` of each.
    pub(crate) fn unused_media(
        &self,
        never_ms: i64,
        no_more_ms: i64,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut unused = Vec::new();
        for (referred, before) in [(false, never_ms), (true, no_more_ms)] {
            let mut statement = self.prepare(
                "SELECT media_id FROM media WHERE referred = $1 AND unused_since_ms <= $2 ORDER BY unused_since_ms LIMIT $3",
            )?;
            let rows =
                statement.query_map((referred, before, limit as i64), |row| row.get::<_, String>(0))?;
            for id in rows {
                unused.push(id?);
            }
        }
        Ok(unused)
    }

    /// At most `limit` of somebody's uploads.
    pub(crate) fn media_of(&self, user: &UserId, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut statement = self.prepare("SELECT media_id FROM media WHERE user_id = $1 LIMIT $2")?;
        let rows = statement.query_map((user.as_str(), limit as i64), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Adds an upload whose file is in place. What refers to it may have been there before it.
    pub(crate) fn add_media(
        &mut self,
        id: &str,
        media: &MediaRow,
        keeping: Keeping,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let referred = self.is_media_referred(id)?;
        let unused_since = (keeping != Keeping::Always && !referred).then_some(now_ms);
        self.prepare(
            "INSERT INTO media (media_id, content_hash, size, content_type, filename, user_id, created_ms, unused_since_ms, referred)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )?
        .execute((
            id,
            media.content_hash.as_str(),
            media.size as i64,
            media.content_type.as_str(),
            media.filename.as_deref(),
            media.user_id.as_str(),
            now_ms,
            unused_since,
            referred || keeping == Keeping::NotForLong,
        ))?;
        Ok(())
    }

    /// Keeps an upload that somebody fetched though nothing in sight ever referred to it: they know of it from where the server
    /// cannot look.
    pub(crate) fn keep_fetched_media(&mut self, id: &str) -> Result<(), StoreError> {
        self.prepare("UPDATE media SET unused_since_ms = NULL WHERE media_id = $1 AND referred = 0")?
            .execute([id])?;
        Ok(())
    }

    /// Removes uploads. Returns the hashes of contents that none has any more.
    pub(crate) fn remove_media(&mut self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        let mut left = Vec::new();
        for id in ids {
            let Some(row) = self.media(id)? else { continue };
            self.prepare("DELETE FROM media WHERE media_id = $1")?.execute([id])?;
            if !self.is_media_content(&row.content_hash)? {
                left.push(row.content_hash);
            }
        }
        Ok(left)
    }
}
