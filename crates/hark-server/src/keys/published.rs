//! What users have published, as others see it.

use std::collections::BTreeMap;

use ruma::{CanonicalJsonObject, CanonicalJsonValue, DeviceId, OwnedDeviceId, UserId};
use serde_json::value::RawValue;

use super::signed::{Signatures, add_signatures};
use crate::store::{Snapshot, StoreError, Usage, to_json_error};

/// What clients need to know the count of even when it is none.
const USUAL_ALGORITHM: &str = "signed_curve25519";

/// How many one-time keys of each algorithm a device has left; the usual algorithm is always among them.
pub(crate) fn counts(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    device: &DeviceId,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut counts = snapshot.one_time_key_counts(user, device)?;
    counts.entry(USUAL_ALGORITHM.to_owned()).or_default();
    Ok(counts)
}

/// The keys of a user's devices, with the names of those that have one. `wanted`: which; empty is all.
pub(crate) fn devices(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    wanted: &[OwnedDeviceId],
) -> Result<Vec<(OwnedDeviceId, String)>, StoreError> {
    let mut devices = snapshot.all_device_keys(user)?;
    devices.retain(|device| wanted.is_empty() || wanted.contains(&device.id));
    let shown = devices.into_iter().map(|device| {
        let mut keys = object(&device.json)?;
        // Devices are signed by their owner alone.
        add_signatures(&mut keys, signatures(snapshot, user, device.id.as_str(), |_| true)?);
        let mut unsigned = CanonicalJsonObject::new();
        if let Some(name) = device.display_name.filter(|name| name != device.id.as_str()) {
            unsigned.insert("device_display_name".to_owned(), CanonicalJsonValue::String(name));
        }
        keys.insert("unsigned".to_owned(), CanonicalJsonValue::Object(unsigned));
        Ok((device.id, CanonicalJsonValue::Object(keys).to_string()))
    });
    shown.collect()
}

/// A cross-signing key of a user. Whom a user has verified is nobody's business: their user-signing key, and what it has signed, is
/// shown to them alone.
pub(crate) fn cross_signing_key(
    snapshot: &Snapshot<'_>,
    asking: &UserId,
    user: &UserId,
    usage: Usage,
) -> Result<Option<String>, StoreError> {
    if usage == Usage::UserSigning && user != asking {
        return Ok(None);
    }
    let Some(key) = snapshot.cross_signing_key(user, usage)? else { return Ok(None) };
    let mut shown = object(&key.json)?;
    if usage == Usage::Master {
        let seen = |signer: &UserId| signer == user || signer == asking;
        add_signatures(&mut shown, signatures(snapshot, user, &key.public, seen)?);
    }
    Ok(Some(CanonicalJsonValue::Object(shown).to_string()))
}

fn object(json: &RawValue) -> Result<CanonicalJsonObject, StoreError> {
    serde_json::from_str(json.get()).map_err(to_json_error("key"))
}

/// The signatures that were added to a device or a master key by those whom `seen` says yes to.
fn signatures(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    target: &str,
    seen: impl Fn(&UserId) -> bool,
) -> Result<Signatures, StoreError> {
    let mut signatures = Signatures::new();
    for added in snapshot.key_signatures(user, target)? {
        if seen(&added.signer) {
            signatures.entry(added.signer).or_default().insert(added.key, added.signature);
        }
    }
    Ok(signatures)
}
