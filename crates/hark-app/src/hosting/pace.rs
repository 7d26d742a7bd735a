//! When a server that does not run is started again: at once, then less and less often.

use std::time::{Duration, Instant};

/// The first pause; each is twice the one before.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_mins(1);

/// A server that ran this long was well: what ends it then is not what ended it before.
const WELL_AFTER: Duration = Duration::from_mins(1);

/// How often it was tried.
#[derive(Debug, Default)]
pub(super) struct Pace {
    tries: u32,
    runs_since: Option<Instant>,
}

impl Pace {
    /// The server runs.
    pub(super) fn runs(&mut self, now: Instant) {
        self.runs_since = Some(now);
    }

    /// It does not, or no more: when to try again.
    pub(super) fn failed(&mut self, now: Instant) -> Instant {
        if self.runs_since.take().is_some_and(|since| now.duration_since(since) >= WELL_AFTER) {
            self.tries = 0;
        }
        let pause = FIRST.saturating_mul(1 << self.tries.min(16)).min(LONGEST);
        self.tries += 1;
        now + pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_dies_again_and_again_is_started_less_and_less_often() {
        let mut now = clock();
        let mut pace = Pace::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            pace.runs(now);
            let next = pace.failed(now + Duration::from_secs(1));
            pauses.push(next.duration_since(now + Duration::from_secs(1)));
            now = next;
        }
        assert_eq!(pauses[..3], [200, 400, 800].map(Duration::from_millis));
        assert_eq!(pauses[11], LONGEST);
    }

    #[test]
    fn a_server_that_ran_well_is_started_at_once() {
        let now = clock();
        let mut pace = Pace::default();
        for _ in 0..5 {
            pace.failed(now);
        }
        pace.runs(now);
        let died = now + WELL_AFTER;
        assert_eq!(pace.failed(died), died + FIRST);
    }

    fn clock() -> Instant {
        crate::clock::now()
    }
}
