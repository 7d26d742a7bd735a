//! What the window is told without asking.

use hark_client::model::{Account, Connection, Conversation, ConversationId, Message};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Hosting, MicrophoneTest, RecorderState, ReviewState, Settings};

/// One change. Rows come whole: the window replaces what it has by `id` or `key`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Signed in, renamed, or signed out.
    Account {
        /// None = signed out.
        account: Option<Account>,
    },
    /// The link changed.
    Connection {
        /// As it is now.
        connection: Connection,
    },
    /// New or changed line of the inbox.
    Conversation {
        /// The whole row.
        conversation: Conversation,
    },
    /// The conversation is gone from the inbox.
    ConversationRemoved {
        /// Which.
        id: ConversationId,
    },
    /// New or changed message.
    Message {
        /// The whole row.
        message: Message,
        /// True where it belongs at the live end of the thread; false for changes and for back-filled history.
        live: bool,
    },
    /// The message is gone (a discarded one).
    MessageRemoved {
        /// Where it was.
        conversation: ConversationId,
        /// Which.
        #[ts(type = "number")]
        key: i64,
    },
    /// The player moved.
    Player {
        /// As it is now.
        player: PlayerState,
    },
    /// The recorder changed.
    Recorder {
        /// As it is now.
        recorder: RecorderState,
    },
    /// What the microphone hears, about 25 times a second while it is open.
    Level {
        /// 0 = silence, 1 = as loud as it gets; −60 dB to 0 dB evenly.
        level: f32,
        /// Bars of 0–1024 since the last of these; empty while nothing is recorded.
        waveform: Vec<u16>,
        /// Length of the recording so far.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// `recordings` has another answer.
    Recordings,
    /// A recording is heard before it is sent.
    Review {
        /// As it is now.
        review: ReviewState,
    },
    /// The microphone test of the settings.
    MicrophoneTest {
        /// As it is now.
        test: MicrophoneTest,
    },
    /// The settings of this computer changed.
    Settings {
        /// As they are now.
        settings: Settings,
    },
    /// Show a message: its notification was clicked (NO1).
    Show {
        /// Where it is.
        conversation: ConversationId,
        /// Which; none = the conversation itself.
        #[ts(type = "number | null")]
        key: Option<i64>,
    },
    /// A `matrix:` link was opened. Nothing is done about it before the person says so (DM8).
    Link {
        /// User id, room id or alias it names.
        who: String,
    },
    /// The server of this computer came up, went down, or is another.
    Hosting {
        /// As it is now.
        hosting: Option<Hosting>,
    },
    /// Too much happened while the window was busy: read everything again.
    Reload,
}

/// What the loudspeaker is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "player", rename_all = "snake_case")]
pub enum PlayerState {
    /// Nothing to play.
    Idle,
    /// Fetching or decoding.
    Loading {
        /// Which message.
        #[ts(type = "number")]
        key: i64,
    },
    /// Sounding. The window moves the head by itself between two of these.
    Playing {
        /// Which message.
        #[ts(type = "number")]
        key: i64,
        /// Where the head is.
        #[ts(type = "number")]
        position_ms: u64,
        /// True length after decoding.
        #[ts(type = "number")]
        duration_ms: u64,
        /// 1 = as spoken.
        speed: f32,
    },
    /// Held.
    Paused {
        /// Which message.
        #[ts(type = "number")]
        key: i64,
        /// Where the head is.
        #[ts(type = "number")]
        position_ms: u64,
        /// True length after decoding.
        #[ts(type = "number")]
        duration_ms: u64,
        /// 1 = as spoken.
        speed: f32,
    },
    /// Could not be played.
    Failed {
        /// Which message.
        #[ts(type = "number")]
        key: i64,
        /// One plain sentence.
        reason: String,
    },
}
