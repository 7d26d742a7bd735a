//! What opening an engine and calling it takes.

use std::path::PathBuf;

/// How to open a data folder.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything of one account lives here; made if absent.
    pub data_dir: PathBuf,
    /// Where the key of the store is kept.
    pub key: KeyPolicy,
    /// What other devices of this account see this one as.
    pub device_name: String,
}

impl Options {
    /// The usual options for a data folder. The environment variable `HARK_KEY` (`file` or `keyring`) sets the key policy.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let key = match std::env::var("HARK_KEY").as_deref() {
            Ok("file") => KeyPolicy::File,
            Ok("keyring") => KeyPolicy::Keyring,
            _ => KeyPolicy::Auto,
        };
        Self { data_dir: data_dir.into(), key, device_name: "Hark".to_owned() }
    }

    /// Sets where the key is kept.
    #[must_use]
    pub fn key(mut self, key: KeyPolicy) -> Self {
        self.key = key;
        self
    }

    /// Sets the name of this device.
    #[must_use]
    pub fn device_name(mut self, name: impl Into<String>) -> Self {
        self.device_name = name.into();
        self
    }
}

/// Where the key of the store may be kept. A folder that has a key keeps using the place it is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyPolicy {
    /// The system keyring; a key file where there is none.
    #[default]
    Auto,
    /// The system keyring or nothing.
    Keyring,
    /// A file in the data folder only its owner may read.
    File,
}

/// Where the key of the store is, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStorage {
    /// In the system keyring.
    Keyring,
    /// In a file in the data folder.
    File {
        /// That file.
        path: PathBuf,
        /// Why it is not in the keyring, as one sentence.
        reason: String,
    },
}

/// Whether the account exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInMode {
    /// Sign in.
    Login,
    /// Make the account first.
    Register,
}

/// What bytes behind an address are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A voice message.
    Voice,
    /// Anything else.
    Other,
}

/// Bytes of fetched media that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaSpace {
    /// Voice messages.
    pub voice: u64,
    /// Everything else.
    pub other: u64,
}

/// A voice message ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceClip {
    /// Ogg Opus.
    pub ogg: Vec<u8>,
    /// Its length.
    pub duration_ms: u64,
    /// Loudness, 0–1024 each, evenly spaced.
    pub waveform: Vec<u16>,
}
