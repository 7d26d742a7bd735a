//! Backups of room keys: encrypted by their owner, opaque here.

use std::collections::BTreeMap;

use ruma::UserId;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Snapshot, StoreError, Tx, to_json_error};

/// A version of a user's backup.
#[derive(Debug)]
pub(crate) struct Backup {
    /// Counts up, never given twice.
    pub(crate) version: i64,
    /// Opaque.
    pub(crate) algorithm: String,
    /// Opaque.
    pub(crate) auth_data: Box<RawValue>,
    /// Changes with what is stored.
    pub(crate) etag: i64,
}

/// One session of a backup, as it is on the wire.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BackedUpKey {
    /// The first message it can read: lower is better.
    pub(crate) first_message_index: i64,
    /// Through how many hands it came: fewer are better.
    pub(crate) forwarded_count: i64,
    /// Whether it came from a device that its owner trusts.
    pub(crate) is_verified: bool,
    /// Encrypted.
    pub(crate) session_data: Box<RawValue>,
}

/// Sessions of a backup: all of them, those of a room, or one.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// All.
    All,
    /// Those of a room.
    Room(String),
    /// One of a room.
    Session(String, String),
}

/// The sessions of a backup, by room and session id.
pub(crate) type KeysByRoom = BTreeMap<String, BTreeMap<String, BackedUpKey>>;

const COLUMNS: &str = "version, algorithm, auth_data, etag";
const KEY_COLUMNS: &str =
    "room_id, session_id, first_message_index, forwarded_count, is_verified, session_data";

fn read(row: &Row<'_>) -> Result<Backup, StoreError> {
    Ok(Backup {
        version: row.get(0)?,
        algorithm: row.get(1)?,
        auth_data: RawValue::from_string(row.get(2)?).map_err(to_json_error("backup"))?,
        etag: row.get(3)?,
    })
}

fn read_key(row: &Row<'_>) -> Result<(String, String, BackedUpKey), StoreError> {
    let key = BackedUpKey {
        first_message_index: row.get(2)?,
        forwarded_count: row.get(3)?,
        is_verified: row.get(4)?,
        session_data: RawValue::from_string(row.get(5)?).map_err(to_json_error("backup"))?,
    };
    Ok((row.get(0)?, row.get(1)?, key))
}

impl Snapshot<'_> {
    /// The newest version that was not deleted.
    pub(crate) fn latest_backup(&self, user: &UserId) -> Result<Option<Backup>, StoreError> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM key_backups WHERE user_id = $1 AND deleted = 0 ORDER BY version DESC LIMIT 1"
        ))?
        .query_row([user.as_str()], |row| Ok(read(row)))
        .optional()?
        .transpose()
    }

    /// One version that was not deleted.
    pub(crate) fn backup(&self, user: &UserId, version: i64) -> Result<Option<Backup>, StoreError> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM key_backups WHERE user_id = $1 AND version = $2 AND deleted = 0"
        ))?
        .query_row((user.as_str(), version), |row| Ok(read(row)))
        .optional()?
        .transpose()
    }

    /// How many versions there are that were not deleted.
    pub(crate) fn backups(&self, user: &UserId) -> Result<i64, StoreError> {
        Ok(self
            .prepare("SELECT count(*) FROM key_backups WHERE user_id = $1 AND deleted = 0")?
            .query_row([user.as_str()], |row| row.get(0))?)
    }

    /// The highest number that was ever given to a version; 0 if there never was one.
    pub(crate) fn last_backup_version(&self, user: &UserId) -> Result<i64, StoreError> {
        Ok(self
            .prepare("SELECT coalesce(max(version), 0) FROM key_backups WHERE user_id = $1")?
            .query_row([user.as_str()], |row| row.get(0))?)
    }

    /// How many sessions a version holds.
    pub(crate) fn backed_up_count(&self, user: &UserId, version: i64) -> Result<i64, StoreError> {
        Ok(self
            .prepare("SELECT count(*) FROM backed_up_keys WHERE user_id = $1 AND version = $2")?
            .query_row((user.as_str(), version), |row| row.get(0))?)
    }

    /// One session.
    pub(crate) fn backed_up_key(
        &self,
        user: &UserId,
        version: i64,
        room: &str,
        session: &str,
    ) -> Result<Option<BackedUpKey>, StoreError> {
        self.prepare(&format!(
            "SELECT {KEY_COLUMNS} FROM backed_up_keys
             WHERE user_id = $1 AND version = $2 AND room_id = $3 AND session_id = $4"
        ))?
        .query_row((user.as_str(), version, room, session), |row| Ok(read_key(row)))
        .optional()?
        .transpose()
        .map(|found| found.map(|(_, _, key)| key))
    }

    /// The sessions of a version, of all rooms or of one.
    pub(crate) fn backed_up_keys(
        &self,
        user: &UserId,
        version: i64,
        room: Option<&str>,
    ) -> Result<KeysByRoom, StoreError> {
        let of_version =
            format!("SELECT {KEY_COLUMNS} FROM backed_up_keys WHERE user_id = $1 AND version = $2");
        let mut statement = match room {
            Some(_) => self.prepare(&format!("{of_version} AND room_id = $3"))?,
            None => self.prepare(&of_version)?,
        };
        let mut rows = match room {
            Some(room) => statement.query((user.as_str(), version, room))?,
            None => statement.query((user.as_str(), version))?,
        };
        let mut keys = KeysByRoom::new();
        while let Some(row) = rows.next()? {
            let (room, session, key) = read_key(row)?;
            keys.entry(room).or_default().insert(session, key);
        }
        Ok(keys)
    }
}

