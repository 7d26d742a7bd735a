//! Messages for one device, kept until the device says by its sync token that it has them.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde_json::value::RawValue;

use super::{LogEntry, LogKind, Position, Snapshot, StoreError, Tx, to_json_error};

/// Messages that may wait for one device; beyond it the oldest key requests go, then the oldest of any kind.
const QUEUE: i64 = 50_000;

/// A message waiting for a device.
pub(crate) struct ToDevice {
    /// When it arrived in the log.
    pub(crate) pos: Position,
    /// Who sent it.
    pub(crate) sender: OwnedUserId,
    /// Event type.
    pub(crate) kind: String,
    /// Its content.
    pub(crate) content: Box<RawValue>,
}

/// Whom a message is for.
pub(crate) enum Target {
    /// One device.
    Device(OwnedDeviceId),
    /// Every device of the user.
    AllDevices,
}

impl Snapshot<'_> {
    /// What waits for a device in `after < pos <= to`, in order of arrival, `limit` at most.
    pub(crate) fn to_device_after(
        &self,
        user: &UserId,
        device: &DeviceId,
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<ToDevice>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, sender, type, json FROM to_device
             WHERE user_id = $1 AND device_id = $2 AND pos > $3 AND pos <= $4 ORDER BY pos LIMIT $5",
        )?;
        let mut rows = statement.query((user.as_str(), device.as_str(), after, to, limit as i64))?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            waiting.push(ToDevice {
                pos: row.get(0)?,
                sender: UserId::parse(row.get::<_, String>(1)?).map_err(to_json_error("user id"))?,
                kind: row.get(2)?,
                content: RawValue::from_string(row.get(3)?).map_err(to_json_error("to-device message"))?,
            });
        }
        Ok(waiting)
    }

    /// Whether anything at or before `upto` still waits for a device: what [`Tx::delete_to_device_upto`] would delete.
    pub(crate) fn has_to_device_upto(
        &self,
        user: &UserId,
        device: &DeviceId,
        upto: Position,
    ) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT 1 FROM to_device WHERE user_id = $1 AND device_id = $2 AND pos <= $3 LIMIT 1")?
            .exists((user.as_str(), device.as_str(), upto))?)
    }
}

impl Tx<'_> {
    /// Leaves a message for the devices of `user` that `target` names, and returns how many they are. Devices that do not exist are
    /// passed over.
    pub(crate) fn leave_to_device(
        &mut self,
        sender: &UserId,
        user: &UserId,
        target: &Target,
        kind: &str,
        content: &RawValue,
    ) -> Result<usize, StoreError> {
        let devices = match target {
            Target::Device(device) if self.receives(user, device)? => vec![device.clone()],
            Target::Device(_) => Vec::new(),
            Target::AllDevices => {
                let dehydrated = self.dehydrated_device(user)?.map(|device| device.id);
                self.devices(user)?.into_iter().map(|device| device.id).chain(dehydrated).collect()
            }
        };
        for device in &devices {
            let pos = self.append(LogEntry { kind: LogKind::ToDevice, room: None, user: Some(user) })?;
            self.prepare(
                "INSERT INTO to_device (user_id, device_id, pos, sender, type, json) VALUES ($1, $2, $3, $4, $5, $6)",
            )?
            .execute((user.as_str(), device.as_str(), pos, sender.as_str(), kind, content.get()))?;
            self.bound_to_device(user, device)?;
        }
        Ok(devices.len())
    }

    fn bound_to_device(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        let waiting: i64 = self
            .prepare("SELECT count(*) FROM to_device WHERE user_id = $1 AND device_id = $2")?
            .query_row((user.as_str(), device.as_str()), |row| row.get(0))?;
        if waiting > QUEUE {
            self.prepare(
                "DELETE FROM to_device WHERE user_id = $1 AND device_id = $2 AND pos IN (
                     SELECT pos FROM to_device WHERE user_id = $1 AND device_id = $2
                     ORDER BY type <> 'm.room_key_request', pos LIMIT $3)",
            )?
            .execute((user.as_str(), device.as_str(), waiting - QUEUE))?;
        }
        Ok(())
    }

    /// Drops all that waits for a device.
    pub(crate) fn forget_to_device(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        self.delete_to_device_upto(user, device, Position::FOREVER)
    }

    /// Drops what the device has received: everything at or before `upto`.
    pub(crate) fn delete_to_device_upto(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        upto: Position,
    ) -> Result<(), StoreError> {
        self.prepare("DELETE FROM to_device WHERE user_id = $1 AND device_id = $2 AND pos <= $3")?
            .execute((user.as_str(), device.as_str(), upto))?;
        Ok(())
    }
}
