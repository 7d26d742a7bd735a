//! What a person sets on this computer. It stays here: devices and notifications are not the account's.

use hark_client::model::ConversationId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All of them; a command replaces them whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Chosen microphone, by id; none = the system's.
    pub input: Option<String>,
    /// Its name, to say which one is missing.
    pub input_name: Option<String>,
    /// Chosen loudspeaker, by id; none = the system's.
    pub output: Option<String>,
    /// Its name, to say which one is missing.
    pub output_name: Option<String>,
    /// 0–1, of everything that is played.
    pub volume: f32,
    /// Bring every recording to the same loudness (VO5).
    pub even_loudness: bool,
    /// Go on to the next unheard voice message (VO4).
    pub play_on: bool,
    /// Fetch media before somebody asks for them.
    pub fetch: Fetch,
    /// Most bytes of fetched media kept.
    #[ts(type = "number")]
    pub media_limit: u64,
    /// Tell of new messages (NO1).
    pub notify: bool,
    /// With their words.
    pub preview: bool,
    /// Tell of nothing, play nothing unasked.
    pub do_not_disturb: bool,
    /// Closing the window leaves Hark running, where there is a tray to come back from (NO2).
    pub close_to_tray: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            input: None,
            input_name: None,
            output: None,
            output_name: None,
            volume: 1.0,
            even_loudness: true,
            play_on: true,
            fetch: Fetch::Voice,
            media_limit: 512 << 20,
            notify: true,
            preview: true,
            do_not_disturb: false,
            close_to_tray: true,
        }
    }
}

/// What is fetched before somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Fetch {
    /// Nothing.
    Nothing,
    /// Voice messages.
    Voice,
    /// Everything.
    Everything,
}

/// Where a person looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attention {
    /// Whether the window has the focus.
    pub focused: bool,
    /// The conversation it shows.
    pub conversation: Option<ConversationId>,
}

/// What Hark keeps on the disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Storage {
    /// Fetched voice messages.
    #[ts(type = "number")]
    pub voice: u64,
    /// Other fetched media.
    #[ts(type = "number")]
    pub other_media: u64,
    /// Messages and the search index.
    #[ts(type = "number")]
    pub messages: u64,
    /// Recordings not yet sent.
    #[ts(type = "number")]
    pub recordings: u64,
    /// What is free on that disk.
    #[ts(type = "number")]
    pub free: u64,
}
