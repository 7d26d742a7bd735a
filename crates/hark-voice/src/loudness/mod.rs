//! Every voice message as loud as the next: −16 LUFS (EBU R 128), and never clipped.
//!
//! A sound that is there whole is measured and then raised ([`normalise`]); one that is being spoken is raised as it comes
//! (`level`). Peaks are turned down by the same `limit`.

mod level;
mod limit;

use ebur128::{EbuR128, Mode};

use crate::pcm::SAMPLE_RATE;
pub(crate) use level::Leveller;

/// What speech is brought to, in LUFS.
const TARGET: f64 = -16.0;

/// Below this, in LUFS, there is nothing anybody said.
const SILENCE: f64 = -60.0;

/// The most a sound is raised, in dB: more would raise the room with the voice.
const MOST_GAIN: f64 = 24.0;

/// Close enough to the target, in dB, and how often to try; speech takes one or two rounds.
const CLOSE: f64 = 0.2;
const ROUNDS: usize = 4;

/// Brings `samples` to −16 LUFS with peaks at most at −1 dBTP; leaves silence alone.
pub(crate) fn normalise(samples: &mut [f32]) -> Result<(), ebur128::Error> {
    // What the limiter takes away from a sound with high peaks is given back.
    let mut raised = 0.0;
    for _ in 0..ROUNDS {
        let loudness = measure(samples)?;
        let gain = (TARGET - loudness).min(MOST_GAIN - raised);
        if loudness < SILENCE || gain.abs() < CLOSE {
            break;
        }
        raised += gain;
        let factor = 10_f64.powf(gain / 20.0) as f32;
        for sample in &mut *samples {
            *sample *= factor;
        }
        limit::limit(samples)?;
    }
    Ok(())
}

/// Integrated loudness in LUFS; −∞ for silence.
pub(crate) fn measure(samples: &[f32]) -> Result<f64, ebur128::Error> {
    let mut meter = EbuR128::new(1, SAMPLE_RATE, Mode::I)?;
    meter.add_frames_f32(samples)?;
    // The measure is over blocks of 400 ms; a shorter sound is heard as often as fills two.
    let mut fed = samples.len();
    while !samples.is_empty() && fed < SAMPLE_RATE as usize * 8 / 10 {
        meter.add_frames_f32(samples)?;
        fed += samples.len();
    }
    meter.loudness_global()
}

#[cfg(test)]
mod tests {
    use ebur128::{EbuR128, Mode};

    use super::limit::CEILING;
    use super::{measure, normalise};

    fn tone(level: f32, seconds: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * 440.0 / 48_000.0;
        (0..(seconds * 48_000.0) as u32).map(|index| level * (index as f32 * step).sin()).collect()
    }

    fn true_peak(samples: &[f32]) -> f64 {
        let mut meter = EbuR128::new(1, 48_000, Mode::TRUE_PEAK).unwrap();
        meter.add_frames_f32(samples).unwrap();
        meter.true_peak(0).unwrap()
    }

    #[test]
    fn quiet_loud_and_short_sounds_become_equally_loud() {
        for (level, seconds) in [(0.02, 3.0), (0.9, 3.0), (0.3, 0.2)] {
            let mut sound = tone(level, seconds);
            normalise(&mut sound).unwrap();
            let loudness = measure(&sound).unwrap();
            assert!((loudness + 16.0).abs() < 0.3, "{level} for {seconds} s: {loudness} LUFS");
        }
    }

    #[test]
    fn silence_stays_silence() {
        for level in [0.0, 0.0005] {
            let mut sound = tone(level, 1.0);
            normalise(&mut sound).unwrap();
            assert_eq!(sound, tone(level, 1.0));
        }
        normalise(&mut []).unwrap();
    }

    #[test]
    fn claps_in_quiet_speech_are_held_below_the_ceiling() {
        let mut sound = tone(0.08, 4.0);
        for clap in (10_000..sound.len()).step_by(30_000) {
            for (index, sample) in sound[clap..clap + 200].iter_mut().enumerate() {
                *sample = if index % 2 == 0 { 0.7 } else { -0.7 };
            }
        }
        normalise(&mut sound).unwrap();
        assert!(true_peak(&sound) <= f64::from(CEILING) * 1.02, "{}", true_peak(&sound));
        assert!(measure(&sound).unwrap() > -17.0, "{}", measure(&sound).unwrap());
    }
}
