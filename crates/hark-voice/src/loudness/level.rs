//! Brings speech to −16 LUFS while it is spoken.
//!
//! The first second is held back: what is no longer than that is measured whole. From it on a slow gain follows the
//! loudness of everything said so far, in the measure's own gates, so that pauses do not raise the room. What is then
//! missing to −16 LUFS goes into the gain that every Opus player adds (RFC 7845, section 5.1), so that nothing is encoded
//! twice and a long message is ready as soon as a short one.

use ebur128::{EbuR128, Mode};

use super::limit::Limiter;
use super::{MOST_GAIN, SILENCE, TARGET, normalise};
use crate::pcm::SAMPLE_RATE;

/// How much is held back. Levelling and encoding it at the end has to fit into a few milliseconds.
const HELD: usize = SAMPLE_RATE as usize;

/// Between two looks at the loudness.
const STEP: usize = SAMPLE_RATE as usize / 10;

/// How fast the gain may rise and fall, in dB a step: what is too loud hurts, what is too quiet is only quiet.
const RISE: f64 = 0.3;
const FALL: f64 = 2.0;

/// Below this, in LUFS, nobody has spoken yet, and what is heard is the room.
const ROOM: f64 = -50.0;

/// The most that is given back for what the limiter takes away, in dB.
const MOST_LOSS: f64 = 6.0;

/// The highest true peak with the player's gain: half a decibel above full scale, which nobody hears.
const HIGHEST: f32 = 1.06;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Levelled {
    /// What the player has to raise the sound by, in dB.
    pub(crate) player_gain: f64,
    /// What it was raised by at the end; a good start for the next on the same microphone.
    pub(crate) gain: Option<f64>,
}

/// Levels sound that comes in pieces of any size.
pub(crate) struct Leveller {
    start: Option<f64>,
    held: Vec<f32>,
    running: Option<Running>,
}

impl Leveller {
    /// `start` is the gain to begin with, in dB, where the first second is silent.
    pub(crate) fn new(start: Option<f64>) -> Self {
        Self { start, held: Vec::new(), running: None }
    }

    /// Takes `samples` and appends what is ready.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ebur128::Error> {
        self.held.extend_from_slice(samples);
        if self.running.is_none() && self.held.len() >= HELD {
            self.running = Some(Running::new(&self.held, self.start)?);
        }
        let Some(running) = &mut self.running else { return Ok(()) };
        let whole = self.held.len() / STEP * STEP;
        for step in self.held[..whole].chunks_exact(STEP) {
            running.step(step, out)?;
        }
        self.held.drain(..whole);
        Ok(())
    }

    /// Appends the rest.
    pub(crate) fn finish(mut self, out: &mut Vec<f32>) -> Result<Levelled, ebur128::Error> {
        if let Some(running) = &mut self.running {
            running.step(&self.held, out)?;
            return running.finish(out);
        }
        normalise(&mut self.held)?;
        out.append(&mut self.held);
        Ok(Levelled { player_gain: 0.0, gain: None })
    }
}

/// After the first second.
struct Running {
    gain: f64,
    limiter: Limiter,
    /// As it came, as it was raised, and as it left.
    came: EbuR128,
    raised: EbuR128,
    left: EbuR128,
    scaled: Vec<f32>,
}

impl Running {
    fn new(held: &[f32], start: Option<f64>) -> Result<Self, ebur128::Error> {
        let meter = || EbuR128::new(1, SAMPLE_RATE, Mode::I | Mode::HISTOGRAM);
        let heard = super::measure(held)?;
        let gain = if heard > ROOM { TARGET - heard } else { start.unwrap_or(0.0) };
        Ok(Self {
            gain: gain.min(MOST_GAIN),
            limiter: Limiter::new()?,
            came: meter()?,
            raised: meter()?,
            left: meter()?,
            scaled: Vec::with_capacity(STEP),
        })
    }

