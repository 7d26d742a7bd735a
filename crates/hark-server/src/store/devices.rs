//! Devices and the token each of them holds. A token is stored as its hash, so that a stolen database opens no session.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::{Snapshot, StoreError, Tx, to_json_error};

/// SHA-256 of an access token.
pub(crate) type TokenHash = [u8; 32];

/// A device as its owner sees it.
pub(crate) struct Device {
    /// Its id.
    pub(crate) id: OwnedDeviceId,
    /// Its name; the id while it has none.
    pub(crate) display_name: String,
    /// When it signed in last, ms.
    pub(crate) last_seen_ms: i64,
    /// From where; empty when unknown.
    pub(crate) last_seen_ip: String,
}

impl Snapshot<'_> {
    /// Whose token this is.
    pub(crate) fn session(
        &self,
        token: &TokenHash,
    ) -> Result<Option<(OwnedUserId, OwnedDeviceId)>, StoreError> {
        self.prepare("SELECT user_id, device_id FROM devices WHERE token_hash = $1")?
            .query_row([&token[..]], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .optional()?
            .map(|(user, device)| {
                Ok((UserId::parse(user).map_err(to_json_error("user id"))?, OwnedDeviceId::from(device)))
            })
            .transpose()
    }

    /// All devices of `user`, by id.
    pub(crate) fn devices(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let mut statement = self.prepare(
            "SELECT device_id, display_name, last_seen_ms, last_seen_ip FROM devices
             WHERE user_id = $1 ORDER BY device_id",
        )?;
        let devices = statement.query_map([user.as_str()], device)?.collect::<Result<_, _>>()?;
        Ok(devices)
    }

    /// One device of `user`.
    pub(crate) fn device(&self, user: &UserId, id: &DeviceId) -> Result<Option<Device>, StoreError> {
        Ok(self
            .prepare(
                "SELECT device_id, display_name, last_seen_ms, last_seen_ip FROM devices
                 WHERE user_id = $1 AND device_id = $2",
            )?
            .query_row((user.as_str(), id.as_str()), device)
            .optional()?)
    }
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: OwnedDeviceId::from(row.get::<_, String>(0)?),
        display_name: row.get(1)?,
        last_seen_ms: row.get(2)?,
        last_seen_ip: row.get(3)?,
    })
}

impl Tx<'_> {
    /// Gives `id` a new token: a new device, or a known one whose old token is dead from now on. A known device keeps its name.
    pub(crate) fn sign_in_device(
        &mut self,
        user: &UserId,
        id: &DeviceId,
        name: Option<&str>,
        token: &TokenHash,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO devices (user_id, device_id, display_name, token_hash, last_seen_ms, last_seen_ip)
             VALUES ($1, $2, $3, $4, $5, '')
             ON CONFLICT (user_id, device_id) DO UPDATE
             SET token_hash = excluded.token_hash, last_seen_ms = excluded.last_seen_ms",
        )?
        .execute((user.as_str(), id.as_str(), name.unwrap_or(id.as_str()), &token[..], now_ms))?;
        self.device_list_changed(user)
    }

    /// Renames a device. False when there is none of that id.
    pub(crate) fn rename_device(
        &mut self,
        user: &UserId,
        id: &DeviceId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let renamed = self
            .prepare("UPDATE devices SET display_name = $1 WHERE user_id = $2 AND device_id = $3")?
            .execute((name, user.as_str(), id.as_str()))?;
        if renamed == 1 {
            self.device_list_changed(user)?;
        }
        Ok(renamed == 1)
    }

    /// Removes a device, its token, its keys and what waits for it.
    pub(crate) fn remove_device(&mut self, user: &UserId, id: &DeviceId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM devices WHERE user_id = $1 AND device_id = $2")?
            .execute((user.as_str(), id.as_str()))?;
        self.forget_keys(user, id)?;
        self.forget_to_device(user, id)?;
        self.remove_pushers_of_device(user, id)?;
        self.device_list_changed(user)
    }

    /// Removes every device of `user`.
    pub(crate) fn remove_all_devices(&mut self, user: &UserId) -> Result<(), StoreError> {
        for device in self.devices(user)? {
            self.forget_keys(user, &device.id)?;
            self.forget_to_device(user, &device.id)?;
        }
        self.prepare("DELETE FROM devices WHERE user_id = $1")?.execute([user.as_str()])?;
        self.remove_pushers(user)?;
        self.device_list_changed(user)
    }
}
