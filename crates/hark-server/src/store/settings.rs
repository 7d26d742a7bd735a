//! What is decided once for a database, such as the server's name.

use rusqlite::OptionalExtension;

use super::{Snapshot, StoreError, Tx};

impl Snapshot<'_> {
    /// A setting's value.
    pub(crate) fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .prepare("SELECT value FROM meta WHERE key = $1")?
            .query_row([key], |row| row.get(0))
            .optional()?)
    }
}

impl Tx<'_> {
    /// Stores `value` unless the setting has one, and returns what is stored now.
    pub(crate) fn settle(&mut self, key: &str, value: &str) -> Result<String, StoreError> {
        self.prepare("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")?
            .execute((key, value))?;
        Ok(self.setting(key)?.unwrap_or_else(|| value.to_owned()))
    }
}
