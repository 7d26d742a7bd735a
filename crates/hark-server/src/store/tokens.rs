//! Access tokens: whose they are. A token is stored as its hash, so that a stolen database opens no session.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use rusqlite::OptionalExtension;

use super::{Snapshot, StoreError, Tx, to_json_error};

/// SHA-256 of a token.
pub(crate) type TokenHash = [u8; 32];

/// What an access token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// Whose it is.
    pub(crate) user_id: OwnedUserId,
    /// For which of their devices.
    pub(crate) device_id: OwnedDeviceId,
    /// When it ends, ms; `None`: with its device.
    pub(crate) expires_ms: Option<i64>,
    /// Whether it was never used since it was got for another.
    pub(crate) is_unused: bool,
    /// Whether its owner may read only.
    pub(crate) suspended: bool,
    /// Whether its owner may do nothing.
    pub(crate) locked: bool,
    /// When its device asked last as far as the database knows, ms.
    pub(crate) seen_ms: i64,
}

impl Bearer {
    /// Whether its time is over.
    pub(crate) fn has_expired(&self, now_ms: i64) -> bool {
        self.expires_ms.is_some_and(|expires| expires <= now_ms)
    }
}

/// A token to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewToken {
    /// Hash of the access token.
    pub(crate) access: TokenHash,
    /// Hash of the refresh token that comes with it.
    pub(crate) refresh: Option<TokenHash>,
    /// When it ends, ms.
    pub(crate) expires_ms: Option<i64>,
    /// Hash of the access token it was got for.
    pub(crate) follows: Option<TokenHash>,
}

/// What a refresh token belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Hash of the access token it came with.
    pub(crate) access: TokenHash,
    /// Whose it is.
    pub(crate) user_id: OwnedUserId,
    /// For which of their devices.
    pub(crate) device_id: OwnedDeviceId,
}

impl Snapshot<'_> {
    /// What a refresh token belongs to.
    pub(crate) fn refreshed_by(&self, refresh: &TokenHash) -> Result<Option<Held>, StoreError> {
        let mut statement =
            self.prepare("SELECT token_hash, user_id, device_id FROM tokens WHERE refresh_hash = $1")?;
        let mut rows = statement.query([&refresh[..]])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Held {
            access: row.get(0)?,
            user_id: UserId::parse(row.get::<_, String>(1)?).map_err(to_json_error("user id"))?,
            device_id: row.get::<_, String>(2)?.into(),
        }))
    }

    /// What `token` stands for.
    pub(crate) fn bearer(&self, token: &TokenHash) -> Result<Option<Bearer>, StoreError> {
        let mut statement = self.prepare(
            "SELECT t.user_id, t.device_id, t.expires_ms, t.follows IS NOT NULL, u.suspended, u.locked, d.last_seen_ms
             FROM tokens t
             JOIN users u ON u.user_id = t.user_id
             JOIN devices d ON d.user_id = t.user_id AND d.device_id = t.device_id
             WHERE t.token_hash = $1",
        )?;
        let mut rows = statement.query([&token[..]])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Bearer {
            user_id: UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?,
            device_id: row.get::<_, String>(1)?.into(),
            expires_ms: row.get(2)?,
            is_unused: row.get(3)?,
            suspended: row.get(4)?,
            locked: row.get(5)?,
            seen_ms: row.get(6)?,
        }))
    }
}

impl Tx<'_> {
    /// Adds a token to a device.
    pub(crate) fn add_token(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        token: &NewToken,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO tokens (token_hash, user_id, device_id, expires_ms, refresh_hash, follows)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )?
        .execute((
            &token.access[..],
            user.as_str(),
            device.as_str(),
            token.expires_ms,
            token.refresh.as_ref().map(|hash| &hash[..]),
            token.follows.as_ref().map(|hash| &hash[..]),
        ))?;
        Ok(())
    }

    /// Notes that a token is used, or the refresh token that came with it: the refresh token it was got with is worth nothing from
    /// now on. Forgets what ended of its device.
    pub(crate) fn token_used(&mut self, token: &TokenHash, now_ms: i64) -> Result<(), StoreError> {
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, TokenHash>(2)?))
        };
        let found = self
            .prepare("SELECT user_id, device_id, follows FROM tokens WHERE token_hash = $1 AND follows IS NOT NULL")?
            .query_row([&token[..]], row)
            .optional()?;
        let Some((user, device, follows)) = found else { return Ok(()) };
        self.prepare("UPDATE tokens SET follows = NULL WHERE token_hash = $1")?.execute([&token[..]])?;
        self.prepare("UPDATE tokens SET refresh_hash = NULL WHERE token_hash = $1")?
            .execute([&follows[..]])?;
        self.prepare(
            "DELETE FROM tokens WHERE user_id = $1 AND device_id = $2 AND refresh_hash IS NULL AND expires_ms <= $3",
        )?
        .execute((user, device, now_ms))?;
        Ok(())
    }

    /// Removes what was got for a token and never used: its answer was lost.
    pub(crate) fn remove_unused_after(&mut self, held: &Held) -> Result<(), StoreError> {
        self.prepare("DELETE FROM tokens WHERE user_id = $1 AND device_id = $2 AND follows = $3")?
            .execute((held.user_id.as_str(), held.device_id.as_str(), &held.access[..]))?;
        Ok(())
    }

    /// Ends every token of a device.
    pub(crate) fn remove_tokens(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM tokens WHERE user_id = $1 AND device_id = $2")?
            .execute((user.as_str(), device.as_str()))?;
        Ok(())
    }
}
