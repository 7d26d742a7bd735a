//! Access tokens: whose they are. A token is stored as its hash, so that a stolen database opens no session.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};

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

impl Snapshot<'_> {
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
    /// Adds a token that ends with its device.
    pub(crate) fn add_token(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        token: &TokenHash,
    ) -> Result<(), StoreError> {
        self.prepare("INSERT INTO tokens (token_hash, user_id, device_id) VALUES ($1, $2, $3)")?
            .execute((&token[..], user.as_str(), device.as_str()))?;
        Ok(())
    }

    /// Ends every token of a device.
    pub(crate) fn remove_tokens(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM tokens WHERE user_id = $1 AND device_id = $2")?
            .execute((user.as_str(), device.as_str()))?;
        Ok(())
    }
}
