//! One sound being played: where it is, and what comes next.

use std::time::Instant;

use super::output::Output;
use crate::Sound;
use crate::pcm::{SAMPLE_RATE, ms_to_samples, samples_to_ms};
use crate::resample::Resampler;
use crate::stretch::Stretch;

/// What a track is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// Sounding, or about to.
    Playing,
    /// Held by the user.
    Paused,
    /// Would be sounding, had the device not gone.
    Waiting {
        /// When it went.
        since: Instant,
    },
}

/// A sound and its head.
pub(super) struct Track {
    pub(super) id: i64,
    pub(super) state: State,
    sound: Sound,
    speed: f32,
    /// The head when the part that is in the ring began, in samples.
    from: usize,
    /// Which frame of the output is the first of that part.
    first_frame: u64,
    rate: u32,
    stretch: Stretch,
    resampler: Option<Resampler>,
    ready: Vec<f32>,
    ended: bool,
    /// The furthest position given since; what a device says of its delay trembles.
    furthest: usize,
}

impl Track {
    /// Stands at `from_ms`; nothing is written before it has an output.
    pub(super) fn new(id: i64, sound: Sound, from_ms: u64, speed: f32) -> Self {
        let from = (ms_to_samples(from_ms) as usize).min(sound.len());
        Self {
            id,
            state: State::Paused,
            sound,
            speed,
            from,
            first_frame: 0,
            rate: SAMPLE_RATE,
            stretch: Stretch::new(from, speed),
            resampler: None,
            ready: Vec::new(),
            ended: false,
            furthest: from,
        }
    }

    pub(super) fn duration_ms(&self) -> u64 {
        self.sound.duration_ms()
    }

    pub(super) fn speed(&self) -> f32 {
        self.speed
    }

    /// What is heard now; without an output, where it would go on.
    pub(super) fn position_ms(&mut self, output: Option<&Output>, now: Instant) -> u64 {
        samples_to_ms(self.position(output, now) as u64)
    }

    fn position(&mut self, output: Option<&Output>, now: Instant) -> usize {
        let frames = output.map_or(0, |output| output.heard(now).saturating_sub(self.first_frame));
        let seconds = frames as f64 / f64::from(self.rate);
        let samples = seconds * f64::from(self.speed) * f64::from(SAMPLE_RATE);
        self.furthest = self.furthest.max(self.from + samples as usize).min(self.sound.len());
        self.furthest
    }

    /// Moves the head and what follows to `position_ms`.
    pub(super) fn seek(&mut self, position_ms: u64, output: Option<&Output>) {
        self.from = (ms_to_samples(position_ms) as usize).min(self.sound.len());
        self.begin(output);
    }

    /// From the head on, at `speed`.
    pub(super) fn set_speed(&mut self, speed: f32, output: Option<&Output>, now: Instant) {
        self.from = self.position(output, now);
        self.speed = speed;
        self.begin(output);
    }

    /// From the head on, in another output or in none.
    pub(super) fn change_output(&mut self, before: Option<&Output>, after: Option<&Output>, now: Instant) {
        self.from = self.position(before, now);
        self.begin(after);
    }

    fn begin(&mut self, output: Option<&Output>) {
        if let Some(output) = output {
            output.skip();
            self.first_frame = output.written();
            self.rate = output.rate();
        } else {
            self.first_frame = 0;
        }
        self.stretch = Stretch::new(self.from, self.speed);
        self.resampler = (self.rate != SAMPLE_RATE).then(|| Resampler::new(SAMPLE_RATE, self.rate));
        self.ready.clear();
        self.ended = false;
        self.furthest = self.from;
    }

    /// Writes what `output` has room for.
    pub(super) fn feed(&mut self, output: &mut Output) {
        while output.room() > 0 {
            if self.ready.is_empty() && !self.advance() {
                return;
            }
            let written = output.write(&self.ready);
            self.ready.drain(..written);
        }
    }

    /// Whether all of it was written and heard.
    pub(super) fn is_over(&self, output: &Output, now: Instant) -> bool {
        self.ended && self.ready.is_empty() && output.heard(now) >= output.written()
    }

    /// Makes more to write; gives `false` when there is no more, or none yet.
    fn advance(&mut self) -> bool {
        let mut hop = Vec::new();
        while self.ready.is_empty() && !self.ended {
            hop.clear();
            let step = self.sound.read(|samples, is_whole| {
                let is_there = is_whole || samples.len() >= self.stretch.reach();
                is_there.then(|| self.stretch.step(samples, &mut hop))
            });
            match (step, &mut self.resampler) {
                (None, _) => return false,
                (Some(true), None) => std::mem::swap(&mut self.ready, &mut hop),
                (Some(true), Some(resampler)) => resampler.push(&hop, &mut self.ready),
                (Some(false), resampler) => {
                    if let Some(resampler) = resampler {
                        resampler.finish(&mut self.ready);
                    }
                    self.ended = true;
                }
            }
        }
        !self.ready.is_empty()
    }
}
