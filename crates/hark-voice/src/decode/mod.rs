//! Any sound file people send each other → 48 kHz mono samples.
//!
//! What the file is, is decided by its content alone. Ogg Opus, the format of voice messages, is read here
//! (`ogg_opus`): other readers drop at most one packet of pre-skip, while some clients write 80 ms of it. Everything
//! else goes through symphonia (`container`), whose Opus packets are decoded by the same `opus`. Both pour into a
//! `Mix`, which keeps the limits.
//!
//! Files are hostile: sizes are checked before the first allocation that depends on them, the sound's length while it
//! grows, and a file that yields no sound for long is given up.

mod container;
mod edits;
mod mix;
mod ogg_opus;
mod opus;
mod sniff;

use std::sync::Arc;
use std::time::Duration;

use crate::Pcm;
use crate::sound::Growing;
use mix::Mix;
use sniff::Format;

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
        Self { max_duration: Duration::from_mins(30), max_bytes: 256 << 20 }
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
    #[error("This sound is longer than {}. Choose a shorter one.", spoken(*limit))]
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

fn spoken(limit: Duration) -> String {
    match limit.as_secs() {
        seconds if seconds >= 120 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

/// Reads a sound file, whatever its name says, and gives its samples. A file that breaks off gives what is there.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Pcm, DecodeError> {
    decode_into(bytes, limits, None)
}

/// Whether what is decoded of a file first is certain to stay.
pub(crate) fn can_grow(bytes: &[u8]) -> bool {
    sniff::format(bytes) == Some(Format::OggOpus)
}

/// What an Ogg Opus file promises to hold, in samples, and never more than allowed.
pub(crate) fn expected_samples(bytes: &[u8], limits: &Limits) -> usize {
    (ogg_opus::expected_samples(bytes) as usize).min(mix::samples(limits.max_duration))
}

/// As [`decode`]; also lets `growing` have what can be played already.
pub(crate) fn decode_into(
    bytes: &[u8],
    limits: &Limits,
    growing: Option<Arc<Growing>>,
) -> Result<Pcm, DecodeError> {
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooLarge { limit: limits.max_bytes });
    }
    let mut mix = Mix::new(limits.max_duration, growing);
    match sniff::format(bytes) {
        Some(Format::OggOpus) => ogg_opus::read(bytes, &mut mix)?,
        Some(Format::Container) => container::read(bytes, &mut mix)?,
        None => return Err(DecodeError::NotSound),
    }
    let samples = mix.finish()?;
    if samples.is_empty() { Err(DecodeError::Empty) } else { Ok(Pcm { samples }) }
}
