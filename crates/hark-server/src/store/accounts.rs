//! Who has an account.

use ruma::UserId;
use rusqlite::OptionalExtension;

use super::{Snapshot, StoreError, Tx};

/// What signing in needs to know of an account.
pub(crate) struct Account {
    /// PHC string; `None` never verifies.
    pub(crate) password_hash: Option<String>,
}

impl Snapshot<'_> {
    /// The account of `user`, if there is one.
    pub(crate) fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self
            .prepare("SELECT password_hash FROM users WHERE user_id = $1")?
            .query_row([user.as_str()], |row| Ok(Account { password_hash: row.get(0)? }))
            .optional()?)
    }

    /// Whether `user` has an account here.
    pub(crate) fn user_exists(&self, user: &UserId) -> Result<bool, StoreError> {
        Ok(self.prepare("SELECT 1 FROM users WHERE user_id = $1")?.exists([user.as_str()])?)
    }

    /// Whether anybody has an account.
    pub(crate) fn has_users(&self) -> Result<bool, StoreError> {
        Ok(self.prepare("SELECT 1 FROM users LIMIT 1")?.exists(())?)
    }
}

impl Tx<'_> {
    /// Adds an account. False when the name is taken.
    pub(crate) fn add_user(
        &mut self,
        user: &UserId,
        password_hash: Option<&str>,
        admin: bool,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let added = self
            .prepare(
                "INSERT INTO users (user_id, password_hash, admin, created_ms) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id) DO NOTHING",
            )?
            .execute((user.as_str(), password_hash, admin, now_ms))?;
        Ok(added == 1)
    }

    /// Replaces the hash of a password that was verified, after the cost of hashing grew.
    pub(crate) fn set_password_hash(&mut self, user: &UserId, hash: &str) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET password_hash = $1 WHERE user_id = $2")?
            .execute((hash, user.as_str()))?;
        Ok(())
    }
}
