//! The device's end of the ring: runs in the sound system's callback, so it never allocates, locks, waits or logs.
//!
//! The audio thread writes samples at one end, the callback takes them at the other and reports through atomics. Holding
//! and skipping fade for 5 ms, since a cut wave clicks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rtrb::Consumer;

/// How long a fade lasts, as a part of a second.
const FADES_PER_SECOND: f32 = 200.0;

/// A sound system that claims more is wrong.
const LONGEST_LATENCY: Duration = Duration::from_secs(2);

/// What the two ends tell each other. Frames count what went through the ring since it was made.
#[derive(Debug)]
pub(super) struct Shared {
    /// Set by the audio thread: give silence and keep what is in the ring.
    pub(super) hold: AtomicBool,
    /// Set by the audio thread: frames before this one are not to be heard any more.
    pub(super) skip_to: AtomicU64,
    /// Set by the device's error callback.
    pub(super) failed: AtomicBool,
    /// A number of 0 to 1, by its bits.
    volume: AtomicU32,
    /// How often the device asked.
    asked: AtomicU64,
    taken: AtomicU64,
    /// Frames given but not heard yet, silence included.
    unheard: AtomicU64,
    /// Frames of silence since the last frame taken.
    silent: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            hold: AtomicBool::default(),
            skip_to: AtomicU64::default(),
            failed: AtomicBool::default(),
            volume: AtomicU32::new(1_f32.to_bits()),
            asked: AtomicU64::default(),
            taken: AtomicU64::default(),
            unheard: AtomicU64::default(),
            silent: AtomicU64::default(),
        }
    }
}

impl Shared {
    pub(super) fn set_volume(&self, volume: f32) {
        self.volume.store(volume.to_bits(), Ordering::Relaxed);
    }

    /// Changes whenever the device asks.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many frames have been heard: taken, less what still waits in the system's buffers, of which `passed` frames
    /// have sounded since the device asked last.
    pub(super) fn heard(&self, passed: u64) -> u64 {
        let unheard = self.unheard.load(Ordering::Acquire).saturating_sub(passed);
        let waiting = unheard.saturating_sub(self.silent.load(Ordering::Relaxed));
        self.taken.load(Ordering::Relaxed).saturating_sub(waiting)
    }
}

/// Takes samples out of the ring for the device.
pub(super) struct Tap {
    ring: Consumer<f32>,
    shared: Arc<Shared>,
    rate: u32,
    gain: f32,
    volume: f32,
    taken: u64,
    silent: u64,
}

impl Tap {
    pub(super) fn new(ring: Consumer<f32>, shared: Arc<Shared>, rate: u32) -> Self {
        Self { ring, shared, rate, gain: 0.0, volume: 0.0, taken: 0, silent: 0 }
    }

    /// Gives `frames` samples one by one to `put`; `latency` is how long the first of them waits to be heard.
    pub(super) fn give(&mut self, frames: usize, latency: Duration, mut put: impl FnMut(f32)) {
        let hold = self.shared.hold.load(Ordering::Relaxed);
        let skip_to = self.shared.skip_to.load(Ordering::Acquire);
        let volume = f32::from_bits(self.shared.volume.load(Ordering::Relaxed));
        if self.taken + self.silent == 0 {
            self.volume = volume;
        }
        let step = FADES_PER_SECOND / self.rate as f32;
        for _ in 0..frames {
            self.volume += (volume - self.volume).clamp(-step, step);
            put(self.next(hold, skip_to) * self.volume);
        }
        let waiting = latency.min(LONGEST_LATENCY).as_secs_f64() * f64::from(self.rate);
        self.shared.taken.store(self.taken, Ordering::Relaxed);
        self.shared.silent.store(self.silent, Ordering::Relaxed);
        self.shared.unheard.store(waiting as u64 + frames as u64, Ordering::Release);
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
    }

    fn next(&mut self, hold: bool, skip_to: u64) -> f32 {
        let step = FADES_PER_SECOND / self.rate as f32;
        if hold || self.taken < skip_to {
            self.gain = (self.gain - step).max(0.0);
            if self.gain == 0.0 {
                self.skip(skip_to);
                if hold {
                    self.silent += 1;
                    return 0.0;
                }
            }
        } else {
            self.gain = (self.gain + step).min(1.0);
        }
        if let Ok(sample) = self.ring.pop() {
            self.taken += 1;
            self.silent = 0;
            sample * self.gain
        } else {
            self.gain = 0.0;
            self.silent += 1;
            0.0
        }
    }

    fn skip(&mut self, to: u64) {
        let count = to.saturating_sub(self.taken).min(self.ring.slots() as u64);
        if let Ok(chunk) = self.ring.read_chunk(count as usize) {
            chunk.commit_all();
            self.taken += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use rtrb::{Producer, RingBuffer};

    use super::{Shared, Tap};

    const RATE: u32 = 48_000;
    const FADE: usize = 240;

    fn tap() -> (Producer<f32>, Arc<Shared>, Tap) {
        let (producer, consumer) = RingBuffer::new(12_000);
        let shared = Arc::new(Shared::default());
        (producer, shared.clone(), Tap::new(consumer, shared, RATE))
    }

    fn give(tap: &mut Tap, frames: usize) -> Vec<f32> {
        let mut given = Vec::new();
        tap.give(frames, Duration::ZERO, |sample| given.push(sample));
        given
    }

    fn steepest(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn holding_keeps_the_rest_and_never_clicks() {
        let (mut producer, shared, mut tap) = tap();
        producer.push_entire_slice(&vec![1.0; 4_800]).unwrap();
        let mut all = give(&mut tap, 960);
        shared.hold.store(true, Ordering::Relaxed);
        all.extend(give(&mut tap, 960));
        assert_eq!(all[960 + FADE..], [0.0; 720]);
        all.extend(give(&mut tap, 960));
        assert_eq!(shared.heard(0), 960 + FADE as u64);
        shared.hold.store(false, Ordering::Relaxed);
        all.extend(give(&mut tap, 960));
        assert_eq!(all.last(), Some(&1.0));
        assert!(steepest(&all) < 0.01, "{}", steepest(&all));
    }

    #[test]
    fn skipped_sound_is_not_heard_and_what_follows_is() {
        let (mut producer, shared, mut tap) = tap();
        producer.push_entire_slice(&vec![0.5; 4_800]).unwrap();
        give(&mut tap, 960);
        shared.skip_to.store(4_800, Ordering::Release);
        producer.push_entire_slice(&[-0.5; 2_400]).unwrap();
        let after = give(&mut tap, 960);
        assert!(after[FADE + 1..].iter().all(|&sample| sample <= 0.0));
        assert_eq!(after.last(), Some(&-0.5));
        assert!(steepest(&after) < 0.01);
    }

    #[test]
    fn what_waits_in_the_systems_buffer_is_not_heard_yet() {
        let (mut producer, shared, mut tap) = tap();
        producer.push_entire_slice(&vec![0.5; 4_800]).unwrap();
        tap.give(4_800, Duration::from_millis(40), |_| {});
        assert_eq!(shared.heard(0), 0);
        assert_eq!(shared.heard(2_400), 480);
        // The device goes on asking; with the silence it gets, the sound drains.
        for _ in 0..5 {
            tap.give(960, Duration::from_millis(40), |_| {});
        }
        assert_eq!(shared.heard(0), 4_800);
    }
}
