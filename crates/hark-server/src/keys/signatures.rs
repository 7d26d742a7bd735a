//! Signatures that come after what they belong to: of the user's devices by their self-signing key, of their master key by their
//! devices, of the master keys of others by their user-signing key. Nothing else is taken, and nothing unverified.

use std::collections::BTreeMap;

use http::StatusCode;
use ruma::{DeviceId, OwnedUserId, UserId};
use serde_json::value::RawValue;

use super::{KeyError, cross_signing::named, device::DeviceKeys, signed::Signed};
use crate::{
    http::ApiError,
    store::{CrossSigningKey, KeySignature, StoreError, Tx, Usage},
};

/// The largest object, in bytes.
const MAX_SIZE: usize = 16_384;
/// Objects of one upload: each is verified while others wait to write.
const MAX_OBJECTS: usize = 500;

/// Signed objects by user, and by device id or public master key.
pub(crate) type Body = BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>;

/// Why one object was not taken.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("There is no such device or key.")]
    NotFound,
    #[error("This is not the key that is published, or not a signature of it by a key that may sign it.")]
    InvalidSignature,
    #[error("{0}")]
    Key(#[from] KeyError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Key(error.into())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            Refusal::NotFound => Self::not_found(sentence),
            Refusal::InvalidSignature => Self::new(StatusCode::BAD_REQUEST, "M_INVALID_SIGNATURE", sentence),
            Refusal::Key(error) => error.into(),
        }
    }
}

/// What was not taken, and why, by user and key.
pub(crate) type Failures = BTreeMap<OwnedUserId, BTreeMap<String, serde_json::Value>>;

/// Adds the signatures of `me`, as far as they are right, and returns what is wrong with the others.
pub(crate) fn store(tx: &mut Tx<'_>, me: &UserId, body: &Body) -> Result<Failures, KeyError> {
    if body.values().map(BTreeMap::len).sum::<usize>() > MAX_OBJECTS {
        return Err(KeyError::TooLarge("At most 500 objects are signed at once."));
    }
    let mut failures = Failures::new();
    let mut changed = false;
    for (user, objects) in body {
        for (target, object) in objects {
            match store_one(tx, me, user, target, object) {
                Ok(news) => changed |= news,
                Err(Refusal::Key(KeyError::Store(error))) => return Err(error.into()),
                Err(refusal) => {
                    let failure = ApiError::from(refusal).into_body();
                    failures.entry(user.clone()).or_default().insert(target.clone(), failure);
                }
            }
        }
    }
    if changed {
        tx.device_list_changed(me)?;
    }
    Ok(failures)
}

/// True if there is news for all who share a room with `me`.
fn store_one(
    tx: &mut Tx<'_>,
    me: &UserId,
    user: &UserId,
    target: &str,
    object: &RawValue,
) -> Result<bool, Refusal> {
    if object.get().len() > MAX_SIZE {
        return Err(KeyError::TooLarge("A signed object has at most 16,384 bytes.").into());
    }
    let object = Signed::read("a signed object", object)?;
    let master = tx.cross_signing_key(user, Usage::Master)?.filter(|master| master.public == target);
    match master {
        Some(master) if user == me => sign_own_master(tx, me, &master, &object),
        Some(master) => {
            sign_other(tx, me, user, &master, &object)?;
            Ok(false)
        }
        None if user == me => sign_device(tx, me, target.into(), &object),
        None => Err(Refusal::NotFound),
    }
}

/// A device, by the self-signing key.
fn sign_device(tx: &mut Tx<'_>, me: &UserId, device: &DeviceId, object: &Signed) -> Result<bool, Refusal> {
    let keys = tx.device_keys(me, device)?.ok_or(Refusal::NotFound)?;
    let signer = tx.cross_signing_key(me, Usage::SelfSigning)?.ok_or(Refusal::NotFound)?;
    let published = DeviceKeys::read(&keys)?.signed;
    let signature = cross_signature(me, &signer, &published, object)?;
    Ok(tx.add_key_signature(me, device.as_str(), &signature)?)
}

/// Keys of a device may come with the signature of the self-signing key. True if it is right and new.
pub(super) fn keep_cross_signature(
    tx: &mut Tx<'_>,
    user: &UserId,
    device: &DeviceId,
    keys: &DeviceKeys,
) -> Result<bool, KeyError> {
    let Some(signer) = tx.cross_signing_key(user, Usage::SelfSigning)? else { return Ok(false) };
    match cross_signature(user, &signer, &keys.signed, &keys.signed) {
        Ok(signature) => Ok(tx.add_key_signature(user, device.as_str(), &signature)?),
        Err(_no_such_signature) => Ok(false),
    }
}

/// Another user's master key, by the user-signing key. Nobody else learns of it.
fn sign_other(
    tx: &mut Tx<'_>,
    me: &UserId,
    user: &UserId,
    master: &CrossSigningKey,
    object: &Signed,
) -> Result<(), Refusal> {
    let signer = tx.cross_signing_key(me, Usage::UserSigning)?.ok_or(Refusal::NotFound)?;
    let published = Signed::read("a master key", &master.json)?;
    let signature = cross_signature(me, &signer, &published, object)?;
    if tx.add_key_signature(user, &master.public, &signature)? {
        tx.device_list_changed_for(user, me)?;
    }
    Ok(())
}

/// The signature that a cross-signing key has put on what is published.
fn cross_signature(
    me: &UserId,
    signer: &CrossSigningKey,
    published: &Signed,
    object: &Signed,
) -> Result<KeySignature, Refusal> {
    let key = named(&signer.public);
    match object.signature(me, &key) {
        Some(signature) if published.is_same_as(object) && object.verifies(&signer.public, signature) => {
            let signature = signature.to_owned();
            Ok(KeySignature { signer: me.to_owned(), key, signature })
        }
        _ => Err(Refusal::InvalidSignature),
    }
}

/// One's own master key, by one's devices.
fn sign_own_master(
    tx: &mut Tx<'_>,
    me: &UserId,
    master: &CrossSigningKey,
    object: &Signed,
) -> Result<bool, Refusal> {
    let published = Signed::read("a master key", &master.json)?;
    if !published.is_same_as(object) {
        return Err(Refusal::InvalidSignature);
    }
    let mut found = Vec::new();
    for (key, signature) in object.signatures.get(me).into_iter().flatten() {
        let Some(device) = key.strip_prefix("ed25519:") else { continue };
        let Some(keys) = tx.device_keys(me, device.into())? else { continue };
        let keys = DeviceKeys::read(&keys)?;
        if !keys.ed25519(device.into()).is_some_and(|public| object.verifies(public, signature)) {
            return Err(Refusal::InvalidSignature);
        }
        found.push(KeySignature { signer: me.to_owned(), key: key.clone(), signature: signature.clone() });
    }
    if found.is_empty() {
        return Err(Refusal::InvalidSignature);
    }
    let mut changed = false;
    for signature in found {
        changed |= tx.add_key_signature(me, &master.public, &signature)?;
    }
    Ok(changed)
}
