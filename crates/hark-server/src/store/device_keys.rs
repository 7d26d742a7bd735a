//! What devices publish: their identity keys, one-time keys and fallback keys.

use std::collections::BTreeMap;

use ruma::{DeviceId, OwnedDeviceId, UserId};
use rusqlite::OptionalExtension;
use serde_json::value::RawValue;

use super::{LogEntry, LogKind, Position, Snapshot, StoreError, Tx, to_json_error};

/// Keys of a device that are remembered after they were given away.
const CLAIMED_KEPT: i64 = 200;

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
            "SELECT k.device_id, k.json, coalesce(d.display_name, h.display_name) FROM device_keys k
             LEFT JOIN devices d ON d.user_id = k.user_id AND d.device_id = k.device_id
             LEFT JOIN dehydrated_devices h ON h.user_id = k.user_id AND h.device_id = k.device_id
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
            "SELECT algorithm, count(*) FROM one_time_keys
             WHERE user_id = $1 AND device_id = $2 AND claimed = 0 GROUP BY algorithm",
        )?;
        let rows =
            statement.query_map((user.as_str(), device.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A one-time key that is there, or was lately, and whether somebody has it.
    pub(crate) fn one_time_key(
        &self,
        user: &UserId,
        device: &DeviceId,
        algorithm: &str,
        id: &str,
    ) -> Result<Option<(String, bool)>, StoreError> {
        Ok(self
            .prepare(
                "SELECT json, claimed FROM one_time_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND key_id = $4",
            )?
            .query_row((user.as_str(), device.as_str(), algorithm, id), |row| Ok((row.get(0)?, row.get(1)?)))
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
    /// Publishes the identity keys of a device in place of what it had, which goes with what was signed of it.
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
        self.forget_signatures_of(user, device.as_str())
    }

    /// Adds a one-time key behind those that are there, in the place of one of the same name.
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
            "INSERT INTO one_time_keys (user_id, device_id, algorithm, key_id, seq, claimed, json)
             VALUES ($1, $2, $3, $4, $5, 0, $6)
             ON CONFLICT (user_id, device_id, algorithm, key_id) DO UPDATE
             SET seq = excluded.seq, claimed = 0, json = excluded.json",
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
        let oldest: Option<(String, String, i64)> = self
            .prepare(
                "SELECT key_id, json, seq FROM one_time_keys
                 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND claimed = 0 ORDER BY seq LIMIT 1",
            )?
            .query_row((user.as_str(), device.as_str(), algorithm), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((id, json, seq)) = oldest else { return Ok(None) };
        self.prepare(
            "UPDATE one_time_keys SET claimed = 1
             WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND key_id = $4",
        )?
        .execute((user.as_str(), device.as_str(), algorithm, &id))?;
        self.prepare(
            "DELETE FROM one_time_keys
             WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND claimed = 1 AND seq <= $4",
        )?
        .execute((user.as_str(), device.as_str(), algorithm, seq - CLAIMED_KEPT))?;
        self.note_claim(user, device)?;
        Ok(Some((id, json)))
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

    /// Forgets everything a device published, and what was signed of it and by it. Called by whatever ends a device.
    pub(crate) fn forget_keys(&mut self, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM device_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM one_time_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM fallback_keys WHERE user_id = $1 AND device_id = $2",
            "DELETE FROM key_claims WHERE user_id = $1 AND device_id = $2",
        ] {
            self.prepare(sql)?.execute((user.as_str(), device.as_str()))?;
        }
        self.forget_signatures_of(user, device.as_str())?;
        self.forget_signatures_by(user, device.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;
    use ruma::{device_id, user_id};

    use super::*;
    use crate::store::Store;

    #[derive(Clone, Debug)]
    enum Step {
        Add(u8),
        SetFallback(u8),
        Claim,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..20_u8).prop_map(Step::Add),
            (0..3_u8).prop_map(Step::SetFallback),
            Just(Step::Claim),
            Just(Step::Claim)
        ]
    }

    fn key(id: u8) -> PublishedKey {
        let json = RawValue::from_string(format!("\"key {id}\"")).unwrap();
        PublishedKey { algorithm: "a".to_owned(), id: id.to_string(), json }
    }

    /// What should be there.
    #[derive(Default)]
    struct Model {
        waiting: VecDeque<u8>,
        known: BTreeSet<u8>,
        fallback: Option<(u8, bool)>,
    }

    fn run(tx: &mut Tx<'_>, steps: &[Step]) -> Result<(), StoreError> {
        let (user, device) = (user_id!("@ann:hark.test"), device_id!("D"));
        let mut model = Model::default();
        for step in steps {
            match *step {
                Step::Add(id) => {
                    let there = tx.one_time_key(user, device, "a", &id.to_string())?;
                    assert_eq!(there.is_some(), !model.known.insert(id));
                    if there.is_none() {
                        tx.add_one_time_key(user, device, &key(id))?;
                        model.waiting.push_back(id);
                    }
                }
                Step::SetFallback(id) => {
                    tx.set_fallback_key(user, device, &key(id))?;
                    model.fallback = model.fallback.filter(|(same, _)| *same == id).or(Some((id, false)));
                }
                Step::Claim => {
                    let fallback = model.fallback.map(|(id, _)| id);
                    let expected = model.waiting.front().copied().or(fallback).map(|id| id.to_string());
                    if model.waiting.pop_front().is_none() {
                        model.fallback = fallback.map(|id| (id, true));
                    }
                    assert_eq!(tx.claim_key(user, device, "a")?.map(|key| key.id), expected);
                }
            }
            let counts = tx.one_time_key_counts(user, device)?;
            assert_eq!(counts.get("a").copied().unwrap_or_default(), model.waiting.len() as i64);
            let unused = model.fallback.is_some_and(|(_, used)| !used);
            assert_eq!(!tx.unused_fallback_keys(user, device)?.is_empty(), unused);
        }
        tx.forget_keys(user, device)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever is added and claimed in whatever order: each key is given once, the oldest first, and the fallback key after them.
        #[test]
        fn each_key_is_given_once_in_the_order_they_came(steps in proptest::collection::vec(step(), 0..60)) {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("hark.db")).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(store.write::<_, StoreError, _>(move |tx| run(tx, &steps))).unwrap();
        }
    }
}
