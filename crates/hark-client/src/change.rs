//! What listeners are told, always after it is in the store.

use crate::model::{Account, Connection, Conversation, ConversationId, Message};

/// One change. Rows come whole: a listener replaces what it has by id or key.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Signed in, renamed, or signed out (`None`).
    Account(Option<Account>),
    /// The link to the homeserver changed.
    Connection(Connection),
    /// New or changed line of the inbox.
    Conversation(Box<Conversation>),
    /// The conversation is gone from the inbox.
    ConversationRemoved(ConversationId),
    /// New or changed message.
    Message {
        /// The whole row.
        message: Box<Message>,
        /// True where it is new at the live end of the thread; false for a changed row and for back-filled history.
        live: bool,
    },
    /// A new message of someone else that I have not read and the account's push rules tell of (NO1). It comes after its
    /// `Message`, and before the `Conversation` that counts it.
    Alert(Box<Message>),
    /// A discarded message is gone.
    MessageRemoved {
        /// Where it was.
        conversation: ConversationId,
        /// Which.
        key: i64,
    },
    /// Someone else has read up to an event.
    Receipt {
        /// Where.
        room_id: String,
        /// Up to which event.
        event_id: String,
        /// Who.
        user_id: String,
        /// When, in milliseconds since 1970.
        timestamp: u64,
    },
    /// Who is typing now; empty when all stopped.
    Typing {
        /// Where.
        room_id: String,
        /// Everyone but me.
        user_ids: Vec<String>,
    },
    /// I was invited and it awaits my answer.
    Invite {
        /// To which room.
        room_id: String,
        /// By whom.
        sender: String,
        /// How the inbox shows it.
        conversation: ConversationId,
    },
}
