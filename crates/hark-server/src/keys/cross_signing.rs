//! Cross-signing keys: the master key that stands for a user, and the two keys it has signed, one for the user's devices and one for
//! the master keys of others.

use std::collections::BTreeMap;

use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    KeyError,
    device::DeviceKeys,
    signed::{Signatures, Signed, is_public_key},
};
use crate::store::{CrossSigningKey, KeySignature, Snapshot, StoreError, Tx, Usage, to_json_error};

/// The largest key, in bytes.
const MAX_SIZE: usize = 8192;
/// What errors call one.
const WHAT: &str = "a cross-signing key";

#[derive(Deserialize)]
struct Shape {
    user_id: OwnedUserId,
    usage: Vec<String>,
    keys: BTreeMap<String, String>,
    #[serde(default, rename = "signatures")]
    _signatures: Signatures,
}

/// The keys of an upload.
#[derive(Deserialize)]
pub(crate) struct Body {
    #[serde(rename = "master_key")]
    master: Option<Box<RawValue>>,
    #[serde(rename = "self_signing_key")]
    self_signing: Option<Box<RawValue>>,
    #[serde(rename = "user_signing_key")]
    user_signing: Option<Box<RawValue>>,
}

/// A key whose shape was checked.
#[derive(Debug)]
struct Key {
    public: String,
    signed: Signed,
}

impl Key {
    fn check(json: &RawValue, user: &UserId, usage: Usage) -> Result<Self, KeyError> {
        if json.get().len() > MAX_SIZE {
            return Err(KeyError::TooLarge("A cross-signing key has at most 8,192 bytes."));
        }
        let malformed = |message: &str| KeyError::Malformed(message.to_owned());
        let shape: Shape = serde_json::from_str(json.get()).map_err(|error| KeyError::shape(WHAT, &error))?;
        if shape.user_id != user {
            return Err(KeyError::Foreign("One can publish one's own cross-signing keys only."));
        }
        if !shape.usage.iter().any(|said| said == usage.as_str()) {
            return Err(malformed("A cross-signing key must say in `usage` what it is for."));
        }
        let mut keys = shape.keys.into_iter();
        let public = match (keys.next(), keys.next()) {
            (Some((name, public)), None) if name == named(&public) && is_public_key(&public) => public,
            _ => {
                return Err(malformed(
                    "A cross-signing key has one ed25519 key, 32 bytes in base64, named after itself.",
                ));
            }
        };
        Ok(Self { public, signed: Signed::read(WHAT, json)? })
    }

    /// What was checked when it was stored.
    fn read(stored: CrossSigningKey) -> Result<Self, KeyError> {
        Ok(Self { signed: Signed::read(WHAT, &stored.json)?, public: stored.public })
    }

    /// As it is stored: with the signature of `signer`, where it must have one, and no other.
    fn to_stored(&self, user: &UserId, signer: Option<&Self>) -> Result<CrossSigningKey, StoreError> {
        let kept = signer.map(|signer| named(&signer.public));
        let json = self.signed.with_signatures(|by, key| by == user && kept.as_deref() == Some(key));
        let json = RawValue::from_string(json).map_err(to_json_error("cross-signing key"))?;
        Ok(CrossSigningKey { public: self.public.clone(), json })
    }
}

/// The name of the key whose public half this is.
pub(super) fn named(public: &str) -> String {
    format!("ed25519:{public}")
}

/// How an upload ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The keys are published.
    Done,
    /// The user has keys already, and these differ: it must be certain that it is the user who changes them.
    NeedsConfirmation,
}

/// An upload whose parts were checked, each for itself.
#[derive(Debug)]
pub(crate) struct Upload {
    keys: Vec<(Usage, Key)>,
}

