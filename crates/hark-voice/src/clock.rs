//! The one place that reads the clock.

use std::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
