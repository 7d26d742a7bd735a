//! Putting messages into the outbox, and what can be done about those in it.

use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::Engine;
use crate::error::Error;
use crate::model::{Connection, Content, ConversationId, Membership, Message, MessageState, SendingStep};
use crate::outbox::content;
use crate::store::{NewMessage, Result as Stored, Tx};
use crate::{Change, VoiceClip, random};

/// Longest text: an event has 65,536 bytes, and text may grow when it is written as JSON.
const LONGEST_TEXT: usize = 32_000;
/// Longest voice message, as a file.
const LARGEST_CLIP: usize = 50 << 20;

impl Engine {
    /// Sends words; durable in the outbox when it returns. `who` is a conversation, user or room id, or an alias.
    pub async fn send_text(&self, who: &str, text: &str) -> Result<Message, Error> {
        let text = text.replace('\0', "");
        if text.trim().is_empty() {
            return Err(Error::BadRequest("There is nothing to send. Write something first.".to_owned()));
        }
        if text.len() > LONGEST_TEXT {
            return Err(Error::BadRequest(format!(
                "This text is too long ({} bytes; at most {LONGEST_TEXT}). Send it in parts.",
                text.len()
            )));
        }
        let event = content::text(&text);
        let id = self.who(who).await?;
        self.enqueue(id, random::txn_id()?, Content::Text { body: text }, event, None).await
    }

    /// Sends a voice message; durable in the outbox, with its sound, when it returns.
    pub async fn send_voice(&self, who: &str, clip: VoiceClip) -> Result<Message, Error> {
        let id = self.who(who).await?;
        self.send_voice_as(&id, clip, &random::txn_id()?).await
    }

    /// As [`send_voice`](Self::send_voice), under a transaction id of the caller's own, which is never another sound's: a
    /// second call with it sends nothing and answers the message of the first.
    pub async fn send_voice_as(
        &self,
        id: &ConversationId,
        clip: VoiceClip,
        txn_id: &str,
    ) -> Result<Message, Error> {
        if clip.ogg.is_empty() || clip.ogg.len() > LARGEST_CLIP {
            return Err(Error::BadRequest("This recording is empty or too long to send.".to_owned()));
        }
        let event = content::voice(clip.duration_ms, &clip.waveform, clip.ogg.len());
        let shown = content::shown_voice(clip.duration_ms, clip.waveform);
        let core = self.core();
        if *core.link.borrow() == Connection::Online
            && let Ok(session) = core.session()
        {
            core.early.begin(&session, txn_id, &clip.ogg);
        }
        let kept = self.enqueue(id.clone(), txn_id.to_owned(), shown, event, Some(clip.ogg)).await;
        if kept.as_ref().map_or(true, |message| !matches!(message.state, MessageState::Sending { .. })) {
            core.early.forget(txn_id);
        }
        kept
    }

    /// Whether a message may be written there now: what [`send_voice_as`](Self::send_voice_as) would refuse, without
    /// a message.
    pub async fn may_send(&self, id: &ConversationId) -> Result<(), Error> {
        if self.account().is_none() {
            return Err(Error::SignedOut);
        }
        let id = id.clone();
        Ok(self.core().store.write(move |tx| may_send(tx, &id).map(|_| ())).await?)
    }

    async fn enqueue(
        &self,
        id: ConversationId,
        txn_id: String,
        shown: Content,
        event: Value,
        file: Option<Vec<u8>>,
    ) -> Result<Message, Error> {
        let message = self
            .core()
            .store
            .write(move |tx| {
                if let Some(message) = tx.message_of_transaction(&txn_id)? {
                    return Ok(message);
                }
                let room_id = may_send(tx, &id)?;
                let key = tx.insert_message(
                    &NewMessage {
                        room_id: &room_id,
                        event_id: None,
                        txn_id: Some(&txn_id),
                        sender: &tx.me.clone(),
                        timestamp: tx.now,
                        place: None,
                        counts: true,
                        highlight: false,
                        content: &shown,
                        state: &MessageState::Sending { step: SendingStep::Waiting },
                    },
                    &id.0,
                )?;
                let file = file.as_deref().map(|bytes| (content::VOICE_MIME, bytes));
                tx.enqueue(key, &id.0, &txn_id, &serde_json::to_string(&event)?, file)?;
                tx.message(key)?
                    .ok_or_else(|| Error::Internal("the message is not in the store".to_owned()).into())
            })
            .await?;
        self.core().outbox.queued(message.key, &message.conversation.0).await;
        Ok(message)
    }

    /// Waits until a message of mine is on the server or refused for good.
    pub async fn wait_settled(&self, key: i64) -> Result<Message, Error> {
        // Listen first, then look: what happens in between is heard.
        let mut changes = self.changes();
        let closing = self.core().closing.clone();
        loop {
            let message =
                self.message(key).await?.ok_or_else(|| Error::NotFound("The message".to_owned()))?;
            if is_settled(&message) {
                return Ok(message);
            }
            loop {
                let change = tokio::select! {
                    change = changes.recv() => change,
                    () = closing.cancelled() => return Err(Error::Closed),
                };
                match change {
                    Ok(Change::Message { message, .. }) if message.key == key => {
                        if is_settled(&message) {
                            return Ok(*message);
                        }
                    }
                    Ok(Change::MessageRemoved { key: removed, .. }) if removed == key => break,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return Err(Error::Closed),
                }
            }
        }
    }

    /// Tries a failed message again now.
    pub async fn retry(&self, key: i64) -> Result<Message, Error> {
        self.core().outbox.retry(key).await?;
        self.message(key).await?.ok_or_else(|| Error::NotFound("The message".to_owned()))
    }

    /// Deletes a message that was not sent.
    pub async fn discard(&self, key: i64) -> Result<(), Error> {
        self.core().outbox.discard(key).await
    }
}

fn is_settled(message: &Message) -> bool {
    !matches!(message.state, MessageState::Sending { .. } | MessageState::Failed { refused: false, .. })
}

/// Whether a message may go into a conversation, and into which of its rooms. A person not met yet has none.
fn may_send(tx: &Tx<'_>, id: &ConversationId) -> Stored<String> {
    let person = id.0.starts_with('@');
    let Some(state) = tx.conversation_state(&id.0)? else {
        return if person {
            Ok(String::new())
        } else {
            Err(Error::NotFound(format!("The conversation {id}")).into())
        };
    };
    if state.encrypted {
        return Err(Error::Encrypted.into());
    }
    match state.membership {
        Membership::Joined => Ok(state.room_id.unwrap_or_default()),
        // Writing to a person accepts their invitation, or makes a room where the last one was left.
        Membership::Invited | Membership::Left if person => Ok(String::new()),
        Membership::Invited => {
            Err(Error::BadRequest("You are invited here. Accept the invitation first.".to_owned()).into())
        }
        Membership::Left => {
            Err(Error::BadRequest("You are no longer in this conversation.".to_owned()).into())
        }
    }
}
