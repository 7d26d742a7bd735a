//! The way from the device's callback to the worker: a lock-free ring and a few atomics.
//!
//! The callback's end ([`Inlet`]) mixes the channels to one while it copies; it never allocates, locks, waits or logs. The
//! worker's end ([`Capture`]) takes samples out and watches that they keep coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpal::FromSample;
use rtrb::{Consumer, Producer, RingBuffer};

use super::lag::Lag;

/// The ring holds so many seconds: as long as the worker may be kept from running, or busy with a long file.
const RING_SECONDS: usize = 10;

/// A device that does not call for so long is dead, unless it is known to call more rarely.
const DEAD: Duration = Duration::from_millis(500);

/// So long may be silent a device that has just been opened, or a busy system that keeps what it could not bring in time.
const PATIENT: Duration = Duration::from_secs(2);

/// A louder sample is damage; full scale is 1.
const LOUDEST: f32 = 4.0;

/// What is known of an open device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) id: String,
    /// As a person knows it.
    pub(super) name: String,
    /// A sentence where it is not the chosen one.
    pub(super) notice: Option<String>,
    /// Whether the system may move the stream to another device unasked.
    pub(super) wanders: bool,
    /// Whether the system keeps what it cannot bring in time, and says by itself when the device fails.
    pub(super) keeps: bool,
}

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicU64,
    /// The most frames a call brought.
    largest: AtomicU64,
    /// Frames for which there was no room.
    lost: AtomicU64,
    failed: AtomicBool,
}

/// Sets the device's failure; for its error callback.
#[derive(Clone, Debug)]
pub(super) struct Failure(Arc<Shared>);

impl Failure {
    pub(super) fn set(&self) {
        self.0.failed.store(true, Ordering::Relaxed);
    }
}

/// The device's end.
pub(super) struct Inlet {
    ring: Producer<f32>,
    shared: Arc<Shared>,
    channels: usize,
}

impl Inlet {
    /// Takes interleaved samples.
    pub(super) fn put<T: Copy>(&mut self, data: &[T])
    where
        f32: FromSample<T>,
    {
        self.put_by(data, f32::from_sample_);
    }

    /// Takes interleaved samples that `sample` reads.
    pub(super) fn put_by<T: Copy>(&mut self, data: &[T], sample: impl Fn(T) -> f32) {
        let frames = data.chunks_exact(self.channels);
        let scale = 1.0 / self.channels as f32;
        let count = frames.len();
        let room = count.min(self.ring.slots());
        if let Ok(chunk) = self.ring.write_chunk_uninit(room) {
            chunk.fill_from_iter(frames.map(|frame| {
                let sum: f32 = frame.iter().map(|raw| sample(*raw)).sum();
                sum * scale
            }));
        }
        self.shared.lost.fetch_add((count - room) as u64, Ordering::Relaxed);
        self.shared.largest.fetch_max(count as u64, Ordering::Relaxed);
        self.shared.calls.fetch_add(1, Ordering::Release);
    }

    pub(super) fn failure(&self) -> Failure {
        Failure(Arc::clone(&self.shared))
    }

    /// How many frames there is room for.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.ring.slots()
    }
}

/// The worker's end.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) label: Label,
    pub(super) rate: u32,
    ring: Consumer<f32>,
    shared: Arc<Shared>,
    calls: u64,
    called_at: Instant,
    lag: Lag,
}

/// Both ends for a device of `rate` and `channels`.
pub(super) fn pair(label: Label, rate: u32, channels: u16, now: Instant) -> (Inlet, Capture) {
    let (producer, consumer) = RingBuffer::new(RING_SECONDS * rate as usize);
    let shared = Arc::new(Shared::default());
    let inlet = Inlet { ring: producer, shared: shared.clone(), channels: usize::from(channels).max(1) };
    let lag = Lag::new(rate, now);
    (inlet, Capture { label, rate, ring: consumer, shared, calls: 0, called_at: now, lag })
}

impl Capture {
    /// Appends everything that has come.
    pub(super) fn drain(&mut self, samples: &mut Vec<f32>, now: Instant) {
        let Ok(chunk) = self.ring.read_chunk(self.ring.slots()) else { return };
        if !chunk.is_empty() {
            self.lag.came(chunk.len(), now);
        }
        let sane = |sample: f32| if sample.is_nan() { 0.0 } else { sample.clamp(-LOUDEST, LOUDEST) };
        samples.extend(chunk.into_iter().map(sane));
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "the recorder was kept from running too long: samples are lost");
        }
    }

    /// How long before `now` what comes next was said.
    pub(super) fn lag(&self, now: Instant) -> Duration {
        if self.label.keeps { self.lag.get(now) } else { Duration::ZERO }
    }

    /// Whether the device failed, or has not called for too long.
    pub(super) fn is_dead(&mut self, now: Instant) -> bool {
        let calls = self.shared.calls.load(Ordering::Acquire);
        if calls != self.calls {
            self.calls = calls;
            self.called_at = now;
        }
        let buffer = self.shared.largest.load(Ordering::Relaxed) as f64 / f64::from(self.rate.max(1));
        let usual = if calls == 0 || self.label.keeps { PATIENT } else { DEAD };
        let patience = usual.max(Duration::from_secs_f64(buffer * 3.0));
        self.shared.failed.load(Ordering::Relaxed) || now.saturating_duration_since(self.called_at) > patience
    }
}