impl Upload {
    /// Checks what is sent in the name of `user`.
    pub(crate) fn check(body: &Body, user: &UserId) -> Result<Self, KeyError> {
        let sent = [
            (Usage::Master, &body.master),
            (Usage::SelfSigning, &body.self_signing),
            (Usage::UserSigning, &body.user_signing),
        ];
        let keys = sent.into_iter().filter_map(|(usage, json)| {
            json.as_ref().map(|json| Ok((usage, Key::check(json, user, usage)?)))
        });
        Ok(Self { keys: keys.collect::<Result<_, KeyError>>()? })
    }

    /// Publishes the keys, unless they differ from what is there and nobody has confirmed it.
    pub(crate) fn store(&self, tx: &mut Tx<'_>, user: &UserId, confirmed: bool) -> Result<Outcome, KeyError> {
        let before = tx.cross_signing_key(user, Usage::Master)?.map(Key::read).transpose()?;
        let of_upload = self.keys.iter().find(|(usage, _)| *usage == Usage::Master).map(|(_, key)| key);
        let master = of_upload.or(before.as_ref()).ok_or(KeyError::Missing(
            "There is no master key: it is to be uploaded with the keys it has signed, or before them.",
        ))?;
        for (usage, key) in &self.keys {
            let signed = key.signed.is_signed_by(user, &named(&master.public), &master.public);
            if *usage != Usage::Master && !signed {
                return Err(KeyError::InvalidSignature("The user's master key has not signed this key."));
            }
        }
        // An upload without keys asks what would be asked for, as clients do before they make keys.
        if !self.keys.is_empty() && self.is_there(tx, user)? {
            return Ok(Outcome::Done);
        }
        if before.is_some() && !confirmed {
            return Ok(Outcome::NeedsConfirmation);
        }
        self.replace(tx, user, before.as_ref(), master)?;
        Ok(Outcome::Done)
    }

    /// Whether every key of the upload is what is there.
    fn is_there(&self, snapshot: &Snapshot<'_>, user: &UserId) -> Result<bool, KeyError> {
        for (usage, key) in &self.keys {
            let stored = snapshot.cross_signing_key(user, *usage)?.map(Key::read).transpose()?;
            if !stored.is_some_and(|stored| stored.signed.is_same_as(&key.signed)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn replace(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        before: Option<&Key>,
        master: &Key,
    ) -> Result<(), KeyError> {
        if before.is_some_and(|before| before.public != master.public) {
            // What the former master key has signed is worth nothing now.
            for usage in [Usage::SelfSigning, Usage::UserSigning] {
                tx.delete_cross_signing_key(user, usage)?;
            }
        }
        for (usage, key) in &self.keys {
            let signer = Some(master).filter(|_| *usage != Usage::Master);
            tx.set_cross_signing_key(user, *usage, &key.to_stored(user, signer)?)?;
            if *usage == Usage::Master {
                keep_signatures_of_devices(tx, user, key)?;
            }
        }
        let usages = self.keys.iter().map(|(usage, _)| *usage);
        if usages.clone().any(|usage| usage != Usage::UserSigning) {
            tx.device_list_changed(user)?;
        } else if usages.count() > 0 {
            tx.device_list_changed_for(user, user)?;
        }
        Ok(())
    }
}

/// A new master key may come signed by the device it was made on.
fn keep_signatures_of_devices(tx: &mut Tx<'_>, user: &UserId, master: &Key) -> Result<(), KeyError> {
    for (name, signature) in master.signed.signatures.get(user).into_iter().flatten() {
        let Some(device) = name.strip_prefix("ed25519:") else { continue };
        let Some(keys) = tx.device_keys(user, device.into())? else { continue };
        let keys = DeviceKeys::read(&keys)?;
        if keys.ed25519(device.into()).is_some_and(|public| master.signed.verifies(public, signature)) {
            let added =
                KeySignature { signer: user.to_owned(), key: name.clone(), signature: signature.clone() };
            tx.add_key_signature(user, &master.public, &added)?;
        }
    }
    Ok(())
}
