//! A command with everything it needs, and what it shows.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hark_client::VoiceClip;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One command of the terminal. It may travel to another process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Sign in or register; shows the user id.
    Login {
        /// URL or server name.
        homeserver: String,
        /// Localpart or user id.
        user: String,
        /// Never logged.
        password: String,
        /// Make the account first.
        register: bool,
    },
    /// Send words; shows the event id, or the transaction id where it does not wait.
    Send {
        /// User id, room id or alias.
        who: String,
        /// As typed.
        text: String,
        /// Wait until the server has it.
        wait: bool,
    },
    /// Send a voice message; shows as `Send`.
    Voice {
        /// User id, room id or alias.
        who: String,
        /// Already prepared by the process that could read the file.
        clip: Clip,
        /// Wait until the server has it.
        wait: bool,
    },
    /// Record with the microphone of the process that does this, and send it; shows as `Send`.
    Record {
        /// User id, room id or alias.
        who: String,
        /// How long.
        seconds: u32,
        /// Wait until the server has it.
        wait: bool,
    },
    /// Wait for a message another process has put into the outbox.
    Settle {
        /// Key of the message.
        key: i64,
    },
    /// Find or make the conversation with someone, or accept their invitation; shows the room id.
    Dm {
        /// User id, room id or alias.
        who: String,
    },
    /// The inbox.
    List {
        /// As JSON objects.
        json: bool,
    },
    /// The newest messages of a conversation, oldest first.
    Read {
        /// User id, room id or alias.
        who: String,
        /// How many.
        limit: u32,
        /// As JSON objects.
        json: bool,
    },
    /// Messages with these words, newest first.
    Search {
        /// Each must occur.
        words: String,
        /// How many.
        limit: u32,
        /// As JSON objects.
        json: bool,
    },
    /// Everything that happens, until interrupted.
    Listen {
        /// As JSON objects.
        json: bool,
        /// Begin with the messages after this one: a listener goes on after its owner ended.
        since: Option<i64>,
    },
    /// The window in a browser, until interrupted; shows its link.
    Browser {
        /// Loopback address.
        listen: SocketAddr,
        /// "Just try it" first, where nobody is signed in.
        try_it: bool,
    },
    /// Show the desktop window of the folder's owner, with a link where one was opened.
    Show {
        /// As it was opened.
        link: Option<String>,
    },
    /// What works and what does not.
    Doctor {
        /// As JSON objects.
        json: bool,
        /// Process id of the command that asks.
        caller: u32,
    },
}

impl Request {
    /// Whether it goes on until it is interrupted.
    pub fn is_endless(&self) -> bool {
        matches!(self, Self::Listen { .. } | Self::Browser { .. })
    }

    /// Whether it ends when whoever asked goes away: a microphone is not left open for nobody.
    pub(crate) fn needs_its_caller(&self) -> bool {
        self.is_endless() || matches!(self, Self::Record { .. })
    }

    /// Whether doing it twice would be wrong.
    pub(crate) fn happens_once(&self) -> bool {
        matches!(
            self,
            Self::Send { .. } | Self::Voice { .. } | Self::Record { .. } | Self::Login { register: true, .. }
        )
    }
}

/// What a command shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A line on stdout.
    Line(String),
    /// A remark on stderr.
    Note(String),
    /// A link to open.
    Url(String),
    /// How far something is: a line that replaces the one before, for a person at a terminal alone.
    Progress(String),
    /// Nothing to see: the message is durable in the outbox under this key, so it must not be sent again.
    Kept {
        /// Key of the message.
        key: i64,
    },
    /// Nothing to see: a listener was shown the messages of others up to this key.
    Heard {
        /// Key of the newest.
        newest: i64,
    },
}

/// A voice message that can travel as JSON.
#[derive(Clone, Serialize, Deserialize)]
pub struct Clip {
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    ogg: Vec<u8>,
    duration_ms: u64,
    waveform: Vec<u16>,
}

impl From<VoiceClip> for Clip {
    fn from(clip: VoiceClip) -> Self {
        Self { ogg: clip.ogg, duration_ms: clip.duration_ms, waveform: clip.waveform }
    }
}

impl From<Clip> for VoiceClip {
    fn from(clip: Clip) -> Self {
        Self { ogg: clip.ogg, duration_ms: clip.duration_ms, waveform: clip.waveform }
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_message_survives_the_way_to_the_owner() {
        let clip = VoiceClip { ogg: (0..=255).collect(), duration_ms: 1_234, waveform: vec![0, 512, 1024] };
        let request = Request::Voice { who: "@bob:here".to_owned(), clip: clip.clone().into(), wait: true };
        let line = serde_json::to_string(&request).unwrap();
        assert!(!line.contains('\n'));
        let Ok(Request::Voice { clip: back, .. }) = serde_json::from_str(&line) else { panic!("{line}") };
        assert_eq!(VoiceClip::from(back), clip);
    }
}
