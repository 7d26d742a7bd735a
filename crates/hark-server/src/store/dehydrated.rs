//! Dehydrated devices (MSC3814): one for each user who wants one. Its keys and messages are kept as those of any device.

use ruma::{DeviceId, OwnedDeviceId, UserId};
use rusqlite::OptionalExtension;
use serde_json::value::RawValue;

use super::{Snapshot, StoreError, Tx, to_json_error};

/// A device that never syncs: it takes in messages while all others are away.
pub(crate) struct DehydratedDevice {
    /// Its id.
    pub(crate) id: OwnedDeviceId,
    /// What brings it back to life, encrypted for its owner.
    pub(crate) data: Box<RawValue>,
}

impl Snapshot<'_> {
    /// The user's dehydrated device.
    pub(crate) fn dehydrated_device(&self, user: &UserId) -> Result<Option<DehydratedDevice>, StoreError> {
        let found: Option<(String, String)> = self
            .prepare("SELECT device_id, json FROM dehydrated_devices WHERE user_id = $1")?
            .query_row([user.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(id, json)| {
                let data = RawValue::from_string(json).map_err(to_json_error("dehydrated device"))?;
                Ok(DehydratedDevice { id: OwnedDeviceId::from(id), data })
            })
            .transpose()
    }
}

impl Tx<'_> {
    /// Puts a dehydrated device in the place of the one before, which goes with its keys and messages.
    pub(crate) fn set_dehydrated_device(
        &mut self,
        user: &UserId,
        device: &DehydratedDevice,
        name: Option<&str>,
    ) -> Result<(), StoreError> {
        self.delete_dehydrated_device(user)?;
        self.prepare(
            "INSERT INTO dehydrated_devices (user_id, device_id, display_name, json) VALUES ($1, $2, $3, $4)",
        )?
        .execute((user.as_str(), device.id.as_str(), name, device.data.get()))?;
        Ok(())
    }

    /// Removes the dehydrated device with its keys and messages. Returns its id if there was one.
    pub(crate) fn delete_dehydrated_device(
        &mut self,
        user: &UserId,
    ) -> Result<Option<OwnedDeviceId>, StoreError> {
        let Some(DehydratedDevice { id, .. }) = self.dehydrated_device(user)? else { return Ok(None) };
        self.prepare("DELETE FROM dehydrated_devices WHERE user_id = $1")?.execute([user.as_str()])?;
        self.forget_to_device(user, &id)?;
        self.forget_keys(user, &id)?;
        self.device_list_changed(user)?;
        Ok(Some(id))
    }

    /// Whether a device of this id takes in messages.
    pub(super) fn receives(&self, user: &UserId, device: &DeviceId) -> Result<bool, StoreError> {
        Ok(self.device(user, device)?.is_some()
            || self.dehydrated_device(user)?.is_some_and(|dehydrated| dehydrated.id == device))
    }
}
