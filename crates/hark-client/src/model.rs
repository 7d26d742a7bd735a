//! What the engine knows, as a window or a terminal shows it.
//!
//! These rows are kept rendered in the store: a reader gets them as they stand, and a [`Change`](crate::Change)
//! carries the one that changed. They leave the process as JSON; with the feature `ts` they also describe
//! themselves in TypeScript, so that no twin is kept by hand. Times are milliseconds since 1970, durations
//! milliseconds.

use serde::{Deserialize, Serialize};

/// Names one conversation for the window: the other person's user id where it is a conversation of two
/// (all rooms with that person are one conversation, DM5), else the room id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct ConversationId(pub String);

impl std::fmt::Display for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The account this data folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Account {
    /// `@name:server`
    pub user_id: String,
    /// The name others see; the localpart where none is set.
    pub display_name: String,
    /// Base URL the client-server API is reached at.
    pub homeserver: String,
    /// This login's device id.
    pub device_id: String,
}

/// A line of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Conversation {
    /// What commands name it by.
    pub id: ConversationId,
    /// Where a new message goes; none before the first message to a new contact.
    pub room_id: Option<String>,
    /// Person or group.
    pub kind: ConversationKind,
    /// Title to show; never empty.
    pub name: String,
    /// Picture (`mxc://…`), if one is set.
    pub avatar: Option<String>,
    /// Where I stand in it.
    pub membership: Membership,
    /// The newest message, for the preview line.
    pub last: Option<Message>,
    /// Unsent text of the composer.
    pub draft: Option<String>,
    /// Messages of others after my read marker.
    pub unread: u32,
    /// Of these, the ones that name me.
    pub highlights: u32,
    /// Display names of those typing now.
    pub typing: Vec<String>,
    /// Number of my messages here that still wait in the outbox.
    pub waiting: u32,
    /// Time the inbox orders by, newest first.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub activity_ts: u64,
    /// Whether messages are end-to-end encrypted.
    pub encrypted: bool,
    /// The account's push rules tell of nothing here, or only of what names me.
    pub muted: bool,
}

/// Whether a conversation is with one person or with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// One other person.
    Person,
    /// A room of several.
    Group,
}

/// My own standing in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Joined.
    Joined,
    /// Invited, not yet answered: shown with Accept and Decline (RQ1).
    Invited,
    /// Left, kicked or banned; readable, not writable.
    Left,
}

/// A message as the thread shows it, mine or another's, sent or still waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Message {
    /// Row key on this device. Stays the same from *sending* to *read*, so the window replaces in place.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub key: i64,
    /// Where it stands in its conversation: rows compare by this text. It changes when the server's order is learnt,
    /// so a row that is replaced may move; waiting messages sort last.
    pub order: String,
    /// The conversation it is shown in.
    pub conversation: ConversationId,
    /// The room it is in.
    pub room_id: String,
    /// Set once the server has it.
    pub event_id: Option<String>,
    /// Set on messages this device sent.
    pub txn_id: Option<String>,
    /// `@name:server`
    pub sender: String,
    /// The sender's name in this room.
    pub sender_name: String,
    /// Whether I sent it, on whatever device.
    pub mine: bool,
    /// The server's time; until it is known, the time of writing.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub timestamp: u64,
    /// What it holds.
    pub content: Content,
    /// How far it has come.
    pub state: MessageState,
    /// Whether a later event replaced the text.
    pub edited: bool,
}

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// As typed.
        body: String,
    },
    /// A voice message, or any audio file.
    Voice {
        /// `mxc://…`; empty until uploaded.
        source: String,
        /// Length; 0 where the sender did not say.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        duration_ms: u64,
        /// 0–1024 each, evenly spaced; empty where the sender sent none.
        waveform: Vec<u16>,
        /// Whether I have heard it.
        played: bool,
    },
    /// A picture, video or file of another client.
    Attachment {
        /// Which of the three.
        attachment: AttachmentKind,
        /// File name or caption.
        body: String,
        /// `mxc://…`
        source: String,
        /// Bytes, where the sender said.
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        size: Option<u64>,
        /// Declared type.
        mime: Option<String>,
        /// Pixels, for pictures and videos.
        width: Option<u32>,
        /// Pixels, for pictures and videos.
        height: Option<u32>,
    },
    /// Members, names, settings: a line in the middle (MF13).
    System {
        /// What happened.
        change: SystemChange,
    },
    /// Removed by its author or a moderator.
    Redacted,
    /// Something this version cannot show; `body` is what the sender offers instead.
    Unsupported {
        /// The event's fallback text; may be empty.
        body: String,
    },
}

/// Which kind of file an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// `m.image`
    Image,
    /// `m.video`
    Video,
    /// `m.file`
    File,
}

/// A change of the room itself. Names are display names at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum SystemChange {
    Created { by: String },
    Joined { who: String },
    Left { who: String },
    Invited { who: String, by: String },
    Removed { who: String, by: String },
    Renamed { name: String, by: String },
}

/// How far a message has come (SE2). Foreign messages are always `Sent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MessageState {
    /// In the outbox, on its way or waiting for its turn.
    Sending {
        /// Where it is on its way.
        step: SendingStep,
    },
    /// On the server's disk.
    Sent,
    /// On a device of the other side.
    Delivered,
    /// The other side read up to it.
    Read,
    /// The other side heard it.
    Played,
    /// Not sent. Kept; Retry and Delete are offered (SE4).
    Failed {
        /// The server's reason, as a sentence.
        reason: String,
        /// True where the server refused it for good; else it is still tried every 30 s.
        refused: bool,
    },
}

/// Steps of the outbox, as far as a person cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SendingStep {
    /// Not yet tried, behind another message, or no connection.
    Waiting,
    /// The file is being uploaded.
    Uploading,
    /// The event is on the wire.
    Sending,
}

/// A page of a thread, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Page {
    /// Oldest first; waiting messages stand at the end.
    pub messages: Vec<Message>,
    /// Pass as `before` for the page of older messages; none at the beginning of the conversation.
    pub older: Option<String>,
    /// Key of the first message of others after my read marker, if it is on this page: the "new" line.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub first_unread: Option<i64>,
}

/// A message found by words (SR1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Hit {
    /// The message itself.
    pub message: Message,
    /// Title of its conversation.
    pub conversation_name: String,
    /// Part of the text around the words; the words stand between U+0002 and U+0003.
    pub snippet: String,
}

/// A person found on the server or among my contacts (DM10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Person {
    /// `@name:server`
    pub user_id: String,
    /// The name others see; the localpart where none is set.
    pub display_name: String,
    /// `mxc://…`
    pub avatar: Option<String>,
}

/// The link to the homeserver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Connection {
    /// Nobody is signed in.
    SignedOut,
    /// First contact since start.
    Connecting,
    /// Changes arrive as they happen.
    Online,
    /// No answer, or not one of a Matrix server (a captive portal, a proxy's page).
    Offline {
        /// When the next try is due.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        retry_at: u64,
        /// One plain sentence.
        reason: String,
    },
    /// The server no longer accepts this login; signing in again keeps everything.
    LoggedOut {
        /// One plain sentence.
        reason: String,
    },
}
