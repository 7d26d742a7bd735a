//! A voice message out of any sound.

use crate::ogg::OggOpus;
use crate::{DecodeError, Limits, decode, loudness, waveform};

/// A voice message ready to be sent (MSC3245, MSC3246).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Ogg Opus, 48 kHz mono, about 24 kbit/s; `audio/ogg`.
    pub ogg: Vec<u8>,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// 100 values of 0–1024, evenly spaced.
    pub waveform: Vec<u16>,
}

/// Why no voice message could be made; each is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The encoder or the loudness meter failed, which no file should bring about.
    #[error("Hark could not turn this sound into a voice message ({0}). Try again, or choose another file.")]
    Encode(String),
}

impl From<opus::Error> for PrepareError {
    fn from(error: opus::Error) -> Self {
        Self::Encode(error.to_string())
    }
}

impl From<ebur128::Error> for PrepareError {
    fn from(error: ebur128::Error) -> Self {
        Self::Encode(error.to_string())
    }
}

/// Reads `bytes` as sound, brings it to the loudness of speech and encodes it.
///
/// Takes about a sixtieth of the sound's length: call it where blocking is allowed.
pub fn prepare(bytes: &[u8]) -> Result<Clip, PrepareError> {
    let mut pcm = decode(bytes, &Limits::default())?;
    loudness::normalise(&mut pcm.samples)?;
    let mut ogg = OggOpus::new()?;
    ogg.push(&pcm.samples)?;
    Ok(Clip {
        ogg: ogg.finish(0)?,
        duration_ms: pcm.duration_ms(),
        waveform: waveform::draw(&pcm.samples, waveform::SENT),
    })
}
