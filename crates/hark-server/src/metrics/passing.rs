//! What comes and goes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Counts of those that came and those that went.
#[derive(Debug, Default)]
pub(crate) struct Passing {
    came: AtomicU64,
    went: AtomicU64,
}

impl Passing {
    /// Counts one that is there until what is returned is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Present {
        self.came.fetch_add(1, Relaxed);
        Present(self.clone())
    }

    /// How many there were so far.
    pub(super) fn came(&self) -> u64 {
        self.came.load(Relaxed)
    }

    /// How many of them are gone.
    pub(super) fn went(&self) -> u64 {
        self.went.load(Relaxed)
    }

    /// How many are there.
    pub(super) fn present(&self) -> u64 {
        let went = self.went();
        self.came().saturating_sub(went)
    }
}

/// One that is there.
#[derive(Debug)]
pub(crate) struct Present(Arc<Passing>);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.went.fetch_add(1, Relaxed);
    }
}
