//! Recordings on disk: WAV, 48 kHz mono 16-bit, readable at any moment of their making (VO2).

use std::io;
use std::path::Path;

use crate::{DecodeError, Limits, Pcm, decode};

/// A recording that was cut off, made whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// 100 bars of 0–1024.
    pub waveform: Vec<u16>,
}

/// Brings the header of a recording in line with what the file really holds, and says what that is.
pub fn recover(wav: &Path) -> io::Result<Recovered> {
    let pcm = read(wav).map_err(io::Error::other)?;
    Ok(Recovered {
        duration_ms: pcm.duration_ms(),
        waveform: crate::waveform::draw(&pcm.samples, crate::waveform::SENT),
    })
}

/// A recording's samples.
pub fn read(wav: &Path) -> Result<Pcm, DecodeError> {
    let bytes = std::fs::read(wav).map_err(|_| DecodeError::NotSound)?;
    decode(&bytes, &Limits::default())
}
