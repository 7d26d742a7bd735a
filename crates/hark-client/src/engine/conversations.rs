//! The inbox: listing, opening, accepting, leaving, drafts, typing, reading.

use super::Engine;
use crate::error::Error;
use crate::model::{Conversation, ConversationId, Membership};
use crate::store::{conversations, rooms};

impl Engine {
    /// The inbox, newest first. `filter` holds words of title or id; empty = all.
    pub async fn conversations(&self, filter: &str) -> Result<Vec<Conversation>, Error> {
        let filter = filter.to_owned();
        Ok(self.core().store.read(move |db| conversations::list(db, &filter)).await?)
    }

    /// One line of the inbox.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Option<Conversation>, Error> {
        let id = id.0.clone();
        Ok(self.core().store.read(move |db| conversations::get(db, &id)).await?)
    }

    /// Finds or makes the conversation with someone; accepts their invitation where there is one (DM8). A room id or
    /// an alias is joined.
    pub async fn open_conversation(&self, who: &str) -> Result<Conversation, Error> {
        let who = who.trim();
        let id = match who.chars().next() {
            Some('@') => {
                let id = self.who(who).await?;
                let contact = id.0.clone();
                let hit = self.core().store.read(move |db| rooms::primary(db, &contact)).await?;
                if hit.is_none() {
                    self.core().session()?;
                    self.core().directory.ensure(id.0.clone()).await?;
                }
                id
            }
            Some('#') => {
                let room_id = self.alias(who).await?;
                self.join(&room_id).await?
            }
            Some('!') => self.join(who).await?,
            _ => self.who(who).await?,
        };
        self.must_have(&id).await
    }

    async fn join(&self, room: &str) -> Result<ConversationId, Error> {
        let name = room.to_owned();
        let known = self.core().store.read(move |db| rooms::get(db, &name)).await?;
        if let Some(room) = known.filter(|room| room.membership == "join") {
            return Ok(ConversationId(room.conversation));
        }
        self.core().session()?;
        let room_id = self.core().directory.join(room.to_owned()).await?;
        let id = room_id.clone();
        let conversation =
            self.core().store.read(move |db| rooms::get(db, &id)).await?.map(|room| room.conversation);
        Ok(ConversationId(conversation.unwrap_or(room_id)))
    }

    /// Joins what I was invited to; the inviter becomes a contact (DM4).
    pub async fn accept(&self, id: &ConversationId) -> Result<Conversation, Error> {
        self.core().session()?;
        let rooms = self.rooms(id).await?;
        let joined = rooms.iter().any(|room| room.membership == "join");
        let invited: Vec<String> =
            rooms.into_iter().filter(|room| room.membership == "invite").map(|room| room.room_id).collect();
        if invited.is_empty() && !joined {
            return Err(Error::NotFound(format!("An invitation to {id}")));
        }
        for room_id in invited {
            self.core().directory.join(room_id).await?;
        }
        self.must_have(id).await
    }

    /// Refuses an invitation, or leaves.
    pub async fn leave(&self, id: &ConversationId) -> Result<(), Error> {
        for room in self.rooms(id).await? {
            if room.membership == "leave" {
                let room_id = room.room_id;
                self.core().store.write(move |tx| tx.hide_room(&room_id)).await?;
            } else {
                self.core().session()?;
                self.core().directory.leave(room.room_id).await?;
            }
        }
        Ok(())
    }

    /// I am typing, or stopped (TP1).
    pub async fn set_typing(&self, id: &ConversationId, typing: bool) -> Result<(), Error> {
        let conversation = self.must_have(id).await?;
        if let (Some(room_id), Membership::Joined) = (conversation.room_id, conversation.membership) {
            self.core().signals.typing(room_id, typing);
        }
        Ok(())
    }

    /// Keeps the composer's text (MF8); empty = none.
    pub async fn set_draft(&self, id: &ConversationId, text: &str) -> Result<(), Error> {
        let (id, text) = (id.0.clone(), text.to_owned());
        Ok(self.core().store.write(move |tx| tx.set_draft(&id, &text)).await?)
    }

    /// I have read up to this message.
    pub async fn mark_read(&self, id: &ConversationId, key: i64) -> Result<(), Error> {
        let id = id.0.clone();
        self.core().store.write(move |tx| tx.mark_read(&id, key)).await?;
        self.core().signals.wake();
        Ok(())
    }

    async fn rooms(&self, id: &ConversationId) -> Result<Vec<crate::store::Room>, Error> {
        let conversation = id.0.clone();
        let rooms = self.core().store.read(move |db| rooms::of_conversation(db, &conversation)).await?;
        if rooms.is_empty() { Err(Error::NotFound(format!("The conversation {id}"))) } else { Ok(rooms) }
    }

    async fn must_have(&self, id: &ConversationId) -> Result<Conversation, Error> {
        self.conversation(id).await?.ok_or_else(|| Error::NotFound(format!("The conversation {id}")))
    }
}
