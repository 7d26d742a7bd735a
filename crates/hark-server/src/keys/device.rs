//! The identity keys of a device.

use std::collections::BTreeMap;

use ruma::{DeviceId, OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    KeyError,
    signed::{Signatures, Signed, is_public_key},
};

/// The largest device keys, in bytes.
const MAX_SIZE: usize = 16_384;
/// What errors call them.
const WHAT: &str = "device_keys";

/// What the specification says of their shape. Further members are kept as they are: they are signed.
#[derive(Deserialize)]
struct Shape {
    user_id: OwnedUserId,
    device_id: String,
    #[serde(rename = "algorithms")]
    _algorithms: Vec<String>,
    keys: BTreeMap<String, String>,
    #[serde(rename = "signatures")]
    _signatures: Signatures,
}

impl Shape {
    fn read(json: &RawValue) -> Result<Self, KeyError> {
        serde_json::from_str(json.get()).map_err(|error| KeyError::shape(WHAT, &error))
    }
}

/// Identity keys that are whole, and signed by themselves.
#[derive(Clone, Debug)]
pub(crate) struct DeviceKeys {
    /// `algorithm:device` and public key.
    keys: BTreeMap<String, String>,
    /// All of it.
    pub(crate) signed: Signed,
}

impl DeviceKeys {
    /// What somebody sends as the keys of `device` of `user`.
    pub(crate) fn check(json: &RawValue, user: &UserId, device: &DeviceId) -> Result<Self, KeyError> {
        if json.get().len() > MAX_SIZE {
            return Err(KeyError::TooLarge("A device's keys have at most 16,384 bytes."));
        }
        let shape = Shape::read(json)?;
        if shape.user_id != user || shape.device_id != device.as_str() {
            return Err(KeyError::Foreign("One can publish the keys of one's own device only."));
        }
        let read = Self { keys: shape.keys, signed: Signed::read(WHAT, json)? };
        let (ed25519, curve25519) = (named("ed25519", device), named("curve25519", device));
        if ![&ed25519, &curve25519]
            .iter()
            .all(|name| read.keys.get(*name).is_some_and(|key| is_public_key(key)))
        {
            return Err(KeyError::Malformed(
                "device_keys: the device's ed25519 and curve25519 keys must be among `keys`, 32 bytes in base64.".into(),
            ));
        }
        if !read.signed.is_signed_by(user, &ed25519, &read.keys[&ed25519]) {
            return Err(KeyError::InvalidSignature(
                "The device's keys must be signed with its own ed25519 key.",
            ));
        }
        Ok(read)
    }

    /// What was checked when it was stored.
    pub(crate) fn read(json: &RawValue) -> Result<Self, KeyError> {
        Ok(Self { keys: Shape::read(json)?.keys, signed: Signed::read(WHAT, json)? })
    }

    /// The public half of what the device signs with.
    pub(crate) fn ed25519(&self, device: &DeviceId) -> Option<&str> {
        self.keys.get(&named("ed25519", device)).map(String::as_str)
    }

    /// Whether the device is still the same one: what it published to be talked to goes on to work.
    pub(crate) fn has_same_identity(&self, other: &Self) -> bool {
        self.keys == other.keys
    }

    /// As it is stored: with the device's own signature, and no other that nobody has checked.
    pub(crate) fn to_stored(&self, user: &UserId, device: &DeviceId) -> String {
        let own = named("ed25519", device);
        self.signed.with_signatures(|signer, key| signer == user && key == own)
    }
}

/// The name of a device's key.
fn named(algorithm: &str, device: &DeviceId) -> String {
    format!("{algorithm}:{device}")
}
