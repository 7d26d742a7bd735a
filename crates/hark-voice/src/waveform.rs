//! The drawing of a voice message: how loud it is, evenly spaced (MSC3246).

/// The largest value of a waveform.
pub const MAX: u16 = 1024;

/// How many values a voice message is sent with.
pub const SENT: usize = 100;

/// Below this (−50 dBFS) the loudest part is noise: it is drawn against this, so that silence looks silent.
const QUIETEST_TOP: f32 = 0.003;

/// Draws `samples` as `count` values of 0–[`MAX`], the loudest part as [`MAX`].
///
/// A value is the root mean square of its stretch of sound, which is closer to what is heard than its peak.
pub fn draw(samples: &[f32], count: usize) -> Vec<u16> {
    against_loudest(&(0..count).map(|index| level(stretch(samples, index, count))).collect::<Vec<_>>())
}

fn against_loudest(levels: &[f32]) -> Vec<u16> {
    let top = levels.iter().copied().fold(QUIETEST_TOP, f32::max);
    levels.iter().map(|level| (level / top * f32::from(MAX)).round() as u16).collect()
}

/// Brings a waveform somebody sent, of any length and with any values, to `count` values of 0–[`MAX`]; an empty one
/// becomes flat.
pub fn fit(values: &[u16], count: usize) -> Vec<u16> {
    let loudest = |index| stretch(values, index, count).iter().copied().max().unwrap_or(0).min(MAX);
    (0..count).map(loudest).collect()
}

/// The `index`th of `count` equal stretches; where there are fewer values than stretches, neighbours share one.
fn stretch<T>(values: &[T], index: usize, count: usize) -> &[T] {
    let from = index * values.len() / count;
    let to = ((index + 1) * values.len() / count).max(from + 1).min(values.len());
    &values[from..to]
}

/// Summed in eight lanes, which the compiler does side by side.
fn level(samples: &[f32]) -> f32 {
    let mean = energy(samples) / samples.len().max(1) as f32;
    if mean.is_finite() { mean.sqrt() } else { 0.0 }
}

fn energy(samples: &[f32]) -> f32 {
    let mut lanes = [0_f32; 8];
    let chunks = samples.chunks_exact(8);
    let rest: f32 = chunks.remainder().iter().map(|sample| sample * sample).sum();
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            *lane += sample * sample;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// The drawing of a sound that is still growing, at the cost of a few thousand numbers however long it gets.
#[derive(Debug)]
pub(crate) struct Sketch {
    /// The energy of each block of `per` samples.
    blocks: Vec<f32>,
    per: usize,
    /// The energy of a block that is not full, and its samples.
    newest: (f32, usize),
}

/// A block at first: 1 ms.
const FIRST_BLOCK: usize = 48;

/// So many blocks become half as many, each twice as long.
const MOST_BLOCKS: usize = 4_096;

impl Sketch {
    pub(crate) fn new() -> Self {
        Self { blocks: Vec::new(), per: FIRST_BLOCK, newest: (0.0, 0) }
    }

    pub(crate) fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.per - self.newest.1));
            self.newest.0 += energy(now);
            self.newest.1 += now.len();
            samples = later;
            if self.newest.1 == self.per {
                self.blocks.push(self.newest.0);
                self.newest = (0.0, 0);
            }
            if self.blocks.len() == MOST_BLOCKS {
                self.blocks = self.blocks.chunks(2).map(|pair| pair.iter().sum()).collect();
                self.per *= 2;
            }
        }
    }

    /// As [`draw`] would draw all of it.
    pub(crate) fn draw(&self, count: usize) -> Vec<u16> {
        let (energy, samples) = self.newest;
        let last = (samples > 0).then(|| energy * self.per as f32 / samples as f32);
        let blocks: Vec<f32> = self.blocks.iter().copied().chain(last).collect();
        let level = |index| {
            let blocks = stretch(&blocks, index, count);
            let mean = blocks.iter().sum::<f32>() / (blocks.len().max(1) * self.per) as f32;
            if mean.is_finite() { mean.sqrt() } else { 0.0 }
        };
        against_loudest(&(0..count).map(level).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX, Sketch, draw, fit};

    #[test]
    fn the_loudest_part_is_full_and_half_as_loud_is_half() {
        let sound: Vec<f32> = [0.1, 0.2, 0.4, 0.0].iter().flat_map(|&level| vec![level; 12_000]).collect();
        assert_eq!(draw(&sound, 4), [256, 512, 1024, 0]);
    }

    #[test]
    fn silence_and_faint_noise_look_silent() {
        assert_eq!(draw(&[0.0; 2_000], 100), [0; 100]);
        assert!(draw(&[0.0003; 2_000], 100).iter().all(|&value| value < 110));
    }

    #[test]
    fn a_strange_waveform_of_another_client_is_tamed() {
        assert_eq!(fit(&[], 3), [0; 3]);
        assert_eq!(fit(&[u16::MAX], 3), [MAX; 3]);
        assert_eq!(fit(&[1, 9, 3, 4], 2), [9, 4]);
        assert_eq!(fit(&[5, 7], 4), [5, 5, 7, 7]);
    }

    #[test]
    fn a_sketch_that_grew_is_the_drawing_of_the_whole() {
        for length in [0_usize, 1, 47, 4_801, 500_000, 3_000_000] {
            let loud = |index: usize| 0.05 + 0.9 * (index * 7 / length.max(1)) as f32 / 7.0;
            let sound: Vec<f32> = (0..length).map(|index| loud(index) * (index as f32 * 0.1).sin()).collect();
            let mut sketch = Sketch::new();
            sound.chunks(977).for_each(|piece| sketch.push(piece));
            let exact = draw(&sound, 100);
            let near = sketch.draw(100);
            let off = exact.iter().zip(&near).filter(|(exact, near)| exact.abs_diff(**near) > 40).count();
            // Where the loudness changes within a value, the value's exact bounds matter; below 5 ms there are no blocks.
            assert!(off <= 7 || length == 47, "{length}: {off} differ\n{exact:?}\n{near:?}");
        }
    }

    proptest! {
        #[test]
        fn any_samples_give_the_asked_count_in_range(
            samples in prop::collection::vec(prop::num::f32::ANY, 0..500),
            count in 0_usize..200,
        ) {
            let values = draw(&samples, count);
            prop_assert_eq!(values.len(), count);
            prop_assert!(values.iter().all(|&value| value <= MAX));
        }
    }
}
