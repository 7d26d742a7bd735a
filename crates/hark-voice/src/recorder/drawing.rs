//! What a recording looks like while it grows: the whole of it, and its newest bars.

use super::meter::Meter;
use crate::pcm::SAMPLE_RATE;
use crate::waveform::{self, Sketch};

/// How many bars are told at once.
const NEWEST: usize = 128;

/// Bars are drawn against the loudest of them, or against this: a quiet beginning must not look loud.
const LOUD: f32 = 0.02;

/// A drawing.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) sketch: Sketch,
    meter: Meter,
    strengths: Vec<f32>,
    /// The highest of the strengths.
    top: f32,
    /// How many of the strengths are told.
    told: usize,
}

impl Drawing {
    pub(super) fn new() -> Self {
        let meter = Meter::new(SAMPLE_RATE);
        Self { sketch: Sketch::new(), meter, strengths: Vec::new(), top: LOUD, told: 0 }
    }

    pub(super) fn push(&mut self, samples: &[f32]) {
        self.sketch.push(samples);
        self.meter.push(samples, |strength| {
            self.top = self.top.max(strength);
            self.strengths.push(strength);
        });
    }

    /// The newest bars, told before or not.
    pub(super) fn newest_bars(&mut self) -> Vec<u16> {
        self.told = self.strengths.len();
        self.bars(self.strengths.len().saturating_sub(NEWEST))
    }

    /// The bars that were not told yet.
    pub(super) fn new_bars(&mut self) -> Vec<u16> {
        let from = std::mem::replace(&mut self.told, self.strengths.len());
        self.bars(from)
    }

    fn bars(&self, from: usize) -> Vec<u16> {
        let bar = |strength: &f32| (strength / self.top * f32::from(waveform::MAX)).round() as u16;
        self.strengths[from..].iter().map(bar).collect()
    }
}
