//! Devices as their owner sees them. Their tokens are in [`tokens`](super::tokens).

use ruma::{DeviceId, OwnedDeviceId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::{Snapshot, StoreError, Tx};

/// A device as its owner sees it.
pub(crate) struct Device {
    /// Its id.
    pub(crate) id: OwnedDeviceId,
    /// Its name; the id while it has none.
    pub(crate) display_name: String,
    /// When it asked for something last, ms; somewhat behind while it is at work.
    pub(crate) last_seen_ms: i64,
    /// From where; empty when unknown.
    pub(crate) last_seen_ip: String,
}

impl Snapshot<'_> {
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
    /// Adds a device, or finds the one of that id, which keeps its name.
    pub(crate) fn sign_in_device(
        &mut self,
        user: &UserId,
        id: &DeviceId,
        name: Option<&str>,
        now_ms: i64,
        from: &str,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO devices (user_id, device_id, display_name, last_seen_ms, last_seen_ip)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, device_id) DO UPDATE
             SET last_seen_ms = excluded.last_seen_ms, last_seen_ip = excluded.last_seen_ip",
        )?
        .execute((user.as_str(), id.as_str(), name.unwrap_or(id.as_str()), now_ms, from))?;
        self.device_list_changed(user)
    }

    /// Notes when and from where a device asked last. Nobody is woken for it.
    pub(crate) fn device_seen(
        &mut self,
        user: &UserId,
        id: &DeviceId,
        now_ms: i64,
        from: &str,
    ) -> Result<(), StoreError> {
        self.prepare(
            "UPDATE devices SET last_seen_ms = $1, last_seen_ip = $2 WHERE user_id = $3 AND device_id = $4",
        )?
        .execute((now_ms, from, user.as_str(), id.as_str()))?;
        Ok(())
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

    /// Removes the row of a device, its tokens, its keys and the messages that wait for it. Part of `ended` in `accounts/signing.rs`,
    /// which is what to call.
    pub(crate) fn remove_device(&mut self, user: &UserId, id: &DeviceId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM devices WHERE user_id = $1 AND device_id = $2")?
            .execute((user.as_str(), id.as_str()))?;
        self.forget_keys(user, id)?;
        self.forget_to_device(user, id)?;
        self.remove_pushers_of_device(user, id)?;
        self.remove_tokens(user, id)
    }
}
