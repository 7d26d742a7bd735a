//! The loudspeaker, opened.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, Device, ErrorKind, FromSample, SampleFormat, SizedSample, Stream, StreamConfig};
use rtrb::{Producer, RingBuffer};

use super::tap::{Shared, Tap};
use crate::devices::Direction;
use crate::platform;

/// The device is asked to call this often a second: every 40 ms.
///
/// Sound systems keep two such pieces, and their defaults are up to two seconds. At 20 ms a machine whose processors are
/// all busy drops out ten times in two seconds, at 40 ms not once; finished messages can wait the difference.
const CALLS_PER_SECOND: u32 = 25;

/// The ring holds a quarter of a second: as long as the audio thread may be kept from running.
const RINGS_PER_SECOND: u32 = 4;

/// How long opening may take before a sound server counts as hung.
const OPENING: Duration = Duration::from_secs(2);

/// A device that does not ask for so long is dead.
const DEAD: Duration = Duration::from_millis(500);

/// A running stream to a device, and the ring that feeds it.
pub(super) struct Output {
    stream: Option<Stream>,
    name: String,
    ring: Producer<f32>,
    shared: Arc<Shared>,
    rate: u32,
    written: u64,
    asked: u64,
    asked_at: Instant,
}

impl Output {
    /// Opens the chosen device, or else the default one; it is silent until [`start`](Self::start), so that the ring can be
    /// filled before the first sound is asked for.
    pub(super) fn open(chosen: Option<&str>, now: Instant) -> Result<Self, cpal::Error> {
        platform::quiet();
        Direction::Output.first_that_works(chosen, |found| {
            let mut output = Self::on(&found.device, now)?;
            output.name = found.name();
            Ok(output)
        })
    }

    fn on(device: &Device, now: Instant) -> Result<Self, cpal::Error> {
        let supported = device.default_output_config()?;
        let rate = supported.sample_rate();
        let fixed = BufferSize::Fixed((rate / CALLS_PER_SECOND).max(1));
        let config = StreamConfig { channels: supported.channels(), sample_rate: rate, buffer_size: fixed };
        Self::with(device, config, supported.sample_format(), now).or_else(|error| {
            let config = StreamConfig { buffer_size: BufferSize::Default, ..config };
            match error.kind() {
                ErrorKind::UnsupportedConfig => Self::with(device, config, supported.sample_format(), now),
                _ => Err(error),
            }
        })
    }

    fn with(
        device: &Device,
        config: StreamConfig,
        format: SampleFormat,
        now: Instant,
    ) -> Result<Self, cpal::Error> {
        let rate = config.sample_rate;
        let (ring, consumer) = RingBuffer::new((rate / RINGS_PER_SECOND).max(1) as usize);
        let shared = Arc::new(Shared::default());
        let tap = Tap::new(consumer, shared.clone(), rate);
        let stream = match format {
            SampleFormat::F32 => build::<f32>(device, config, tap, shared.clone()),
            SampleFormat::F64 => build::<f64>(device, config, tap, shared.clone()),
            SampleFormat::I16 => build::<i16>(device, config, tap, shared.clone()),
            SampleFormat::U16 => build::<u16>(device, config, tap, shared.clone()),
            SampleFormat::I24 => build::<cpal::I24>(device, config, tap, shared.clone()),
            SampleFormat::I32 => build::<i32>(device, config, tap, shared.clone()),
            SampleFormat::U8 => build::<u8>(device, config, tap, shared.clone()),
            _ => Err(ErrorKind::UnsupportedConfig.into()),
        }?;
        Ok(Self {
            stream: Some(stream),
            name: String::new(),
            ring,
            shared,
            rate,
            written: 0,
            asked: 0,
            asked_at: now,
        })
    }

    /// Lets the device ask for sound.
    pub(super) fn start(&self) -> Result<(), cpal::Error> {
        self.stream.as_ref().map_or(Ok(()), Stream::play)
    }

    /// As a person knows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sets the loudness, 0 to 1.
    pub(super) fn set_volume(&self, volume: f32) {
        self.shared.set_volume(volume);
    }

    /// Frames per second.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// How many frames can be written now.
    pub(super) fn room(&self) -> usize {
        self.ring.slots()
    }

    /// Writes as much as there is room for and gives how much that was.
    pub(super) fn write(&mut self, samples: &[f32]) -> usize {
        let (taken, _) = self.ring.push_partial_slice(samples);
        self.written += taken.len() as u64;
        taken.len()
    }

    /// Frames written since it was opened.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Of these, how many have been heard by `now`.
    pub(super) fn heard(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.asked_at).min(DEAD);
        self.shared.heard((passed.as_secs_f64() * f64::from(self.rate)) as u64)
    }

    /// What was written and is not heard yet will not be.
    pub(super) fn skip(&self) {
        self.shared.skip_to.store(self.written, Ordering::Release);
    }

    /// Gives silence and keeps what was written, or goes on.
    pub(super) fn hold(&self, hold: bool) {
        self.shared.hold.store(hold, Ordering::Relaxed);
    }

    /// Whether the device failed, or has not asked for half a second.
    pub(super) fn is_dead(&mut self, now: Instant) -> bool {
        let asked = self.shared.asked();
        if asked != self.asked {
            self.asked = asked;
            self.asked_at = now;
        }
        self.shared.failed.load(Ordering::Relaxed) || now.saturating_duration_since(self.asked_at) > DEAD
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            platform::discard(stream);
        }
    }
}

fn build<T: SizedSample + FromSample<f32> + Send + 'static>(
    device: &Device,
    config: StreamConfig,
    mut tap: Tap,
    shared: Arc<Shared>,
) -> Result<Stream, cpal::Error> {
    let channels = usize::from(config.channels).max(1);
    let fill = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
        let time = info.timestamp();
        let latency = time.playback.saturating_duration_since(time.callback);
        let frames = data.len() / channels;
        let mut outlets = data.chunks_exact_mut(channels);
        tap.give(frames, latency, |sample| {
            if let Some(outlet) = outlets.next() {
                outlet.fill(T::from_sample(sample));
            }
        });
    };
    let fail = move |error: cpal::Error| {
        if is_fatal(error.kind()) {
            shared.failed.store(true, Ordering::Relaxed);
        }
    };
    device.build_output_stream(config, fill, fail, Some(OPENING))
}

fn is_fatal(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied | ErrorKind::DeviceBusy
    )
}

/// What is wrong with playing sound, as a sentence with a remedy; `None` where a device can be opened.
pub(super) fn problem() -> Option<String> {
    platform::quiet();
    // Only asking for its configuration tells a device from the promise of one.
    Direction::Output
        .first_that_works(None, |found| found.device.default_output_config())
        .err()
        .map(|error| sentence(&error))
}

/// For a person: what is wrong, and what helps.
pub(super) fn sentence(error: &cpal::Error) -> String {
    match error.kind() {
        ErrorKind::DeviceBusy => "Another program holds the loudspeaker. Close it and try again.",
        ErrorKind::PermissionDenied => "Hark may not use the loudspeaker. Allow it in the settings of this computer.",
        _ => {
            "There is no loudspeaker or headphone to play to. Connect one, or choose one in the sound settings of this \
             computer."
        }
    }
    .to_owned()
}