    fn step(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ebur128::Error> {
        self.came.add_frames_f32(samples)?;
        let before = factor(self.gain);
        self.gain += (self.wanted()? - self.gain).clamp(-FALL, RISE);
        let slope = (factor(self.gain) - before) / samples.len().max(1) as f32;
        self.scaled.clear();
        self.scaled.extend(samples.iter().enumerate().map(|(index, s)| s * (before + slope * index as f32)));
        self.raised.add_frames_f32(&self.scaled)?;
        let done = out.len();
        self.limiter.push(&self.scaled, out)?;
        self.left.add_frames_f32(&out[done..])
    }

    fn wanted(&self) -> Result<f64, ebur128::Error> {
        let heard = self.came.loudness_global()?;
        if heard < ROOM {
            return Ok(self.gain);
        }
        let loss = self.raised.loudness_global()? - self.left.loudness_global()?;
        let loss = if loss.is_finite() { loss.clamp(0.0, MOST_LOSS) } else { 0.0 };
        Ok((TARGET - heard + loss).min(MOST_GAIN))
    }

    fn finish(&mut self, out: &mut Vec<f32>) -> Result<Levelled, ebur128::Error> {
        let done = out.len();
        self.limiter.finish(out)?;
        self.left.add_frames_f32(&out[done..])?;
        let (came, left) = (self.came.loudness_global()?, self.left.loudness_global()?);
        if came < SILENCE || !left.is_finite() {
            return Ok(Levelled { player_gain: -self.gain.max(0.0), gain: None });
        }
        let headroom = 20.0 * f64::from(HIGHEST / self.limiter.highest().max(f32::MIN_POSITIVE)).log10();
        let missing = (TARGET - left).min(headroom).min((MOST_GAIN - self.gain).max(0.0));
        Ok(Levelled { player_gain: missing, gain: (came > ROOM).then_some(self.gain) })
    }
}

fn factor(gain: f64) -> f32 {
    10_f64.powf(gain / 20.0) as f32
}

#[cfg(test)]
mod tests {
    use super::super::measure;
    use super::{Levelled, Leveller, factor};

    /// Speech-like: bursts of a buzzing voice with pauses, at a level that changes.
    fn speech(seconds: usize, level: impl Fn(f32) -> f32) -> Vec<f32> {
        let voice = |index: usize| {
            let at = index as f32 / 48_000.0;
            let syllable = (at * 4.0 * std::f32::consts::PI).sin().max(0.0);
            let pause = if at % 3.0 > 2.3 { 0.0 } else { 1.0 };
            let buzz: f32 =
                (1..12).map(|n| (at * 130.0 * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum();
            level(at) * syllable * pause * buzz
        };
        (0..seconds * 48_000).map(voice).collect()
    }

    fn levelled(sound: &[f32], start: Option<f64>) -> (Vec<f32>, Levelled) {
        let mut leveller = Leveller::new(start);
        let mut out = Vec::new();
        for piece in sound.chunks(977) {
            leveller.push(piece, &mut out).unwrap();
        }
        let result = leveller.finish(&mut out).unwrap();
        assert_eq!(out.len(), sound.len());
        let gain = factor(result.player_gain);
        (out.iter().map(|sample| sample * gain).collect(), result)
    }

    #[test]
    fn speech_of_any_length_and_strength_ends_at_the_target() {
        for seconds in [1, 2, 3, 5, 20, 90] {
            for level in [0.04, 0.1, 0.4] {
                let (heard, result) = levelled(&speech(seconds, |_| level), None);
                let loudness = measure(&heard).unwrap();
                assert!((loudness + 16.0).abs() < 0.5, "{seconds} s at {level}: {loudness} LUFS, {result:?}");
                let peak = heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                assert!(peak < 1.08, "{seconds} s at {level}: {peak}");
            }
        }
    }

    #[test]
    fn a_voice_that_turns_away_or_comes_near_still_ends_within_one_loudness_unit() {
        let away = |at: f32| if at < 5.0 { 0.3 } else { 0.12 };
        let near = |at: f32| if at < 5.0 { 0.04 } else { 0.4 };
        let late = |at: f32| if at < 4.0 { 0.0001 } else { 0.1 };
        for (name, sound) in
            [("away", speech(20, away)), ("near", speech(20, near)), ("late", speech(9, late))]
        {
            let (heard, result) = levelled(&sound, None);
            let loudness = measure(&heard).unwrap();
            assert!((loudness + 16.0).abs() < 1.0, "{name}: {loudness} LUFS, {result:?}");
        }
    }

    #[test]
    fn silence_and_the_room_are_not_raised() {
        for level in [0.0, 0.0001] {
            for seconds in [1, 4] {
                let sound = speech(seconds, |_| level);
                for start in [None, Some(12.0)] {
                    let (heard, _) = levelled(&sound, start);
                    let loudest = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
                    assert!(loudest(&heard) <= loudest(&sound) * 1.01, "{level} for {seconds} s");
                }
            }
        }
    }
}
