//! The one place time comes from. Everything else gets it as a parameter.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A point of the clock that never jumps, for waiting.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
