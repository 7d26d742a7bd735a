//! Addresses of files that are still to come, see [`media`](crate::media).

use ruma::UserId;
use rusqlite::OptionalExtension;

use super::{Snapshot, StoreError, Tx};

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

    /// Takes back every address that was handed out to somebody and has no file yet.
    pub(crate) fn break_media_promises(&mut self, user: &UserId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM media_pending WHERE user_id = $1")?.execute([user.as_str()])?;
        Ok(())
    }
}
