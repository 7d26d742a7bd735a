//! Opus packets → sound, for every container they come in (RFC 6716, RFC 7845 section 5.1).

use super::DecodeError;
use super::mix::Mix;
use crate::pcm::SAMPLE_RATE;

/// Samples of the longest Opus packet, 120 ms.
const LONGEST_PACKET: usize = 5_760;

/// More channels than any voice message or film has.
const MAX_CHANNELS: u8 = 8;

/// The identification header of an Opus stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpusHead {
    channels: u8,
    pre_skip: u16,
    gain: i16,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl OpusHead {
    /// Reads `OpusHead…`; `None` where it is not one, or not one a decoder can follow.
    pub(super) fn parse(packet: &[u8]) -> Option<Self> {
        let fields = packet.strip_prefix(b"OpusHead")?;
        let &[
            version,
            channels,
            skip_low,
            skip_high,
            _,
            _,
            _,
            _,
            gain_low,
            gain_high,
            family,
            ref table @ ..,
        ] = fields
        else {
            return None;
        };
        if version & 0xF0 != 0 || !(1..=MAX_CHANNELS).contains(&channels) {
            return None;
        }
        let (streams, coupled, mapping) = match (family, table) {
            (0, _) if channels <= 2 => (1, channels - 1, (0..channels).collect()),
            (1.., &[streams, coupled, ref mapping @ ..]) => {
                (streams, coupled, mapping.get(..usize::from(channels))?.to_vec())
            }
            _ => return None,
        };
        Some(Self {
            channels,
            pre_skip: u16::from_le_bytes([skip_low, skip_high]),
            gain: i16::from_le_bytes([gain_low, gain_high]),
            streams,
            coupled,
            mapping,
        })
    }

    /// Samples at 48 kHz that come before the sound.
    pub(super) fn pre_skip(&self) -> u16 {
        self.pre_skip
    }
}

/// Decodes one stream of packets.
pub(super) struct OpusTrack {
    decoder: opus::MSDecoder,
    channels: usize,
    gain: f32,
    to_skip: usize,
    interleaved: Vec<f32>,
}

impl OpusTrack {
    /// `None` where the header's table makes no sense to the decoder.
    pub(super) fn new(head: &OpusHead) -> Option<Self> {
        let decoder = opus::MSDecoder::new(SAMPLE_RATE, head.streams, head.coupled, &head.mapping).ok()?;
        let channels = usize::from(head.channels);
        Some(Self {
            decoder,
            channels,
            gain: 10_f32.powf(f32::from(head.gain) / (20.0 * 256.0)),
            to_skip: usize::from(head.pre_skip),
            interleaved: vec![0.0; LONGEST_PACKET * channels],
        })
    }

    /// Decodes `packet` into `mix` and gives its length in samples, pre-skip included; `None` where it is damaged.
    pub(super) fn packet(&mut self, packet: &[u8], mix: &mut Mix) -> Result<Option<usize>, DecodeError> {
        // To libopus an empty packet is a lost one, which it would fill in.
        if packet.is_empty() {
            return Ok(None);
        }
        let Ok(frames) = self.decoder.decode_float(packet, &mut self.interleaved, false) else {
            return Ok(None);
        };
        let skipped = frames.min(self.to_skip);
        self.to_skip -= skipped;
        let sound = &mut self.interleaved[skipped * self.channels..frames * self.channels];
        for sample in &mut *sound {
            *sample *= self.gain;
        }
        mix.push(sound, self.channels, SAMPLE_RATE)?;
        Ok(Some(frames))
    }
}

#[cfg(test)]
mod tests {
    use super::OpusHead;

    #[test]
    fn a_header_is_read_and_a_damaged_one_refused() {
        let stereo = b"OpusHead\x01\x02\x00\x0F\x80\xBB\0\0\0\0\0";
        let head = OpusHead::parse(stereo).unwrap();
        assert_eq!((head.channels, head.pre_skip(), head.coupled, head.mapping), (2, 3840, 1, vec![0, 1]));
        for cut in 0..stereo.len() {
            assert_eq!(OpusHead::parse(&stereo[..cut]), None);
        }
        assert_eq!(OpusHead::parse(b"OpusHead\x01\x06\x00\x0F\x80\xBB\0\0\0\0\x01\x04\x02\x00\x04"), None);
    }
}
