//! Filters that clients leave here and name by id.

use ruma::UserId;
use rusqlite::OptionalExtension;

use super::{Snapshot, StoreError, Tx};

/// How many filters a user may keep; beyond it new ones are refused.
const MAX_FILTERS: i64 = 100;

impl Snapshot<'_> {
    /// The JSON of a filter.
    pub(crate) fn filter(&self, user: &UserId, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .prepare("SELECT json FROM filters WHERE user_id = $1 AND filter_id = $2")?
            .query_row((user.as_str(), id), |row| row.get(0))
            .optional()?)
    }
}

impl Tx<'_> {
    /// Keeps a filter. False when the user has too many.
    pub(crate) fn add_filter(&mut self, user: &UserId, id: &str, json: &str) -> Result<bool, StoreError> {
        if self.filter(user, id)?.is_some() {
            return Ok(true);
        }
        let kept: i64 = self
            .prepare("SELECT count(*) FROM filters WHERE user_id = $1")?
            .query_row([user.as_str()], |row| row.get(0))?;
        if kept >= MAX_FILTERS {
            return Ok(false);
        }
        self.prepare("INSERT INTO filters (user_id, filter_id, json) VALUES ($1, $2, $3)")?.execute((
            user.as_str(),
            id,
            json,
        ))?;
        Ok(true)
    }
}
