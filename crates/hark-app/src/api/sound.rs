//! Sound devices, as the window sees them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What there is, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Devices {
    /// Microphones, the system's default first.
    pub inputs: Vec<SoundDevice>,
    /// Loudspeakers and headphones, the system's default first.
    pub outputs: Vec<SoundDevice>,
    /// Set where nothing can be recorded, as a sentence with a remedy.
    pub microphone_problem: Option<String>,
    /// Set where nothing can be played, as a sentence with a remedy.
    pub sound_problem: Option<String>,
}

/// A microphone or loudspeaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SoundDevice {
    /// Stays the same when it is unplugged and plugged in again.
    pub id: String,
    /// As a person knows it.
    pub name: String,
    /// Whether the system uses it where none is chosen.
    pub default: bool,
    /// Records what this computer plays; never used unless it was chosen.
    pub monitor: bool,
}

/// The microphone test of the settings. Its level is told by [`Event::Level`](super::Event::Level).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "test", rename_all = "snake_case")]
pub enum MicrophoneTest {
    /// The microphone is closed.
    Off,
    /// It is open; nothing is kept.
    Listening {
        /// Name of the microphone.
        device: String,
    },
    /// Five seconds are being recorded.
    Recording {
        /// So far.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// They can be heard.
    Recorded {
        /// 100 bars of 0–1024.
        waveform: Vec<u16>,
        /// Length.
        #[ts(type = "number")]
        duration_ms: u64,
        /// Where the head is while they are heard.
        #[ts(type = "number | null")]
        position_ms: Option<u64>,
    },
    /// It does not work.
    Failed {
        /// One plain sentence with a remedy.
        reason: String,
    },
}
