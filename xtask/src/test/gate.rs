//! One lane waits here for what another makes.

use std::sync::{Condvar, Mutex, PoisonError};

/// Closed until it is known whether the thing was made.
#[derive(Default)]
pub(crate) struct Gate {
    made: Mutex<Option<bool>>,
    opened: Condvar,
}

impl Gate {
    /// It was made, or could not be.
    pub(crate) fn open(&self, made: bool) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        self.opened.notify_all();
    }

    /// Waits; says whether it was made.
    pub(crate) fn pass(&self) -> bool {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(made) = *made {
                return made;
            }
            made = self.opened.wait(made).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
