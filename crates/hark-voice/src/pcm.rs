//! Decoded sound as everything in this crate holds it.

/// Samples per second of every [`Pcm`]; what Opus decodes to.
pub const SAMPLE_RATE: u32 = 48_000;

/// Sound in memory: 48 kHz, one channel, nominally −1.0 to 1.0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pcm {
    /// The samples, 48,000 for each second.
    pub samples: Vec<f32>,
}

impl Pcm {
    /// Length in milliseconds, rounded to the nearest.
    pub fn duration_ms(&self) -> u64 {
        samples_to_ms(self.samples.len() as u64)
    }
}

/// How long `samples` samples at 48 kHz last, in milliseconds, rounded to the nearest.
pub(crate) fn samples_to_ms(samples: u64) -> u64 {
    (samples * 1000 + u64::from(SAMPLE_RATE) / 2) / u64::from(SAMPLE_RATE)
}

/// Where `ms` milliseconds are, in samples at 48 kHz.
pub(crate) fn ms_to_samples(ms: u64) -> u64 {
    ms.saturating_mul(u64::from(SAMPLE_RATE) / 1000)
}
