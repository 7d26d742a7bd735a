//! Recording, as the window sees it.

use hark_client::model::ConversationId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the microphone is doing. Sent whole at each change; between two, [`Event::Level`](super::Event::Level) tells how
/// it grows. There is one recording at a time, and it belongs to the app: what the window shows changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "recorder", rename_all = "snake_case")]
pub enum RecorderState {
    /// Nothing is recorded.
    Idle,
    /// The microphone is being opened.
    Starting {
        /// For whom.
        conversation: ConversationId,
    },
    /// Every word is kept.
    Recording {
        /// Which.
        id: String,
        /// For whom.
        conversation: ConversationId,
        /// Length at the time of this state.
        #[ts(type = "number")]
        duration_ms: u64,
        /// Name of the microphone.
        device: String,
        /// The newest bars, 0–1024, 25 a second, the last one newest; at most 128.
        waveform: Vec<u16>,
        /// Nothing but silence for two seconds: probably the wrong microphone.
        silent: bool,
    },
    /// Held: by the person, or because the microphone is gone. It can be heard, sent, recorded on, or cancelled.
    Paused {
        /// Which.
        id: String,
        /// For whom.
        conversation: ConversationId,
        /// Length.
        #[ts(type = "number")]
        duration_ms: u64,
        /// The whole of it, 100 bars of 0–1024.
        waveform: Vec<u16>,
        /// Set where it was not the person who stopped it: one plain sentence with a remedy.
        problem: Option<String>,
    },
}

/// A recording that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeptRecording {
    /// What commands name it by.
    pub id: String,
    /// For whom.
    pub conversation: ConversationId,
    /// Length.
    #[ts(type = "number")]
    pub duration_ms: u64,
    /// 100 bars of 0–1024.
    pub waveform: Vec<u16>,
    /// When it was begun.
    #[ts(type = "number")]
    pub started_at: u64,
    /// When the last of it was written.
    #[ts(type = "number")]
    pub ended_at: u64,
    /// Why it is kept.
    pub why: KeptBecause,
}

/// Why a recording waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeptBecause {
    /// Hark or the computer stopped in the middle of it (VO2).
    CutOff,
    /// The person put it aside.
    Draft,
}

/// Names a recording.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct InRecording {
    /// Which.
    pub id: String,
}

/// Hear a recording.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ReviewFrom {
    /// Which.
    pub id: String,
    /// From here; where it was held, if absent.
    #[ts(type = "number | null")]
    pub from_ms: Option<u64>,
}

/// A recording being heard before it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "review", rename_all = "snake_case")]
pub enum ReviewState {
    /// None.
    Idle,
    /// It sounds. The window moves the head by itself between two of these.
    Playing {
        /// Which recording.
        id: String,
        /// Where the head is.
        #[ts(type = "number")]
        position_ms: u64,
        /// Length.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// It is held.
    Paused {
        /// Which recording.
        id: String,
        /// Where the head is.
        #[ts(type = "number")]
        position_ms: u64,
        /// Length.
        #[ts(type = "number")]
        duration_ms: u64,
    },
}
