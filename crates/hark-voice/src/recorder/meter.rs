//! How loud it is, 25 times a second.

/// Values a second.
pub(super) const PER_SECOND: u32 = 25;

/// What is drawn as silence and as full, in dBFS: a quiet room, and a voice close to the microphone.
const QUIET: f32 = -55.0;
const FULL: f32 = -10.0;

/// The strength (root mean square) of each 25th of a second.
#[derive(Debug)]
pub(super) struct Meter {
    per: usize,
    energy: f32,
    count: usize,
}

impl Meter {
    /// For sound of `rate` samples a second.
    pub(super) fn new(rate: u32) -> Self {
        Self { per: (rate / PER_SECOND).max(1) as usize, energy: 0.0, count: 0 }
    }

    /// Takes `samples` and gives each strength that is complete to `put`.
    pub(super) fn push(&mut self, mut samples: &[f32], mut put: impl FnMut(f32)) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.per - self.count));
            self.energy += now.iter().map(|sample| sample * sample).sum::<f32>();
            self.count += now.len();
            samples = later;
            if self.count == self.per {
                put((self.energy / self.per as f32).sqrt());
                (self.energy, self.count) = (0.0, 0);
            }
        }
    }
}

/// A strength as the ear takes it: 0–1.
pub(super) fn level(strength: f32) -> f32 {
    let decibels = 20.0 * strength.max(f32::MIN_POSITIVE).log10();
    ((decibels - QUIET) / (FULL - QUIET)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{Meter, level};

    #[test]
    fn a_second_has_25_values_however_it_comes() {
        for size in [1, 160, 777, 48_000] {
            let mut values = Vec::new();
            let mut meter = Meter::new(48_000);
            for piece in vec![0.5; 48_000].chunks(size) {
                meter.push(piece, |strength| values.push(strength));
            }
            assert_eq!(values.len(), 25);
            assert!(values.iter().all(|strength| (strength - 0.5).abs() < 0.001), "{values:?}");
        }
    }

    #[test]
    fn silence_is_nothing_and_a_close_voice_is_full() {
        assert!(level(0.0) <= 0.0 && level(f32::NAN) <= 0.0);
        assert!(level(1.0) >= 1.0);
        assert!((0.3..0.7).contains(&level(0.02)));
    }
}
