//! Samples → Opus packets, as voice messages are sent: 24 kbit/s, 20 ms.

use crate::pcm::SAMPLE_RATE;

/// Samples in a packet: 20 ms.
pub(crate) const FRAME: usize = 960;

/// Bits per second, on average.
const BITRATE: i32 = 24_000;

/// The largest packet Opus knows.
const MAX_PACKET: usize = 1_275;

/// Encodes sound that comes in pieces of any size.
pub(crate) struct Encoder {
    opus: opus::Encoder,
    pre_skip: u16,
    waiting: Vec<f32>,
    taken: u64,
}

impl Encoder {
    pub(crate) fn new() -> Result<Self, opus::Error> {
        let mut opus = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip)?;
        opus.set_bitrate(opus::Bitrate::Bits(BITRATE))?;
        opus.set_vbr(true)?;
        opus.set_vbr_constraint(false)?;
        opus.set_complexity(10)?;
        opus.set_inband_fec(false)?;
        let pre_skip = u16::try_from(opus.get_lookahead()?).unwrap_or(0);
        Ok(Self { opus, pre_skip, waiting: Vec::with_capacity(2 * FRAME), taken: 0 })
    }

    /// Samples that decode before the sound begins.
    pub(crate) fn pre_skip(&self) -> u16 {
        self.pre_skip
    }

    /// Takes `samples` at 48 kHz and gives each packet of [`FRAME`] samples that is full to `put`.
    pub(crate) fn push(&mut self, samples: &[f32], mut put: impl FnMut(Vec<u8>)) -> Result<(), opus::Error> {
        self.taken += samples.len() as u64;
        self.waiting.extend_from_slice(samples);
        let whole = self.waiting.len() / FRAME * FRAME;
        for frame in self.waiting[..whole].chunks_exact(FRAME) {
            put(self.opus.encode_vec_float(frame, MAX_PACKET)?);
        }
        self.waiting.drain(..whole);
        Ok(())
    }

    /// Gives the rest, at least one packet, to `put`; answers with how many samples there were, without the padding.
    pub(crate) fn finish(mut self, put: impl FnMut(Vec<u8>)) -> Result<u64, opus::Error> {
        let taken = self.taken;
        // The encoder is late by its lookahead: that much more has to go in for the end to come out.
        let rest = (self.waiting.len() + usize::from(self.pre_skip)).next_multiple_of(FRAME);
        self.push(&vec![0.0; rest - self.waiting.len()], put)?;
        Ok(taken)
    }
}
