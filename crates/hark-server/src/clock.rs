//! The only place of this crate that asks the operating system what time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ruma::{MilliSecondsSinceUnixEpoch, UInt};

/// Wall-clock time in milliseconds since 1970, as Matrix writes it. A clock before 1970 reads as 0.
#[expect(clippy::disallowed_methods, reason = "this module is the crate's clock")]
pub(crate) fn now() -> MilliSecondsSinceUnixEpoch {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    MilliSecondsSinceUnixEpoch(UInt::new_saturating(u64::try_from(millis).unwrap_or(u64::MAX)))
}

/// Wall-clock time as the database keeps it: milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(u64::from(now().0)).unwrap_or(i64::MAX)
}

/// A monotonic instant, for measuring and for limits.
#[expect(clippy::disallowed_methods, reason = "this module is the crate's clock")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}
