//! What a device has left of the keys that others may claim. In every answer, as explicit zeros too: an absent count or list means
//! something else to clients.

use super::room::Scope;
use crate::{
    json::{Object, text},
    keys::published,
    store::StoreError,
};

/// Whether the device lost a key in the window, which its client must hear of even if there is no other news.
pub(super) fn were_claimed(scope: &Scope<'_>) -> Result<bool, StoreError> {
    let Some(from) = scope.window.from else { return Ok(false) };
    scope.snapshot.key_claimed_since(scope.user(), &scope.session.device_id, from)
}

/// `device_one_time_keys_count` and `device_unused_fallback_key_types`.
pub(super) fn write(scope: &Scope<'_>, out: &mut Object<'_>) -> Result<(), StoreError> {
    let (user, device) = (scope.user(), &scope.session.device_id);
    let counts = published::counts(scope.snapshot, user, device)?;
    let mut written = out.object("device_one_time_keys_count");
    for (algorithm, count) in &counts {
        written.number(algorithm, *count);
    }
    drop(written);
    let unused = scope.snapshot.unused_fallback_keys(user, device)?;
    out.array("device_unused_fallback_key_types", unused.iter().map(|algorithm| text(algorithm)));
    Ok(())
}
