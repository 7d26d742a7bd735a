//! A short sound of our own, to try a loudspeaker with: two soft notes, a fourth apart, the second while the first fades.

use std::f32::consts::TAU;

use hark_voice::{Pcm, SAMPLE_RATE};

/// Pitch in hertz and beginning in seconds of each note.
const NOTES: [(f32, f32); 2] = [(587.33, 0.0), (783.99, 0.14)];

/// Length of the whole, in seconds.
const LENGTH: f32 = 0.8;

/// How loud a note is at its loudest; both together stay below 1.
const LEVEL: f32 = 0.22;

/// The sound.
pub(super) fn chime() -> Pcm {
    let rate = SAMPLE_RATE as f32;
    let samples = (0..(LENGTH * rate) as u32).map(|index| {
        let at = index as f32 / rate;
        NOTES.iter().map(|&(hertz, begins)| note(hertz, at - begins)).sum::<f32>() * fade_out(at)
    });
    Pcm { samples: samples.collect() }
}

/// A struck tone and a little of its octave, `at` seconds after it was struck.
fn note(hertz: f32, at: f32) -> f32 {
    if at < 0.0 {
        return 0.0;
    }
    let struck = (at / 0.008).min(1.0) * (-at * 7.0).exp();
    let tone = (TAU * hertz * at).sin() + 0.25 * (TAU * 2.0 * hertz * at).sin() * (-at * 9.0).exp();
    LEVEL * struck * tone
}

/// The last of it goes to nothing, so that the end does not click.
fn fade_out(at: f32) -> f32 {
    ((LENGTH - at) / 0.05).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short_and_neither_clips_nor_clicks() {
        let Pcm { samples } = chime();
        assert_eq!(samples.len(), (LENGTH * SAMPLE_RATE as f32) as usize);
        assert!(samples.iter().all(|sample| sample.abs() < 0.7));
        assert!(samples.iter().any(|sample| sample.abs() > 0.1));
        let largest_step = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(largest_step < 0.06, "{largest_step}");
        assert!(samples[0].abs() < 0.001 && samples[samples.len() - 1].abs() < 0.001);
    }
}
