//! The thread that makes the voice message while it is spoken.
//!
//! One for each recording: it takes the sound as it comes, levels and encodes it, and soon after the last piece the file
//! is whole. A recording that goes on is read from disk first, while what is said meanwhile waits in the channel.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::Command;
use crate::ogg::OggOpus;
use crate::{Clip, PrepareError, loudness, wav};

enum Piece {
    Sound(Vec<f32>),
    End { duration_ms: u64, waveform: Vec<u16> },
}

/// What the message begins with.
pub(super) struct Beginning {
    pub(super) id: String,
    /// A recording that goes on: its file and how many samples of it count.
    pub(super) before: Option<(PathBuf, u64)>,
    pub(super) even: bool,
    /// The gain that fitted the microphone last, in dB.
    pub(super) gain: Option<f64>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) clip: Result<Clip, PrepareError>,
    /// The gain that fitted the microphone, in dB.
    pub(super) gain: Option<f64>,
}

/// A message in the making; dropping it unmakes it.
#[derive(Debug)]
pub(super) struct Message {
    pieces: Sender<Piece>,
}

impl Message {
    /// Starts the thread; what is made is told to `made`.
    pub(super) fn begin(beginning: Beginning, made: Sender<Command>) -> std::io::Result<Self> {
        let (pieces, received) = channel();
        std::thread::Builder::new()
            .name("hark-voice-message".into())
            .spawn(move || make(beginning, &received, &made))?;
        Ok(Self { pieces })
    }

    pub(super) fn push(&self, samples: Vec<f32>) {
        // The thread ends early only with an error, which it tells.
        drop(self.pieces.send(Piece::Sound(samples)));
    }

    pub(super) fn end(self, duration_ms: u64, waveform: Vec<u16>) {
        drop(self.pieces.send(Piece::End { duration_ms, waveform }));
    }
}

fn make(beginning: Beginning, pieces: &Receiver<Piece>, made: &Sender<Command>) {
    let id = beginning.id.clone();
    let (clip, gain) = match write(beginning, pieces) {
        Ok(None) => return,
        Ok(Some((clip, gain))) => (Ok(clip), gain),
        Err(error) => (Err(error), None),
    };
    drop(made.send(Command::Made(Made { id, clip, gain })));
}

/// `None` where it was unmade.
fn write(
    beginning: Beginning,
    pieces: &Receiver<Piece>,
) -> Result<Option<(Clip, Option<f64>)>, PrepareError> {
    let mut writer = Writer {
        ogg: OggOpus::new()?,
        leveller: beginning.even.then(|| loudness::Leveller::new(beginning.gain)),
        ready: Vec::new(),
    };
    if let Some((file, samples)) = beginning.before {
        writer.read(&file, samples)?;
    }
    for piece in pieces {
        match piece {
            Piece::Sound(samples) => writer.push(&samples)?,
            Piece::End { duration_ms, waveform } => {
                let (ogg, gain) = writer.finish()?;
                return Ok(Some((Clip { ogg, duration_ms, waveform }, gain)));
            }
        }
    }
    Ok(None)
}

struct Writer {
    ogg: OggOpus,
    leveller: Option<loudness::Leveller>,
    ready: Vec<f32>,
}

impl Writer {
    fn read(&mut self, file: &std::path::Path, samples: u64) -> Result<(), PrepareError> {
        let unreadable = |error: std::io::Error| PrepareError::Encode(error.to_string());
        let mut reader = wav::Reader::open(file).map_err(unreadable)?;
        let mut left = samples as usize;
        let mut piece = Vec::new();
        while left > 0 && reader.next(&mut piece).map_err(unreadable)? {
            // What is said now is already behind it.
            piece.truncate(left);
            left -= piece.len();
            self.push(&piece)?;
            piece.clear();
        }
        Ok(())
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), PrepareError> {
        let Some(leveller) = &mut self.leveller else { return Ok(self.ogg.push(samples)?) };
        self.ready.clear();
        leveller.push(samples, &mut self.ready)?;
        Ok(self.ogg.push(&self.ready)?)
    }

    fn finish(mut self) -> Result<(Vec<u8>, Option<f64>), PrepareError> {
        let Some(leveller) = self.leveller else { return Ok((self.ogg.finish(0)?, None)) };
        self.ready.clear();
        let levelled = leveller.finish(&mut self.ready)?;
        self.ogg.push(&self.ready)?;
        let player_gain = (levelled.player_gain * 256.0).round() as i16;
        Ok((self.ogg.finish(player_gain)?, levelled.gain))
    }
}
