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
    let levels: Vec<f32> = (0..count).map(|index| level(stretch(samples, index, count))).collect();
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
    let mut lanes = [0_f32; 8];
    let chunks = samples.chunks_exact(8);
    let rest: f32 = chunks.remainder().iter().map(|sample| sample * sample).sum();
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            *lane += sample * sample;
        }
    }
    let mean = (lanes.iter().sum::<f32>() + rest) / samples.len().max(1) as f32;
    if mean.is_finite() { mean.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX, draw, fit};

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
