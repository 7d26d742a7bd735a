//! Turns down the milliseconds around each peak above −1 dBTP, looking a few milliseconds ahead.
//!
//! Sound is cut into blocks of 1 ms. Each edge between two has a gain, and within a block the gain runs straight from edge
//! to edge, so a block is turned down enough when both of its edges are.

use std::collections::VecDeque;

use ebur128::{EbuR128, Mode};

use crate::pcm::SAMPLE_RATE;

/// The highest true peak, −1 dBTP: a lossy codec adds a little.
pub(crate) const CEILING: f32 = 0.89;

/// The limiter's step: 1 ms.
const BLOCK: usize = SAMPLE_RATE as usize / 1000;

/// How much the limiter's gain may fall and rise in a block, of 1: full in 5 ms and in 100 ms.
const ATTACK: f32 = 0.2;
const RELEASE: f32 = 0.01;

/// A block is let go when so many are there: the gain can fall from 1 to 0 in the edges behind it, and the last of these
/// is known once the block after it was looked at.
const AHEAD: usize = 7;

/// The edges a fall from 1 to 0 takes.
const FALL: usize = 5;

/// Limits sound that comes in pieces of any size; late by [`AHEAD`] blocks.
pub(crate) struct Limiter {
    meter: EbuR128,
    partial: Vec<f32>,
    waiting: VecDeque<f32>,
    /// One more than there are waiting blocks; the first is settled once a block was let go.
    edges: VecDeque<f32>,
    begun: bool,
    highest: f32,
}

impl Limiter {
    pub(crate) fn new() -> Result<Self, ebur128::Error> {
        Ok(Self {
            meter: EbuR128::new(1, SAMPLE_RATE, Mode::TRUE_PEAK)?,
            partial: Vec::with_capacity(BLOCK),
            waiting: VecDeque::new(),
            edges: VecDeque::from([1.0]),
            begun: false,
            highest: 0.0,
        })
    }

    /// The highest true peak of what came out.
    pub(crate) fn highest(&self) -> f32 {
        self.highest
    }

    /// Takes `samples` and appends what is ready.
    pub(crate) fn push(&mut self, mut samples: &[f32], out: &mut Vec<f32>) -> Result<(), ebur128::Error> {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(BLOCK - self.partial.len()));
            self.partial.extend_from_slice(now);
            samples = later;
            if self.partial.len() == BLOCK {
                self.look()?;
                if self.edges.len() > AHEAD {
                    self.let_go(out);
                }
            }
        }
        Ok(())
    }

    /// Appends the rest.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), ebur128::Error> {
        let missing = (BLOCK - self.partial.len()) % BLOCK;
        if missing > 0 {
            self.partial.resize(BLOCK, 0.0);
            self.look()?;
        }
        while self.edges.len() > 1 {
            self.let_go(out);
        }
        out.truncate(out.len() - missing);
        Ok(())
    }

    fn look(&mut self) -> Result<(), ebur128::Error> {
        self.meter.add_frames_f32(&self.partial)?;
        let peak = self.meter.prev_true_peak(0)? as f32;
        self.highest = self.highest.max(peak.min(CEILING));
        let gain = CEILING / peak.max(CEILING);
        self.waiting.extend(self.partial.drain(..));
        self.edges.push_back(1.0);
        // The meter looks at a peak a few samples late: it may belong to the block before.
        let settled = usize::from(self.begun);
        let first = self.edges.len().saturating_sub(3).max(settled);
        self.edges.range_mut(first..).for_each(|edge| *edge = edge.min(gain));
        Ok(())
    }

    fn let_go(&mut self, out: &mut Vec<f32>) {
        if !self.begun {
            self.begun = true;
            self.edges[0] = self.fall_to(0, 1.0);
        }
        let from = self.edges.pop_front().unwrap_or(1.0);
        let to = self.fall_to(0, from + RELEASE);
        self.edges[0] = to;
        let step = (to - from) / BLOCK as f32;
        let block = self.waiting.drain(..BLOCK).enumerate();
        out.extend(block.map(|(index, sample)| sample * (from + step * index as f32)));
    }

    /// The gain at an edge, at most `most`, from which it can still fall to what the edges behind it want.
    fn fall_to(&self, edge: usize, most: f32) -> f32 {
        let behind = self.edges.iter().skip(edge).take(FALL).enumerate();
        behind.fold(most, |gain, (distance, wanted)| gain.min(wanted + ATTACK * distance as f32))
    }
}

/// Limits a sound that is there whole.
pub(crate) fn limit(samples: &mut [f32]) -> Result<(), ebur128::Error> {
    let mut limited = Vec::with_capacity(samples.len() + BLOCK);
    let mut limiter = Limiter::new()?;
    limiter.push(samples, &mut limited)?;
    limiter.finish(&mut limited)?;
    samples.copy_from_slice(&limited);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CEILING, Limiter};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn however_the_pieces_fall_every_sample_comes_out_once_and_none_above_the_ceiling(
            pieces in prop::collection::vec((0_usize..700, 0.0_f32..3.0), 0..12),
        ) {
            let sound: Vec<f32> = pieces
                .iter()
                .flat_map(|&(length, level)| (0..length).map(move |index| level * (index as f32 * 0.3).sin()))
                .collect();
            let mut out = Vec::new();
            let mut limiter = Limiter::new().unwrap();
            let mut rest = &sound[..];
            for &(length, _) in pieces.iter().rev() {
                let (now, later) = rest.split_at(length.min(rest.len()));
                limiter.push(now, &mut out).unwrap();
                rest = later;
            }
            limiter.finish(&mut out).unwrap();
            prop_assert_eq!(out.len(), sound.len());
            let peak = out.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            prop_assert!(peak <= CEILING * 1.01, "{}", peak);
            if sound.iter().all(|sample| sample.abs() < 0.5) {
                prop_assert_eq!(out, sound);
            }
        }
    }
}
