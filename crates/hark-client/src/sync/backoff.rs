//! How long to wait after a failure: 1, 2, 4 … 30 s, with jitter, so that a server that returns is not met by everyone
//! at once (SY4).

use std::time::Duration;

const LONGEST: u64 = 30;

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `jitter` is 0..1; it takes off up to a quarter.
    pub(crate) fn next(&mut self, jitter: f64) -> Duration {
        let seconds = 1_u64.checked_shl(self.failures).unwrap_or(LONGEST).min(LONGEST);
        self.failures = (self.failures + 1).min(16);
        Duration::from_secs(seconds).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
    }

    /// It went well again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;

    #[test]
    fn waits_double_up_to_thirty_seconds_and_start_over_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..7).map(|_| backoff.next(0.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        backoff.reset();
        assert_eq!(backoff.next(1.0).as_millis(), 750);
    }
}
