//! A counter of what moves without the log moving: typing and presence. It stands in tokens as `.y<boot>-<count>`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::random;

/// Counts changes since this start of the server.
#[derive(Clone, Debug)]
pub(super) struct Ticks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Names this start of the server in tokens.
    boot: u32,
    count: AtomicU64,
}

impl Default for Ticks {
    fn default() -> Self {
        Self(Arc::new(Inner { boot: u32::from_be_bytes(random::bytes()), count: AtomicU64::new(0) }))
    }
}

impl Ticks {
    /// The next tick. Taken while the lock on what changes is held: whoever reads [`Self::now`] before taking that lock sees
    /// every change up to there.
    pub(super) fn next(&self) -> u64 {
        self.0.count.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Where the counter stands, for tokens.
    pub(super) fn now(&self) -> (u32, u64) {
        (self.0.boot, self.0.count.load(Ordering::SeqCst))
    }

    /// The count of a token, if it is of this start of the server.
    pub(super) fn of_this_start(&self, seen: Option<(u32, u64)>) -> Option<u64> {
        seen.filter(|(boot, _)| *boot == self.0.boot).map(|(_, count)| count)
    }
}
