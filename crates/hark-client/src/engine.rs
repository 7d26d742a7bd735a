//! The handle everything goes through.

use std::path::PathBuf;

use tokio::sync::{broadcast, watch};

use crate::model::{Account, Connection, Conversation, ConversationId, Hit, Message, Page, Person};
use crate::{Change, Error, KeyStorage, OpenError, Options, SignInMode, VoiceClip};

/// One data folder at work. Clones are handles of the same.
#[derive(Clone, Debug)]
pub struct Engine {}

#[allow(unused_variables, clippy::todo, clippy::unused_async)]
impl Engine {
    /// Takes the folder's lock, opens the store and, where someone is signed in, resumes sync and outbox.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        todo!()
    }

    /// Stops every task in order; what is under way stays in the outbox.
    pub async fn close(&self) {
        todo!()
    }

    /// Who is signed in.
    pub fn account(&self) -> Option<Account> {
        todo!()
    }

    /// Signs in or registers, and starts to sync. `homeserver` is a URL or a server name to discover.
    pub async fn sign_in(
        &self,
        homeserver: &str,
        user: &str,
        password: &str,
        mode: SignInMode,
    ) -> Result<Account, Error> {
        todo!()
    }

    /// Ends the login and empties the store.
    pub async fn sign_out(&self) -> Result<(), Error> {
        todo!()
    }

    /// The link to the homeserver, as it changes.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        todo!()
    }

    /// Everything that changes from now on. A receiver that lags must read everything again.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        todo!()
    }

    /// Does not wait for the back-off (SY4).
    pub async fn retry_connection(&self) {
        todo!()
    }

    /// The inbox, newest first. `filter` holds words of title or id; empty = all.
    pub async fn conversations(&self, filter: &str) -> Result<Vec<Conversation>, Error> {
        todo!()
    }

    /// One line of the inbox.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Option<Conversation>, Error> {
        todo!()
    }

    /// Finds or makes the conversation with someone; accepts their invitation where there is one (DM8). A room id or
    /// an alias is joined.
    pub async fn open_conversation(&self, who: &str) -> Result<Conversation, Error> {
        todo!()
    }

    /// Joins what I was invited to; the inviter becomes a contact (DM4).
    pub async fn accept(&self, id: &ConversationId) -> Result<Conversation, Error> {
        todo!()
    }

    /// Refuses an invitation, or leaves.
    pub async fn leave(&self, id: &ConversationId) -> Result<(), Error> {
        todo!()
    }

    /// A page of a thread: `before` is [`Page::older`] of the page below, absent for the newest. Where the store has a
    /// gap, history is fetched from the server (SY5).
    pub async fn timeline(
        &self,
        id: &ConversationId,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Page, Error> {
        todo!()
    }

    /// One message by its key.
    pub async fn message(&self, key: i64) -> Result<Option<Message>, Error> {
        todo!()
    }

    /// Sends words; durable in the outbox when it returns. `who` is a conversation, user or room id, or an alias.
    pub async fn send_text(&self, who: &str, text: &str) -> Result<Message, Error> {
        todo!()
    }

    /// Sends a voice message; durable in the outbox, with its sound, when it returns.
    pub async fn send_voice(&self, who: &str, clip: VoiceClip) -> Result<Message, Error> {
        todo!()
    }

    /// Waits until a message of mine is on the server or refused for good.
    pub async fn wait_settled(&self, key: i64) -> Result<Message, Error> {
        todo!()
    }

    /// Tries a failed message again now.
    pub async fn retry(&self, key: i64) -> Result<Message, Error> {
        todo!()
    }

    /// Deletes a message that was not sent.
    pub async fn discard(&self, key: i64) -> Result<(), Error> {
        todo!()
    }

    /// I have read up to this message.
    pub async fn mark_read(&self, id: &ConversationId, key: i64) -> Result<(), Error> {
        todo!()
    }

    /// I have heard this voice message.
    pub async fn mark_played(&self, key: i64) -> Result<(), Error> {
        todo!()
    }

    /// I am typing, or stopped (TP1).
    pub async fn set_typing(&self, id: &ConversationId, typing: bool) -> Result<(), Error> {
        todo!()
    }

    /// Keeps the composer's text (MF8); empty = none.
    pub async fn set_draft(&self, id: &ConversationId, text: &str) -> Result<(), Error> {
        todo!()
    }

    /// Finds messages by words, newest first. Each word must occur; the last may be the beginning of one (SR1).
    pub async fn search(&self, words: &str, limit: u32) -> Result<Vec<Hit>, Error> {
        todo!()
    }

    /// Finds people among my contacts and, where it answers, in the server's directory (DM10).
    pub async fn search_people(&self, term: &str) -> Result<Vec<Person>, Error> {
        todo!()
    }

    /// The bytes behind an `mxc://` address: from the cache in the data folder, else from the server.
    pub async fn media(&self, mxc: &str) -> Result<Vec<u8>, Error> {
        todo!()
    }

    /// Where the key of the store is kept.
    pub fn key_storage(&self) -> KeyStorage {
        todo!()
    }

    /// Where a damaged store was put aside when this engine opened; its content comes again from the server.
    pub fn recovered_from(&self) -> Option<PathBuf> {
        todo!()
    }
}
