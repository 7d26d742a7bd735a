//! How long changes take: until they are on the disk, and when each of the latest was asked for.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::Position;
use crate::{clock, metrics::Histogram};

/// Changes whose time is known. Who waits for news is rarely further behind.
const KNOWN: usize = 4096;

/// Measured by the writer, read by those who answer a client with a change.
#[derive(Debug)]
pub(crate) struct Timing {
    /// From the begin of a transaction until it is on the disk.
    pub(crate) commits: Histogram,
    began: Instant,
    /// By position: microseconds from `began` until the change was asked for.
    asked: Box<[AtomicU64]>,
}

impl Timing {
    pub(super) fn begin() -> Self {
        let asked = (0..KNOWN).map(|_| AtomicU64::new(0)).collect();
        Self { commits: Histogram::default(), began: clock::instant(), asked }
    }

    /// The changes of `after < pos <= last` were asked for at `asked`.
    pub(super) fn note(&self, after: Position, last: Position, asked: Instant) {
        let asked = asked.saturating_duration_since(self.began).as_micros() as u64;
        for pos in after.0.max(last.0 - KNOWN as i64)..last.0 {
            self.slot(Position(pos + 1)).store(asked, Relaxed);
        }
    }

    /// How long ago the change at `pos` was asked for. `committed` is the last change there is: one long before it has lost its
    /// place to a later one, and is at least as old as the oldest that is known.
    pub(super) fn age(&self, pos: Position, committed: Position) -> Duration {
        let known = pos.max(Position(committed.0 - KNOWN as i64 + 1));
        let asked = self.began + Duration::from_micros(self.slot(known).load(Relaxed));
        clock::instant().saturating_duration_since(asked)
    }

    fn slot(&self, pos: Position) -> &AtomicU64 {
        &self.asked[pos.0 as usize % KNOWN]
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, KNOWN, Position, Timing, clock};

    #[test]
    fn the_age_of_a_change_is_that_of_its_own_order() {
        let timing = Timing::begin();
        let hour = Duration::from_hours(1);
        timing.note(Position(0), Position(3), clock::instant() + hour);
        timing.note(Position(3), Position(4), timing.began);
        assert_eq!(timing.age(Position(3), Position(4)), Duration::ZERO, "it is yet to come");
        assert!(timing.age(Position(4), Position(4)) < hour);
        let last = Position(4 + KNOWN as i64);
        timing.note(Position(4), last, clock::instant() + hour);
        assert_eq!(timing.age(Position(4), last), Duration::ZERO, "the oldest that is known stands for it");
    }
}
