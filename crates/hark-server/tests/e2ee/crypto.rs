//! What a client does with its private keys.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma::{
    CanonicalJsonObject,
    signatures::{Ed25519KeyPair, sign_json},
};
use serde_json::{Value, json};

use crate::support::Person;

/// An Ed25519 private key in PKCS#8 is this and the 32 bytes of its seed (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// 32 bytes that no other call returns.
fn fresh() -> [u8; 32] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// A new key to sign with, of a device or for cross-signing.
pub(crate) struct SigningKey {
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key of a device.
    pub(crate) fn of_device(device: &str) -> Self {
        Self::from_seed(fresh(), |_| device.to_owned())
    }

    /// A cross-signing key: it is named after itself.
    pub(crate) fn cross_signing() -> Self {
        Self::from_seed(fresh(), |public| public)
    }

    fn from_seed(seed: [u8; 32], name: impl FnOnce(String) -> String) -> Self {
        let der = [PKCS8_PREFIX.as_slice(), seed.as_slice()].concat();
        let unnamed = Ed25519KeyPair::from_der(&der, "x".to_owned()).unwrap();
        let name = name(STANDARD_NO_PAD.encode(unnamed.public_key()));
        Self { pair: Ed25519KeyPair::from_der(&der, name).unwrap() }
    }

    /// `ed25519:…`
    pub(crate) fn id(&self) -> String {
        format!("ed25519:{}", self.pair.version())
    }

    /// The public half.
    pub(crate) fn public(&self) -> String {
        STANDARD_NO_PAD.encode(self.pair.public_key())
    }

    /// `object` with this key's signature in the name of `user`.
    pub(crate) fn sign(&self, user: &str, object: Value) -> Value {
        let mut object: CanonicalJsonObject = serde_json::from_value(object).unwrap();
        sign_json(user, &self.pair, &mut object).unwrap();
        serde_json::to_value(object).unwrap()
    }
}

/// A device with its private keys.
pub(crate) struct Device {
    pub(crate) person: Person,
    pub(crate) key: SigningKey,
    curve25519: String,
}

impl Device {
    /// New keys for a device that is signed in.
    pub(crate) fn of(person: Person) -> Self {
        let key = SigningKey::of_device(&person.device);
        Self { key, curve25519: STANDARD_NO_PAD.encode(fresh()), person }
    }

    /// New keys, published.
    pub(crate) async fn published(person: Person) -> Self {
        let device = Self::of(person);
        device.upload(json!({ "device_keys": device.keys() })).await;
        device
    }

    /// Its identity keys, without a signature.
    pub(crate) fn unsigned_keys(&self) -> Value {
        json!({
            "user_id": self.person.id, "device_id": self.person.device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {
                self.key.id(): self.key.public(),
                format!("curve25519:{}", self.person.device): self.curve25519,
            },
        })
    }

    /// Its identity keys.
    pub(crate) fn keys(&self) -> Value {
        self.key.sign(&self.person.id, self.unsigned_keys())
    }

    /// A new key for one session.
    pub(crate) fn one_time_key(&self) -> Value {
        self.key.sign(&self.person.id, json!({ "key": STANDARD_NO_PAD.encode(fresh()) }))
    }

    /// New keys for one session each, named by `ids`.
    pub(crate) fn one_time_keys(&self, ids: impl IntoIterator<Item = impl std::fmt::Display>) -> Value {
        ids.into_iter().map(|id| (format!("signed_curve25519:{id}"), self.one_time_key())).collect()
    }

    /// Publishes `body` and returns the counts.
    pub(crate) async fn upload(&self, body: Value) -> Value {
        self.person.post("keys/upload", body).await.ok()["one_time_key_counts"].clone()
    }
}

/// Everything `asking` is told of the keys of `user`.
pub(crate) async fn query(asking: &Person, user: &str) -> Value {
    asking.post("keys/query", json!({ "device_keys": { user: [] } })).await.ok()
}

/// Takes a one-time key of a device: its name and what it is.
pub(crate) async fn claim(asking: &Person, of: &Person) -> Option<(String, Value)> {
    let wanted = json!({ "one_time_keys": { &of.id: { &of.device: "signed_curve25519" } } });
    let answer = asking.post("keys/claim", wanted).await.ok();
    let key = answer["one_time_keys"].get(&of.id)?.get(&of.device)?.as_object()?;
    key.iter().next().map(|(name, key)| (name.clone(), key.clone()))
}
