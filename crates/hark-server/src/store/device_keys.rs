//! What devices publish: their identity keys, one-time keys and fallback keys.

use std::collections::BTreeMap;

use ruma::{DeviceId, OwnedDeviceId, UserId};
use rusqlite::OptionalExtension;
use serde_json::value::RawValue;

use super::{LogEntry, LogKind, Position, Snapshot, StoreError, Tx, to_json_error};

/// A one-time or fallback key: `algorithm:id` and the key itself.
#[derive(Debug)]
pub(crate) struct PublishedKey {
    /// For example `signed_curve25519`.
    pub(crate) algorithm: String,
    /// The part of its name behind the algorithm.
    pub(crate) id: String,
    /// The key.
    pub(crate) json: Box<RawValue>,
}

impl PublishedKey {
    /// `algorithm:id`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.algorithm, self.id)
    }
}

/// A device that published its identity keys.
#[derive(Debug)]
pub(crate) struct DeviceWithKeys {
    /// Its id.
    pub(crate) id: OwnedDeviceId,
    /// The keys.
    pub(crate) json: Box<RawValue>,
    /// Its name; the id while it has none.
    pub(crate) display_name: Option<String>,
}

fn raw(json: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(to_json_error("device key"))
}

impl Snapshot<'_> {
    /// The identity keys of one device.
    pub(crate) fn device_keys(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        self.prepare("SELECT json FROM device_keys WHERE user_id = $1 AND device_id = $2")?
            .query_row((user.as_str(), device.as_str()), |row| row.get(0))
            .optional()?
            .map(raw)
            .transpose()
    }

    /// The identity keys of every device of a user that published any, by id.
    pub(crate) fn all_device_keys(&self, user: &UserId) -> Result<Vec<DeviceWithKeys>, StoreError> {
        let mut statement = self.prepare(
            "SELECT k.device_id, k.json, d.display_name FROM device_keys k
             LEFT JOIN devices d ON d.user_id = k.user_id AND d.device_id = k.device_id
             WHERE k.user_id = $1 ORDER BY k.device_id",
        )?;
        let mut rows = statement.query([user.as_str()])?;
        let mut devices = Vec::new();
        while let Some(row) = rows.next()? {
            devices.push(DeviceWithKeys {
                id: OwnedDeviceId::from(row.get::<_, String>(0)?),
                json: raw(row.get(1)?)?,
                display_name: row.get(2)?,
            });
        }
        Ok(devices)
    }

    /// How many one-time keys of each algorithm are left.
    pub(crate) fn one_time_key_counts(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut statement = self.prepare(
            "SELECT algorithm, count(*) FROM one_time_keys WHERE user_id = $1 AND device_id = $2
             GROUP BY algorithm",
        )?;
        let rows =
            statement.query_map((user.as_str(), device.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A one-time key that was not given away yet.
    pub(crate) fn one_time_key(
        &self,
        user: &UserId,
        device: &DeviceId,
        algorithm: &str,
        id: &str,
    ) -> Result<Option<String>, StoreError> {
        Ok(self
            .prepare(
                "SELECT json FROM one_time_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND key_id = $4",
            )?
            .query_row((user.as_str(), device.as_str(), algorithm, id), |row| row.get(0))
            .optional()?)
    }

    /// Whether somebody claimed a key of the device after `from`.
    pub(crate) fn key_claimed_since(
        &self,
        user: &UserId,
        device: &DeviceId,
        from: Position,
    ) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT 1 FROM key_claims WHERE user_id = $1 AND device_id = $2 AND pos > $3")?
            .exists((user.as_str(), device.as_str(), from))?)
    }

    /// The algorithms whose fallback key nobody has yet.
    pub(crate) fn unused_fallback_keys(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Vec<String>, StoreError> {
        let mut statement = self.prepare(
            "SELECT algorithm FROM fallback_keys WHERE user_id = $1 AND device_id = $2 AND used = 0
             ORDER BY algorithm",
        )?;
        let rows = statement.query_map((user.as_str(), device.as_str()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Publishes the identity keys of a device in place of what it had. What others signed of them goes.
    pub(crate) fn set_device_keys(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        json: &str,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO device_keys (user_id, device_id, json) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, device_id) DO UPDATE SET json = excluded.json",
        )?
        .execute((user.as_str(), device.as_str(), json))?;
        self.prepare("DELETE FROM key_signatures WHERE target_user = $1 AND target_key = $2")?
            .execute((user.as_str(), device.as_str()))?;
        Ok(())
    }

    /// Adds a one-time key behind those that are there.
    pub(crate) fn add_one_time_key(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        key: &PublishedKey,
    ) -> Result<(), StoreError> {
        let (user, device) = (user.as_str(), device.as_str());
        let last: i64 = self
            .prepare(
                "SELECT coalesce(max(seq), 0) FROM one_time_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3",
            )?
            .query_row((user, device, &key.algorithm), |row| row.get(0))?;
        self.prepare(
            "INSERT INTO one_time_keys (user_id, device_id, algorithm, key_id, seq, json)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )?
        .execute((user, device, &key.algorithm, &key.id, last + 1, key.json.get()))?;
        Ok(())
    }

    /// Publishes a fallback key in place of the one of its algorithm. The same key again stays as used as it is.
    pub(crate) fn set_fallback_key(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        key: &PublishedKey,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO fallback_keys (user_id, device_id, algorithm, key_id, json) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, device_id, algorithm) DO UPDATE
             SET key_id = excluded.key_id, json = excluded.json, used = 0 WHERE json <> excluded.json",
        )?
        .execute((user.as_str(), device.as_str(), &key.algorithm, &key.id, key.json.get()))?;
        Ok(())
    }

    /// Takes the oldest one-time key of a device, or its fallback key if none is left.
    pub(crate) fn claim_key(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        algorithm: &str,
    ) -> Result<Option<PublishedKey>, StoreError> {
        let found = match self.take_one_time_key(user, device, algorithm)? {
            Some(key) => Some(key),
            None => self.use_fallback_key(user, device, algorithm)?,
        };
        let Some((id, json)) = found else { return Ok(None) };
        Ok(Some(PublishedKey { algorithm: algorithm.to_owned(), id, json: raw(json)? }))
    }

    fn take_one_time_key(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        algorithm: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let oldest: Option<(String, String)> = self
            .prepare(
                "SELECT key_id, json FROM one_time_keys WHERE user_id = $1 AND device_id = $2 AND algorithm = $3
                 ORDER BY seq LIMIT 1",
            )?
            .query_row((user.as_str(), device.as_str(), algorithm), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((id, _)) = &oldest {
            self.prepare(
                "DELETE FROM one_time_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND key_id = $4",
            )?
            .execute((user.as_str(), device.as_str(), algorithm, id))?;
            self.note_claim(user, device)?;
        }
        Ok(oldest)
    }

    fn use_fallback_key(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        algorithm: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let found: Option<(String, String, bool)> = self
            .prepare(
                "SELECT key_id, json, used FROM fallback_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3",
            )?
            .query_row((user.as_str(), device.as_str(), algorithm), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        if let Some((_, _, false)) = found {
            self.prepare(
                "UPDATE fallback_keys SET used = 1 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3",
            )?
            .execute((user.as_str(), device.as_str(), algorithm))?;
            self.note_claim(user, device)?;
        }
        Ok(found.map(|(id, json, _)| (id, json)))
    }

    /// The owner's device must hear that it has fewer keys, whatever else happens.
    fn note_claim(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        let pos = self.append(LogEntry { kind: LogKind::KeyClaim, room: None, user: Some(user) })?;
        self.prepare(
            "INSERT INTO key_claims (user_id, device_id, pos) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, device_id) DO UPDATE SET pos = excluded.pos",
        )?
        .execute((user.as_str(), device.as_str(), pos))?;
        Ok(())
    }

    /// Forgets the one-time and fallback keys of a device.
    pub(crate) fn forget_claimable_keys(
        &mut self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM one_time_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM fallback_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM key_claims WHERE user_id = $1 AND device_id = $2",
        ] {
            self.prepare(sql)?.execute((user.as_str(), device.as_str()))?;
        }
        Ok(())
    }

    /// Forgets everything a device published, and what others signed of it.
    pub(crate) fn forget_keys(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        self.forget_claimable_keys(user, device)?;
        for sql in [
            "DELETE FROM device_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM key_signatures WHERE target_user = $1 AND target_key = $2",
        ] {
            self.prepare(sql)?.execute((user.as_str(), device.as_str()))?;
        }
        Ok(())
    }
}
