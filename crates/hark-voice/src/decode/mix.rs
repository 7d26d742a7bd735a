//! Where decoded sound ends up: mixed to one channel, brought to 48 kHz, and never longer than allowed.

use std::sync::Arc;
use std::time::Duration;

use super::DecodeError;
use crate::pcm::SAMPLE_RATE;
use crate::resample::Resampler;
use crate::sound::Growing;

/// Rates below are no speech, rates above no sound card; both are ways to make a small file huge.
const RATES: std::ops::RangeInclusive<u32> = 2_000..=384_000;

/// How much is let go at once: 100 ms.
const PIECE: usize = SAMPLE_RATE as usize / 10;

/// A louder sample is damage; full scale is 1.
const LOUDEST: f32 = 4.0;

/// Collects the sound of one file.
pub(super) struct Mix {
    limit: Duration,
    max_samples: usize,
    samples: Vec<f32>,
    resampler: Option<Resampler>,
    mono: Vec<f32>,
    /// Who wants to have it while it grows, and how much of it was let go.
    growing: Option<Arc<Growing>>,
    let_go: usize,
}

impl Mix {
    pub(super) fn new(limit: Duration, growing: Option<Arc<Growing>>) -> Self {
        Self {
            limit,
            max_samples: samples(limit),
            samples: Vec::new(),
            resampler: None,
            mono: Vec::new(),
            growing,
            let_go: 0,
        }
    }

    /// Takes away the last `count` samples.
    pub(super) fn drop_last(&mut self, count: usize) {
        self.samples.truncate(self.samples.len().saturating_sub(count));
    }

    /// Takes away what is before `start`, and what is more than `length` after it.
    pub(super) fn keep(&mut self, start: Duration, length: Option<Duration>) {
        self.drain_resampler();
        self.samples.drain(..samples(start).min(self.samples.len()));
        if let Some(length) = length {
            self.samples.truncate(samples(length));
        }
    }

    /// Adds `interleaved` frames of `channels` at `rate`. What the file holds may change rate in the middle.
    pub(super) fn push(
        &mut self,
        interleaved: &[f32],
        channels: usize,
        rate: u32,
    ) -> Result<(), DecodeError> {
        if channels == 0 || !RATES.contains(&rate) {
            return Err(DecodeError::NotSound);
        }
        let scale = 1.0 / channels as f32;
        self.mono.clear();
        self.mono
            .extend(interleaved.chunks_exact(channels).map(|frame| sane(frame.iter().sum::<f32>() * scale)));

        if self.resampler.as_ref().map_or(SAMPLE_RATE, Resampler::from) != rate {
            self.drain_resampler();
            self.resampler = (rate != SAMPLE_RATE).then(|| Resampler::new(rate, SAMPLE_RATE));
        }
        match &mut self.resampler {
            Some(resampler) => resampler.push(&self.mono, &mut self.samples),
            None => self.samples.extend_from_slice(&self.mono),
        }
        if let Some(growing) = &self.growing
            && self.samples.len() >= self.let_go + PIECE
        {
            growing.push(&self.samples[self.let_go..]);
            self.let_go = self.samples.len();
        }
        if self.samples.len() > self.max_samples {
            Err(DecodeError::TooLong { limit: self.limit })
        } else {
            Ok(())
        }
    }

    /// Everything, at 48 kHz.
    pub(super) fn finish(mut self) -> Result<Vec<f32>, DecodeError> {
        self.drain_resampler();
        if self.samples.len() > self.max_samples {
            return Err(DecodeError::TooLong { limit: self.limit });
        }
        Ok(self.samples)
    }

    fn drain_resampler(&mut self) {
        if let Some(mut resampler) = self.resampler.take() {
            resampler.finish(&mut self.samples);
        }
    }
}

/// How many samples last so long.
pub(super) fn samples(duration: Duration) -> usize {
    (duration.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize
}

fn sane(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-LOUDEST, LOUDEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_is_heard_and_damage_is_not() {
        let mut mix = Mix::new(Duration::from_secs(1), None);
        mix.push(&[0.5, 0.0, 0.0, 0.5, f32::NAN, 0.1, f32::INFINITY, 0.0], 2, 48_000).unwrap();
        assert_eq!(mix.finish().unwrap(), [0.25, 0.25, 0.0, LOUDEST]);
    }

    #[test]
    fn a_slow_rate_cannot_grow_past_the_limit() {
        let mut mix = Mix::new(Duration::from_secs(2), None);
        let refused = (0..100).find_map(|_| mix.push(&[0.1; 1000], 1, 2_000).err());
        assert_eq!(refused, Some(DecodeError::TooLong { limit: Duration::from_secs(2) }));
        assert_eq!(Mix::new(Duration::from_secs(2), None).push(&[0.1], 1, 1), Err(DecodeError::NotSound));
    }

    #[test]
    fn a_change_of_rate_keeps_the_length() {
        let mut mix = Mix::new(Duration::from_secs(10), None);
        mix.push(&vec![0.1; 44_100], 1, 44_100).unwrap();
        mix.push(&vec![0.1; 48_000], 1, 48_000).unwrap();
        mix.push(&vec![0.1; 16_000], 2, 8_000).unwrap();
        assert_eq!(mix.finish().unwrap().len(), 3 * 48_000);
    }
}
