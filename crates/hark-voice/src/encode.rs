//! Samples → Opus packets, as voice messages are sent: 24 kbit/s, 20 ms.

use crate::pcm::SAMPLE_RATE;

/// Samples in a packet: 20 ms.
pub(crate) const FRAME: usize = 960;

/// Bits per second, on average.
const BITRATE: i32 = 24_000;

/// The largest packet Opus knows.
const MAX_PACKET: usize = 1_275;

/// A stream of packets, and how to cut the sound out of it again.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// Each holds [`FRAME`] samples.
    pub(crate) packets: Vec<Vec<u8>>,
    /// Samples that decode before the sound begins.
    pub(crate) pre_skip: u16,
    /// Samples of the sound; what follows is padding.
    pub(crate) samples: u64,
}

/// Encodes `samples` at 48 kHz.
pub(crate) fn encode(samples: &[f32]) -> Result<Encoded, opus::Error> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip)?;
    encoder.set_bitrate(opus::Bitrate::Bits(BITRATE))?;
    encoder.set_vbr(true)?;
    encoder.set_vbr_constraint(false)?;
    encoder.set_complexity(10)?;
    encoder.set_inband_fec(false)?;
    let pre_skip = u16::try_from(encoder.get_lookahead()?).unwrap_or(0);

    // The encoder is late by its lookahead: that much more has to go in for the end to come out.
    let total = samples.len() + usize::from(pre_skip);
    let mut packets = Vec::with_capacity(total.div_ceil(FRAME));
    let mut frame = [0.0; FRAME];
    for at in (0..total).step_by(FRAME) {
        let rest = samples.get(at..).unwrap_or_default();
        let filled = rest.len().min(FRAME);
        frame[..filled].copy_from_slice(&rest[..filled]);
        frame[filled..].fill(0.0);
        packets.push(encoder.encode_vec_float(&frame, MAX_PACKET)?);
    }
    Ok(Encoded { packets, pre_skip, samples: samples.len() as u64 })
}
