//! What users have published, as others see it.

use std::collections::BTreeMap;

use ruma::{CanonicalJsonObject, CanonicalJsonValue, DeviceId, OwnedDeviceId, UserId};

use crate::store::{Snapshot, StoreError, to_json_error};

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
        let mut keys: CanonicalJsonObject =
            serde_json::from_str(device.json.get()).map_err(to_json_error("device key"))?;
        let mut unsigned = CanonicalJsonObject::new();
        if let Some(name) = device.display_name.filter(|name| name != device.id.as_str()) {
            unsigned.insert("device_display_name".to_owned(), CanonicalJsonValue::String(name));
        }
        keys.insert("unsigned".to_owned(), CanonicalJsonValue::Object(unsigned));
        Ok((device.id, CanonicalJsonValue::Object(keys).to_string()))
    });
    shown.collect()
}
