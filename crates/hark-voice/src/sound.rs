//! Sound to be played, whole or still being decoded.
//!
//! A voice message plays as soon as its first moments are decoded: five minutes take a third of a second, which would be
//! heard as a delay. Only Ogg Opus, the format of voice messages, is read so; other files may say at their end that their
//! beginning does not count.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::decode::{self, DecodeError, Limits};
use crate::pcm::{Pcm, SAMPLE_RATE, samples_to_ms};

/// So much is decoded before it may play: enough to fill the loudspeaker's ring.
const READY: usize = SAMPLE_RATE as usize / 2;

/// Sound to be played; clones share it.
#[derive(Clone, Debug)]
pub struct Sound(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Whole(Arc<Pcm>),
    Growing(Arc<Growing>),
}

impl From<Arc<Pcm>> for Sound {
    fn from(pcm: Arc<Pcm>) -> Self {
        Self(Kind::Whole(pcm))
    }
}

impl Sound {
    /// Decodes a file as [`decode`](crate::decode()) does, but answers as soon as its beginning can be played; what then
    /// turns out to be damaged ends early.
    ///
    /// Takes a few milliseconds for a voice message: call it where blocking is allowed.
    pub fn decode(bytes: Vec<u8>, limits: Limits) -> Result<Self, DecodeError> {
        if !decode::can_grow(&bytes) {
            return decode::decode(&bytes, &limits).map(|pcm| Arc::new(pcm).into());
        }
        let growing = Arc::new(Growing::new(decode::expected_samples(&bytes, &limits)));
        let filled = growing.clone();
        let thread = std::thread::Builder::new().name("hark-decode".into()).spawn(move || {
            let decoded = decode::decode_into(&bytes, &limits, Some(filled.clone()));
            filled.end(decoded.map(|pcm| pcm.samples));
        });
        if thread.is_err() {
            return Err(DecodeError::NotSound);
        }
        growing.wait_for(READY)?;
        Ok(Self(Kind::Growing(growing)))
    }

    /// Length in milliseconds; while it is decoded, what the file promises.
    pub fn duration_ms(&self) -> u64 {
        samples_to_ms(self.len() as u64)
    }

    /// Length in samples; while it is decoded, what the file promises.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Kind::Whole(pcm) => pcm.samples.len(),
            Kind::Growing(growing) => {
                let state = growing.lock();
                if state.is_whole { state.samples.len() } else { state.samples.len().max(growing.expected) }
            }
        }
    }

    /// Reads what is there; the second argument of `read` is whether that is all.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&[f32], bool) -> T) -> T {
        match &self.0 {
            Kind::Whole(pcm) => read(&pcm.samples, true),
            Kind::Growing(growing) => {
                let state = growing.lock();
                read(&state.samples, state.is_whole)
            }
        }
    }
}

/// Samples that grow while they are decoded.
#[derive(Debug)]
pub(crate) struct Growing {
    expected: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    samples: Vec<f32>,
    is_whole: bool,
    error: Option<DecodeError>,
}

impl Growing {
    fn new(expected: usize) -> Self {
        let state = State { samples: Vec::with_capacity(expected), ..State::default() };
        Self { expected, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was decoded and is certain to stay.
    pub(crate) fn push(&self, samples: &[f32]) {
        self.lock().samples.extend_from_slice(samples);
        self.changed.notify_all();
    }

    fn end(&self, decoded: Result<Vec<f32>, DecodeError>) {
        let mut state = self.lock();
        state.is_whole = true;
        match decoded {
            Ok(samples) => state.samples = samples,
            Err(error) => state.error = Some(error),
        }
        self.changed.notify_all();
    }

    fn wait_for(&self, samples: usize) -> Result<(), DecodeError> {
        let waits = |state: &mut State| !state.is_whole && state.samples.len() < samples;
        let state = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        match &state.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
