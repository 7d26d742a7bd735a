//! One sample rate to another, in pieces of any size, without moving or stretching the sound.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

/// About how many samples one step takes in.
const CHUNK: usize = 1024;

/// Turns mono sound of one rate into another; the output is exactly as long as the input and starts with it.
pub(crate) struct Resampler {
    from: u32,
    to: u32,
    fft: Fft<f32>,
    waiting: Vec<f32>,
    chunk: Vec<f32>,
    taken: u64,
    given: u64,
    delay: usize,
}

impl Resampler {
    /// `from` and `to` in samples per second, both above 0.
    pub(crate) fn new(from: u32, to: u32) -> Self {
        let fft = Fft::new(from as usize, to as usize, CHUNK, 1, FixedSync::Both)
            .expect("rates and chunk size are not 0");
        let chunk = vec![0.0; fft.output_frames_max()];
        let delay = fft.output_delay();
        Self { from, to, fft, waiting: Vec::new(), chunk, taken: 0, given: 0, delay }
    }

    /// The rate it takes.
    pub(crate) fn from(&self) -> u32 {
        self.from
    }

    /// Takes `samples` and appends what is ready.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        self.waiting.extend_from_slice(samples);
        let mut used = 0;
        while self.waiting.len() - used >= self.fft.input_frames_next() {
            used += self.step(used, None, out);
        }
        self.waiting.drain(..used);
    }

    /// Appends the rest, and is as new.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        let expected = (self.taken * u64::from(self.to) + u64::from(self.from) / 2) / u64::from(self.from);
        while self.given < expected {
            let rest = self.waiting.len();
            self.waiting.resize(self.fft.input_frames_next(), 0.0);
            self.step(0, Some(rest), out);
            self.waiting.clear();
        }
        out.truncate(out.len() - (self.given - expected) as usize);
        *self = Self::new(self.from, self.to);
    }

    fn step(&mut self, at: usize, partial: Option<usize>, out: &mut Vec<f32>) -> usize {
        let input = &self.waiting[at..];
        let frames = self.chunk.len();
        let from = SequentialSlice::new(input, 1, input.len()).expect("one channel as long as itself");
        let mut to =
            SequentialSlice::new_mut(&mut self.chunk, 1, frames).expect("one channel as long as itself");
        let indexing = partial.map(|frames| Indexing::new().partial_len(frames));
        let (used, made) = self
            .fft
            .process_into_buffer(&from, &mut to, indexing.as_ref())
            .expect("both buffers hold what the resampler asks for");
        let skipped = made.min(self.delay);
        self.delay -= skipped;
        out.extend_from_slice(&self.chunk[skipped..made]);
        self.given += (made - skipped) as u64;
        used
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Resampler;

    #[test]
    fn a_click_stays_where_it_was() {
        for rate in [8_000, 11_025, 16_000, 44_100, 47_999, 96_000] {
            let mut sound = vec![0.0; rate as usize];
            sound[rate as usize / 2] = 1.0;
            let mut out = Vec::new();
            let mut resampler = Resampler::new(rate, 48_000);
            resampler.push(&sound, &mut out);
            resampler.finish(&mut out);
            let peak = (0..out.len()).max_by(|&a, &b| out[a].abs().total_cmp(&out[b].abs())).unwrap();
            assert!(peak.abs_diff(24_000) <= 6, "{rate}: {peak}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_length_is_exact_however_the_pieces_fall(
            rate in prop::sample::select(vec![8_000_u32, 22_050, 44_100, 48_000, 96_000]),
            pieces in prop::collection::vec(0_usize..5_000, 0..8),
        ) {
            let mut resampler = Resampler::new(rate, 48_000);
            let mut out = Vec::new();
            for piece in &pieces {
                resampler.push(&vec![0.25; *piece], &mut out);
            }
            resampler.finish(&mut out);
            let total: usize = pieces.iter().sum();
            prop_assert_eq!(out.len() as u64, (total as u64 * 48_000 + u64::from(rate) / 2) / u64::from(rate));
        }
    }
}
