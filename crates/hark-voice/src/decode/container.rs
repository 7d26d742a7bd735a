//! Everything but Ogg Opus, through symphonia.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::mix::Mix;
use super::opus::{OpusHead, OpusTrack};
use super::{DecodeError, edits};

/// Packets in a row without one sample: more is no file, but a way to keep us busy.
const SILENT_PACKETS: u32 = 4_096;

/// Decodes the first sound track of `bytes`.
pub(super) fn read(bytes: &[u8], mix: &mut Mix) -> Result<(), DecodeError> {
    let mut result = read_guarded(Box::new(Cursor::new(bytes)), mix);
    if matches!(result, Err(DecodeError::NotSound | DecodeError::Empty)) {
        // A file that broke off may point behind its end; read from front to back it is still good.
        result = read_guarded(Box::new(ReadOnlySource::new(bytes)), mix).or(result);
    }
    if let Some(edit) = edits::of_mp4(bytes) {
        mix.keep(edit.start, edit.length);
    }
    result
}

/// Symphonia panics on some damaged headers (WAV with a length that overflows, for one).
fn read_guarded<'a>(source: Box<dyn MediaSource + 'a>, mix: &mut Mix) -> Result<(), DecodeError> {
    // What it has poured into the mix before is whole samples, whenever it ends.
    catch_unwind(AssertUnwindSafe(|| read_track(source, mix))).unwrap_or(Err(DecodeError::NotSound))
}

fn read_track<'a>(source: Box<dyn MediaSource + 'a>, mix: &mut Mix) -> Result<(), DecodeError> {
    let mut format = probe(source).map_err(|_| DecodeError::NotSound)?;
    let (track, mut decoder) = open_track(format.as_ref())?;
    let mut heard = false;
    let mut fruitless = 0;
    while fruitless < SILENT_PACKETS {
        let Ok(Some(packet)) = format.next_packet() else { break };
        let frames = if packet.track_id == track { decoder.decode(&packet, mix)? } else { 0 };
        heard |= frames > 0;
        fruitless = if frames > 0 { 0 } else { fruitless + 1 };
    }
    if heard { Ok(()) } else { Err(DecodeError::Empty) }
}

fn probe<'a>(source: Box<dyn MediaSource + 'a>) -> Result<Box<dyn FormatReader + 'a>, Error> {
    let source = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    symphonia::default::get_probe().probe(
        &Hint::new(),
        source,
        FormatOptions::default(),
        MetadataOptions::default(),
    )
}

fn open_track(format: &dyn FormatReader) -> Result<(u32, Decoder), DecodeError> {
    let track = format.default_track(TrackType::Audio).ok_or(DecodeError::NotSound)?;
    let parameters =
        track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or(DecodeError::NotSound)?;
    Ok((track.id, Decoder::new(parameters)?))
}

enum Decoder {
    Opus(OpusTrack),
    Other { decoder: Box<dyn AudioDecoder>, interleaved: Vec<f32> },
}

impl Decoder {
    fn new(parameters: &AudioCodecParameters) -> Result<Self, DecodeError> {
        if parameters.codec == CODEC_ID_OPUS {
            let head =
                parameters.extra_data.as_deref().and_then(OpusHead::parse).ok_or(DecodeError::NotSound)?;
            return OpusTrack::new(&head).map(Self::Opus).ok_or(DecodeError::NotSound);
        }
        symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map(|decoder| Self::Other { decoder, interleaved: Vec::new() })
            .map_err(|_| DecodeError::NotSound)
    }

    /// How many samples at the track's rate the packet gave. A damaged one is skipped, as every player does.
    fn decode(&mut self, packet: &Packet, mix: &mut Mix) -> Result<usize, DecodeError> {
        match self {
            Self::Opus(track) => {
                let frames = track.packet(&packet.data, mix)?.unwrap_or(0);
                mix.drop_last(packet.trim_end.get() as usize);
                Ok(frames)
            }
            Self::Other { decoder, interleaved } => match decoder.decode(packet) {
                Ok(buffer) => {
                    buffer.copy_to_vec_interleaved(interleaved);
                    mix.push(interleaved, buffer.num_planes(), buffer.spec().rate())?;
                    Ok(buffer.frames())
                }
                Err(Error::ResetRequired) => {
                    decoder.reset();
                    Ok(0)
                }
                Err(_) => Ok(0),
            },
        }
    }
}
