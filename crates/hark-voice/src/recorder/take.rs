//! One recording: where its samples go.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::Command;
use super::drawing::Drawing;
use super::message::{Beginning, Message};
use crate::Limits;
use crate::pcm::{SAMPLE_RATE, ms_to_samples, samples_to_ms};
use crate::resample::Resampler;
use crate::wav::{self, WavFile};
use crate::waveform::SENT;

/// Below this (−70 dBFS) a microphone gives nothing.
const NOTHING: f32 = 0.0003;

/// For so long there may be nothing.
const SILENCE: Duration = Duration::from_secs(2);

/// Receivers refuse what is longer; what is on its way at the end may be two seconds.
const ROOM_FOR_TAIL: Duration = Duration::from_secs(3);

/// Why a recording cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    Disk(io::Error),
    Long,
}

impl Stop {
    /// For a person.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Disk(error) if is_full(error) => {
                "The disk is full. What you said so far is kept. Make room, then go on.".to_owned()
            }
            Self::Disk(error) => {
                format!(
                    "Hark cannot write the recording ({error}). What you said so far is kept. Send it, or go on."
                )
            }
            Self::Long => {
                let minutes = Limits::default().max_duration.as_secs() / 60;
                format!(
                    "A voice message is at most {minutes} minutes long. Send this one and record another."
                )
            }
        }
    }
}

impl Stop {
    /// For the log, where the recording ends anyway: only the disk costs something.
    pub(super) fn log_at_the_end(&self) {
        if let Self::Disk(error) = self {
            tracing::warn!(%error, "the end of a recording is not on disk");
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// A recording in the making.
pub(super) struct Take {
    pub(super) id: String,
    path: PathBuf,
    /// Whether the file was made for it.
    is_new: bool,
    /// None after an error.
    wav: Option<WavFile>,
    message: Message,
    resampler: Option<Resampler>,
    samples: u64,
    pub(super) drawing: Drawing,
    /// Samples since the last sound.
    silence: u64,
}

impl Take {
    /// Opens or makes the file.
    pub(super) fn begin(
        id: String,
        path: PathBuf,
        even: bool,
        gain: Option<f64>,
        made: Sender<Command>,
    ) -> io::Result<Self> {
        let holds_something = path.metadata().is_ok_and(|file| file.len() > 0);
        let mut drawing = Drawing::new();
        let (wav, samples) = if holds_something {
            let samples = wav::repair(&path, |piece| drawing.push(piece))?;
            (WavFile::go_on(&path)?, samples)
        } else {
            (WavFile::create(&path)?, 0)
        };
        let before = (samples > 0).then(|| (path.clone(), samples));
        let message = Message::begin(Beginning { id: id.clone(), before, even, gain }, made)?;
        Ok(Self {
            id,
            path,
            is_new: !holds_something,
            wav: Some(wav),
            message,
            resampler: None,
            samples,
            drawing,
            silence: 0,
        })
    }

    pub(super) fn duration_ms(&self) -> u64 {
        samples_to_ms(self.samples)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The whole of it.
    pub(super) fn waveform(&self) -> Vec<u16> {
        self.drawing.sketch.draw(SENT)
    }

    /// Whether the microphone gave nothing for two seconds.
    pub(super) fn is_silent(&self) -> bool {
        self.silence >= ms_to_samples(SILENCE.as_millis() as u64)
    }

    /// Adds mono samples of any rate. After an error the message still has them.
    pub(super) fn push(&mut self, samples: &[f32], rate: u32) -> Result<(), Stop> {
        if self.resampler.as_ref().map_or(SAMPLE_RATE, Resampler::from) != rate {
            self.drain_resampler()?;
            self.resampler = (rate != SAMPLE_RATE).then(|| Resampler::new(rate, SAMPLE_RATE));
        }
        let mut ready = Vec::new();
        match &mut self.resampler {
            Some(resampler) => resampler.push(samples, &mut ready),
            None => ready.extend_from_slice(samples),
        }
        self.keep(ready)
    }

    fn drain_resampler(&mut self) -> Result<(), Stop> {
        let Some(mut resampler) = self.resampler.take() else { return Ok(()) };
        let mut rest = Vec::new();
        resampler.finish(&mut rest);
        self.keep(rest)
    }

    fn keep(&mut self, samples: Vec<f32>) -> Result<(), Stop> {
        if samples.is_empty() {
            return Ok(());
        }
        self.samples += samples.len() as u64;
        self.drawing.push(&samples);
        match samples.iter().rposition(|sample| sample.abs() > NOTHING) {
            Some(last) => self.silence = (samples.len() - 1 - last) as u64,
            None => self.silence += samples.len() as u64,
        }
        let written = self.wav.as_mut().map_or(Ok(()), |wav| wav.push(&samples));
        self.message.push(samples);
        if let Err(error) = written {
            self.wav = None;
            return Err(error.into());
        }
        self.length()
    }

    /// Whether there is room for more.
    fn length(&self) -> Result<(), Stop> {
        let longest = Limits::default().max_duration.saturating_sub(ROOM_FOR_TAIL).as_millis() as u64;
        if self.duration_ms() >= longest { Err(Stop::Long) } else { Ok(()) }
    }

    /// Brings everything to the file.
    pub(super) fn hold(&mut self) -> Result<(), Stop> {
        let drained = self.drain_resampler();
        if let Some(wav) = &mut self.wav
            && let Err(error) = wav.flush()
        {
            self.wav = None;
            return Err(error.into());
        }
        drained
    }

    /// Makes ready to go on after a pause or an error.
    pub(super) fn go_on(&mut self) -> Result<(), Stop> {
        self.silence = 0;
        if self.wav.is_none() {
            wav::repair(&self.path, |_| {})?;
            self.wav = Some(WavFile::go_on(&self.path)?);
        }
        self.length()
    }

    /// Ends it and has the message made; the message has everything even where the disk does not.
    pub(super) fn finish(mut self) {
        if let Err(stop) = self.hold() {
            stop.log_at_the_end();
        }
        let (duration_ms, waveform) = (self.duration_ms(), self.waveform());
        self.message.end(duration_ms, waveform);
    }

    /// Ends it and leaves the file.
    pub(super) fn abandon(mut self) {
        if let Err(stop) = self.hold() {
            stop.log_at_the_end();
        }
    }

    /// Takes away a file that never held anything.
    pub(super) fn undo(self) {
        if self.is_new && self.is_empty() {
            drop(self.wav);
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::debug!(%error, "an empty recording stays");
            }
        }
    }
}