impl Tx<'_> {
    /// Begins a new version and returns its number.
    pub(crate) fn create_backup(
        &mut self,
        user: &UserId,
        algorithm: &str,
        auth_data: &RawValue,
    ) -> Result<i64, StoreError> {
        let version = self
            .prepare(
                "INSERT INTO key_backups (user_id, version, algorithm, auth_data)
                 VALUES ($1, (SELECT coalesce(max(version), 0) + 1 FROM key_backups WHERE user_id = $1), $2, $3)
                 RETURNING version",
            )?
            .query_row((user.as_str(), algorithm, auth_data.get()), |row| row.get(0))?;
        // Those before it need not stand for their numbers any more.
        self.prepare("DELETE FROM key_backups WHERE user_id = $1 AND deleted = 1")?
            .execute([user.as_str()])?;
        Ok(version)
    }

    /// Replaces the opaque part of a version; its keys stay.
    pub(crate) fn set_backup_auth_data(
        &mut self,
        user: &UserId,
        version: i64,
        auth_data: &RawValue,
    ) -> Result<(), StoreError> {
        self.prepare("UPDATE key_backups SET auth_data = $1 WHERE user_id = $2 AND version = $3")?
            .execute((auth_data.get(), user.as_str(), version))?;
        Ok(())
    }

    /// Deletes a version and its keys; its number stays taken.
    pub(crate) fn delete_backup(&mut self, user: &UserId, version: i64) -> Result<(), StoreError> {
        self.prepare("UPDATE key_backups SET deleted = 1 WHERE user_id = $1 AND version = $2")?
            .execute((user.as_str(), version))?;
        self.delete_backed_up_keys(user, version, &Scope::All)?;
        Ok(())
    }

    /// Stores a session in place of the one that is there.
    pub(crate) fn put_backed_up_key(
        &mut self,
        user: &UserId,
        version: i64,
        (room, session): (&str, &str),
        key: &BackedUpKey,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO backed_up_keys (user_id, version, room_id, session_id, first_message_index,
                 forwarded_count, is_verified, session_data)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (user_id, version, room_id, session_id) DO UPDATE
             SET first_message_index = excluded.first_message_index, forwarded_count = excluded.forwarded_count,
                 is_verified = excluded.is_verified, session_data = excluded.session_data",
        )?
        .execute((
            user.as_str(),
            version,
            room,
            session,
            key.first_message_index,
            key.forwarded_count,
            key.is_verified,
            key.session_data.get(),
        ))?;
        Ok(())
    }

    /// Deletes sessions of a version. Returns how many.
    pub(crate) fn delete_backed_up_keys(
        &mut self,
        user: &UserId,
        version: i64,
        which: &Scope,
    ) -> Result<usize, StoreError> {
        let of_version = "DELETE FROM backed_up_keys WHERE user_id = $1 AND version = $2";
        let user = user.as_str();
        Ok(match which {
            Scope::All => self.prepare(of_version)?.execute((user, version))?,
            Scope::Room(room) => {
                self.prepare(&format!("{of_version} AND room_id = $3"))?.execute((user, version, room))?
            }
            Scope::Session(room, session) => self
                .prepare(&format!("{of_version} AND room_id = $3 AND session_id = $4"))?
                .execute((user, version, room, session))?,
        })
    }

    /// Says that what a version holds has changed.
    pub(crate) fn bump_backup_etag(&mut self, user: &UserId, version: i64) -> Result<(), StoreError> {
        self.prepare("UPDATE key_backups SET etag = etag + 1 WHERE user_id = $1 AND version = $2")?
            .execute((user.as_str(), version))?;
        Ok(())
    }
}
