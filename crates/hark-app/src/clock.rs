//! The only place of this crate that reads the clock.

use std::time::Instant;

/// Now, for deadlines.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
