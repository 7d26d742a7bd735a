//! How late sound arrives that a system keeps until it can bring it.
//!
//! A device records as many samples in a second as its rate says. So what should have come since its first sample, less
//! what has come, is what is on its way; the least of the last seconds is the usual way, which is no delay.

use std::time::{Duration, Instant};

/// Of so long, and of as long before, the least counts: clocks of devices differ, and samples may be lost for good.
const WINDOW: Duration = Duration::from_secs(10);

/// More than this is a device that does not keep its rate.
const MOST: f64 = 2.0;

#[derive(Debug)]
pub(super) struct Lag {
    rate: f64,
    began: Option<Instant>,
    samples: u64,
    /// The least seconds on the way, in this window and in the one before.
    least: [f64; 2],
    turned: Instant,
}

impl Lag {
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        let rate = f64::from(rate.max(1));
        Self { rate, began: None, samples: 0, least: [f64::INFINITY; 2], turned: now }
    }

    /// So many samples came.
    pub(super) fn came(&mut self, samples: usize, now: Instant) {
        if now.saturating_duration_since(self.turned) >= WINDOW {
            self.least = [f64::INFINITY, self.least[0]];
            self.turned = now;
        }
        self.began.get_or_insert(now);
        self.samples += samples as u64;
        self.least[0] = self.least[0].min(self.on_the_way(now));
    }

    /// How long before `now` what comes next was said.
    pub(super) fn get(&self, now: Instant) -> Duration {
        let late = self.on_the_way(now) - self.least[0].min(self.least[1]);
        // Not a number where nothing has come.
        Duration::try_from_secs_f64(late.clamp(0.0, MOST)).unwrap_or_default()
    }

    fn on_the_way(&self, now: Instant) -> f64 {
        let Some(began) = self.began else { return f64::INFINITY };
        now.saturating_duration_since(began).as_secs_f64() - self.samples as f64 / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn what_is_on_its_way_is_known_to_the_millisecond() {
        let start = clock::now();
        let mut lag = Lag::new(48_000, start);
        assert_eq!(lag.get(start), Duration::ZERO);
        for call in 1..=100 {
            lag.came(960, start + ms(20 * call));
        }
        let near = |lag: &Lag, at, late: f64| (lag.get(start + ms(at)).as_secs_f64() - late).abs() < 0.001;
        assert!(near(&lag, 2_000, 0.0) && near(&lag, 2_015, 0.015) && near(&lag, 2_700, 0.7));
        // All at once, and it is in time again.
        lag.came(960 * 35, start + ms(2_700));
        assert!(near(&lag, 2_700, 0.0));
    }

    #[test]
    fn a_slow_clock_and_lost_samples_are_soon_no_delay() {
        let start = clock::now();
        let at = |call: u64| start + Duration::from_micros(20_004) * call as u32;
        let mut lag = Lag::new(48_000, start);
        // 200 in a million too slow for an hour, and half a second lost in its middle.
        for call in 1..=180_000 {
            if !(90_000..90_025).contains(&call) {
                lag.came(960, at(call));
            }
        }
        assert!(lag.get(at(180_000)) < ms(5));
    }
}
