//! What a device publishes in one go: its identity, one-time keys for others to begin a session with, and fallback keys.

use std::collections::BTreeMap;

use ruma::{CanonicalJsonValue, DeviceId, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{KeyError, device::DeviceKeys, signatures, signed::Signatures};
use crate::store::{PublishedKey, Tx};

/// The largest one-time or fallback key, in bytes.
const MAX_KEY: usize = 8192;
/// The longest `algorithm:id`, in bytes.
const MAX_NAME: usize = 255;
/// One-time keys a device may have, of all algorithms. Clients keep 50 to 100.
const MAX_ONE_TIME_KEYS: i64 = 1000;
/// Fallback keys a device may have, one of each algorithm.
const MAX_FALLBACK_KEYS: usize = 20;

/// The body of an upload.
#[derive(Default, Deserialize)]
pub(crate) struct Body {
    /// Absent is "as before"; null is a mistake.
    #[serde(default, rename = "device_keys", deserialize_with = "present")]
    device: Option<Box<RawValue>>,
    #[serde(rename = "one_time_keys")]
    one_time: Option<BTreeMap<String, Box<RawValue>>>,
    #[serde(rename = "fallback_keys")]
    fallback: Option<BTreeMap<String, Box<RawValue>>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// An upload that was checked.
#[derive(Debug)]
pub(crate) struct Upload {
    device: Option<DeviceKeys>,
    one_time: Vec<PublishedKey>,
    fallback: Vec<PublishedKey>,
}

impl Upload {
    /// Checks what is sent in the name of `device` of `user`.
    pub(crate) fn check(body: Body, user: &UserId, device: &DeviceId) -> Result<Self, KeyError> {
        let keys_of_device = match body.device {
            Some(json) => Some(DeviceKeys::check(&json, user, device)?),
            None => None,
        };
        let one_time = keys(body.one_time)?;
        if one_time.len() as i64 > MAX_ONE_TIME_KEYS {
            return Err(too_many());
        }
        let fallback = keys(body.fallback)?;
        if fallback.len() > MAX_FALLBACK_KEYS {
            return Err(KeyError::TooLarge("A device has at most 20 fallback keys."));
        }
        Ok(Self { device: keys_of_device, one_time, fallback })
    }

    /// As [`Self::check`], for a device that comes into being with it and so must have an identity.
    pub(crate) fn check_whole(body: Body, user: &UserId, device: &DeviceId) -> Result<Self, KeyError> {
        if body.device.is_none() {
            return Err(KeyError::Missing("missing field `device_keys`"));
        }
        Self::check(body, user, device)
    }

    /// Publishes it.
    pub(crate) fn store(&self, tx: &mut Tx<'_>, user: &UserId, device: &DeviceId) -> Result<(), KeyError> {
        if let Some(keys) = &self.device {
            store_device_keys(tx, user, device, keys)?;
        }
        for key in &self.one_time {
            store_one_time_key(tx, user, device, key)?;
        }
        if tx.one_time_key_counts(user, device)?.values().sum::<i64>() > MAX_ONE_TIME_KEYS {
            return Err(too_many());
        }
        for key in &self.fallback {
            tx.set_fallback_key(user, device, key)?;
        }
        Ok(())
    }
}

fn too_many() -> KeyError {
    KeyError::TooLarge("A device has at most 1,000 one-time keys here: wait until some are used.")
}

/// The same identity again changes nothing. Another one in its place begins anew: what the former one published leads nowhere.
fn store_device_keys(
    tx: &mut Tx<'_>,
    user: &UserId,
    device: &DeviceId,
    keys: &DeviceKeys,
) -> Result<(), KeyError> {
    let json = keys.to_stored(user, device);
    let before = tx.device_keys(user, device)?;
    let mut changed = before.as_ref().is_none_or(|before| before.get() != json);
    if changed {
        let reborn = match before {
            Some(before) => !DeviceKeys::read(&before)?.has_same_identity(keys),
            None => false,
        };
        if reborn {
            tx.forget_keys(user, device)?;
        }
        tx.set_device_keys(user, device, &json)?;
    }
    changed |= signatures::keep_cross_signature(tx, user, device, keys)?;
    if changed {
        tx.device_list_changed(user)?;
    }
    Ok(())
}

fn store_one_time_key(
    tx: &mut Tx<'_>,
    user: &UserId,
    device: &DeviceId,
    key: &PublishedKey,
) -> Result<(), KeyError> {
    match tx.one_time_key(user, device, &key.algorithm, &key.id)? {
        // Sent again; it may have been given away in between.
        Some((old, _)) if old == key.json.get() => Ok(()),
        Some((old, false)) => {
            Err(KeyError::OneTimeKeyExists { name: key.name(), old, new: key.json.get().to_owned() })
        }
        _ => Ok(tx.add_one_time_key(user, device, key)?),
    }
}

/// Keys by name, in canonical JSON, so that the same key is the same text.
fn keys(sent: Option<BTreeMap<String, Box<RawValue>>>) -> Result<Vec<PublishedKey>, KeyError> {
    sent.into_iter().flatten().map(|(name, json)| published_key(&name, &json)).collect()
}

fn published_key(name: &str, json: &RawValue) -> Result<PublishedKey, KeyError> {
    const WHAT: &str = "a one-time or fallback key";
    let malformed = |message: &str| KeyError::Malformed(message.to_owned());
    let (algorithm, id) = name
        .split_once(':')
        .filter(|(algorithm, id)| !algorithm.is_empty() && !id.is_empty() && name.len() <= MAX_NAME)
        .ok_or_else(|| malformed("A one-time or fallback key is named algorithm:id, in 255 bytes."))?;
    if json.get().len() > MAX_KEY {
        return Err(KeyError::TooLarge("A one-time or fallback key has at most 8,192 bytes."));
    }
    let shape = |error| KeyError::shape(WHAT, &error);
    let key: CanonicalJsonValue = serde_json::from_str(json.get()).map_err(shape)?;
    if !is_key(&key) {
        return Err(malformed(
            "A one-time or fallback key is a text, or an object with `key` and `signatures`.",
        ));
    }
    let json = RawValue::from_string(key.to_string()).map_err(shape)?;
    Ok(PublishedKey { algorithm: algorithm.to_owned(), id: id.to_owned(), json })
}

/// Whether it has the shape of a key: a text, or an object that is signed.
fn is_key(key: &CanonicalJsonValue) -> bool {
    use CanonicalJsonValue::{Bool, Object, String};
    let Object(members) = key else { return matches!(key, String(_)) };
    let signatures = members.get("signatures").cloned().map(serde_json::Value::from);
    matches!(members.get("key"), Some(String(_)))
        && matches!(members.get("fallback"), None | Some(Bool(_)))
        && signatures.is_some_and(|signatures| serde_json::from_value::<Signatures>(signatures).is_ok())
}
