//! What whoever runs the server looks through, a page at a time.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::{Snapshot, StoreError};

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct UserEntry {
    /// The full id.
    pub user_id: String,
    /// Whether they administer the server.
    pub admin: bool,
    /// When the account was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// Devices that are signed in.
    pub devices: u32,
    /// What they may do.
    pub state: UserState,
}

/// What the owner of an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserState {
    /// Everything.
    Active,
    /// Read.
    Suspended,
    /// Nothing until it is unlocked.
    Locked,
    /// Nothing any more.
    Deactivated,
}

impl UserState {
    fn of([closed, locked, suspended]: [bool; 3]) -> Self {
        match (closed, locked, suspended) {
            (true, ..) => Self::Deactivated,
            (_, true, _) => Self::Locked,
            (.., true) => Self::Suspended,
            _ => Self::Active,
        }
    }
}

/// A room that is not purged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RoomEntry {
    /// Its id.
    pub room_id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The alias it shows, where it shows one.
    pub alias: Option<String>,
    /// Its version.
    pub version: String,
    /// Members.
    pub joined: u32,
    /// Those who were asked in.
    pub invited: u32,
    /// Whether the room directory shows it.
    pub listed: bool,
    /// Whether what is said there is encrypted.
    pub encrypted: bool,
    /// When the newest event was sent, in milliseconds since 1970.
    pub last_event_ms: i64,
}

/// A token to register with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TokenEntry {
    /// What the newcomer types.
    pub token: String,
    /// How many accounts it still makes; without end if not given.
    pub uses_left: Option<u32>,
    /// When it ends, in milliseconds since 1970; never if not given.
    pub expires_ms: Option<i64>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

impl Snapshot<'_> {
    /// At most `limit` accounts whose id is after `after`, in the order of their ids.
    pub(crate) fn users_after(&self, after: &str, limit: usize) -> Result<Vec<UserEntry>, StoreError> {
        let sql = "SELECT user_id, admin, created_ms, closed_ms IS NOT NULL, locked, suspended,
                (SELECT count(*) FROM devices WHERE devices.user_id = users.user_id)
             FROM users WHERE user_id > $1 ORDER BY user_id LIMIT $2";
        self.list(sql, (after, limit as i64), |row| {
            Ok(UserEntry {
                user_id: row.get(0)?,
                admin: row.get(1)?,
                created_ms: row.get(2)?,
                state: UserState::of([row.get(3)?, row.get(4)?, row.get(5)?]),
                devices: row.get(6)?,
            })
        })
    }

    /// At most `limit` rooms whose id is after `after`, in the order of their ids.
    pub(crate) fn rooms_after(&self, after: &str, limit: usize) -> Result<Vec<RoomEntry>, StoreError> {
        let sql = "SELECT room_id, name, alias, version, joined, invited, listed, encryption IS NOT NULL,
                coalesce((SELECT ts FROM events WHERE events.pos = rooms.head_pos), 0)
             FROM rooms LEFT JOIN room_cards USING (room_nid)
             WHERE room_id > $1 AND purged_ms IS NULL ORDER BY room_id LIMIT $2";
        self.list(sql, (after, limit as i64), |row| {
            Ok(RoomEntry {
                room_id: row.get(0)?,
                name: row.get(1)?,
                alias: row.get(2)?,
                version: row.get(3)?,
                joined: row.get(4)?,
                invited: row.get(5)?,
                listed: row.get(6)?,
                encrypted: row.get(7)?,
                last_event_ms: row.get(8)?,
            })
        })
    }

    /// At most `limit` registration tokens after `after`, in the order of their letters.
    pub(crate) fn registration_tokens_after(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<TokenEntry>, StoreError> {
        let sql = "SELECT token, uses_left, expires_ms, created_ms FROM registration_tokens
             WHERE token > $1 ORDER BY token LIMIT $2";
        self.list(sql, (after, limit as i64), |row| {
            Ok(TokenEntry {
                token: row.get(0)?,
                uses_left: row.get(1)?,
                expires_ms: row.get(2)?,
                created_ms: row.get(3)?,
            })
        })
    }

    fn list<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        Ok(statement.query_map(parameters, read)?.collect::<Result<_, _>>()?)
    }
}
