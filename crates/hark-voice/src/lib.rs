//! Sound for Hark: reads any voice message, makes ours, and plays them.
//!
//! Two halves that only share [`Pcm`], 48 kHz mono samples:
//!
//! - The pure half turns bytes into other bytes and touches no device. [`decode`] reads what other people send,
//!   [`prepare`] makes a voice message out of any sound: it is brought to −16 LUFS, drawn as a
//!   [`waveform`] and written as Ogg Opus.
//! - The other owns the devices: [`player`] the loudspeaker, [`recorder`] the microphone. Each has a thread that holds the
//!   stream, because streams may not move between threads everywhere and opening or dropping one may block; the rest of
//!   the program talks to it by channels and never waits for it.
//!
//! Whatever comes from outside is hostile: [`Limits`] bound time and memory, and nothing here panics on a file.

#![forbid(unsafe_code)]

mod clock;
pub mod decode;
pub mod devices;
mod encode;
mod listeners;
mod loudness;
mod ogg;
pub mod pcm;
mod platform;
pub mod player;
pub mod prepare;
pub mod recorder;
mod resample;
pub mod sound;
mod stretch;
pub mod wav;
pub mod waveform;

pub use decode::{DecodeError, Limits, decode};
pub use devices::DeviceInfo;
pub use pcm::{Pcm, SAMPLE_RATE};
pub use player::{Player, PlayerEvent, sound_problem};
pub use prepare::{Clip, PrepareError, prepare};
pub use recorder::{Recorder, RecorderEvent};
pub use sound::Sound;
