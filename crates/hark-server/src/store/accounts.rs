//! Who has an account.

use ruma::{OwnedUserId, UserId};
use rusqlite::{OptionalExtension, types::FromSql};

use super::{Position, Snapshot, StoreError, Tx, to_json_error};

/// What signing in needs to know of an account.
pub(crate) struct Account {
    /// PHC string; `None` never verifies.
    pub(crate) password_hash: Option<String>,
    /// Whether its owner closed it.
    pub(crate) closed: bool,
    /// Whether its owner may do nothing.
    pub(crate) locked: bool,
    /// Whether its owner may read only.
    pub(crate) suspended: bool,
    /// Whether its owner may administer the server.
    pub(crate) admin: bool,
}

impl Snapshot<'_> {
    /// The account of `user`, if there is one.
    pub(crate) fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self
            .prepare("SELECT password_hash, closed_ms IS NOT NULL, locked, suspended, admin FROM users WHERE user_id = $1")?
            .query_row([user.as_str()], |row| {
                Ok(Account {
                    password_hash: row.get(0)?,
                    closed: row.get(1)?,
                    locked: row.get(2)?,
                    suspended: row.get(3)?,
                    admin: row.get(4)?,
                })
            })
            .optional()?)
    }

    /// Whether `user` has an account here that is not closed.
    pub(crate) fn user_exists(&self, user: &UserId) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT 1 FROM users WHERE user_id = $1 AND closed_ms IS NULL")?
            .exists([user.as_str()])?)
    }

    /// Whether somebody is or was called `user` here.
    pub(crate) fn is_name_taken(&self, user: &UserId) -> Result<bool, StoreError> {
        Ok(self.prepare("SELECT 1 FROM users WHERE user_id = $1")?.exists([user.as_str()])?)
    }

    /// Closed accounts whose rooms are still to be left, and whether they are erased.
    pub(crate) fn users_leaving(&self) -> Result<Vec<(OwnedUserId, bool)>, StoreError> {
        self.users_with("SELECT user_id, erased_pos IS NOT NULL FROM users WHERE leaving = 1")
    }

    /// Those who had themselves erased, with when.
    pub(crate) fn erased_users(&self) -> Result<Vec<(OwnedUserId, Position)>, StoreError> {
        self.users_with("SELECT user_id, erased_pos FROM users WHERE erased_pos IS NOT NULL")
    }

    /// Users, and what `sql` says of each.
    fn users_with<T: FromSql>(&self, sql: &str) -> Result<Vec<(OwnedUserId, T)>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(())?;
        let mut users = Vec::new();
        while let Some(row) = rows.next()? {
            let user = UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?;
            users.push((user, row.get(1)?));
        }
        Ok(users)
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

    /// Gives an account that is not closed another password.
    pub(crate) fn set_password_hash(&mut self, user: &UserId, hash: &str) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET password_hash = $1 WHERE user_id = $2 AND closed_ms IS NULL")?
            .execute((hash, user.as_str()))?;
        Ok(())
    }

    /// Replaces the hash of a password that was verified, after the cost of hashing grew, unless the password is another by now.
    pub(crate) fn strengthen_password_hash(
        &mut self,
        user: &UserId,
        cheap: &str,
        hash: &str,
    ) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET password_hash = $1 WHERE user_id = $2 AND password_hash = $3")?
            .execute((hash, user.as_str(), cheap))?;
        Ok(())
    }

    /// Closes an account for ever: no password opens it, and its name stays taken. Its rooms are still to be left.
    pub(crate) fn close_user(
        &mut self,
        user: &UserId,
        now_ms: i64,
        erased: Option<Position>,
    ) -> Result<(), StoreError> {
        self.prepare(
            "UPDATE users SET password_hash = NULL, closed_ms = $1, leaving = 1, erased_pos = $2 WHERE user_id = $3",
        )?
        .execute((now_ms, erased, user.as_str()))?;
        Ok(())
    }

    /// Lets a user read only, or write again.
    pub(crate) fn set_suspended(&mut self, user: &UserId, suspended: bool) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET suspended = $1 WHERE user_id = $2")?
            .execute((suspended, user.as_str()))?;
        Ok(())
    }

    /// Lets a user do nothing, or go on.
    pub(crate) fn set_locked(&mut self, user: &UserId, locked: bool) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET locked = $1 WHERE user_id = $2")?.execute((locked, user.as_str()))?;
        Ok(())
    }

    /// The rooms of a closed account are left.
    pub(crate) fn user_has_left(&mut self, user: &UserId) -> Result<(), StoreError> {
        self.prepare("UPDATE users SET leaving = 0 WHERE user_id = $1")?.execute([user.as_str()])?;
        Ok(())
    }

    /// Deletes what `user` kept here for themselves: account data, filters, pushers, messages for devices, keys and backups of keys.
    pub(crate) fn delete_belongings(&mut self, user: &UserId) -> Result<(), StoreError> {
        self.delete_all_account_data(user)?;
        self.remove_pushers(user)?;
        if let Some(dehydrated) = self.dehydrated_device(user)? {
            self.forget_keys(user, &dehydrated.id)?;
        }
        for sql in [
            "DELETE FROM filters WHERE user_id = $1",
            "DELETE FROM to_device WHERE user_id = $1",
            "DELETE FROM dehydrated_devices WHERE user_id = $1",
            "DELETE FROM cross_signing_keys WHERE user_id = $1",
            "DELETE FROM key_signatures WHERE target_user = $1",
            "DELETE FROM key_backups WHERE user_id = $1",
            "DELETE FROM backed_up_keys WHERE user_id = $1",
        ] {
            self.prepare(sql)?.execute([user.as_str()])?;
        }
        Ok(())
    }
}
