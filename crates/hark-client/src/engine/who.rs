//! From what a person or a script writes (`WHO`) to a conversation.

use ruma::api::client::alias::get_alias;
use ruma::{RoomAliasId, UserId};

use super::Engine;
use crate::error::Error;
use crate::model::ConversationId;
use crate::store::rooms;
use crate::transport::{Failure, LONG_PATIENCE};

impl Engine {
    /// The conversation named by a user id, a room id or an alias. A room must be known here.
    pub async fn who(&self, who: &str) -> Result<ConversationId, Error> {
        let who = who.trim();
        match who.chars().next() {
            Some('@') => self.person(who),
            Some('!') => self.room(who).await,
            Some('#') => {
                let room_id = self.alias(who).await?;
                self.room(&room_id).await
            }
            _ => Err(Error::BadRequest(format!(
                "\"{who}\" is neither a person (@name:server), a room (!id) nor an alias (#name:server)."
            ))),
        }
    }

    fn person(&self, who: &str) -> Result<ConversationId, Error> {
        let account = self.account().ok_or(Error::SignedOut)?;
        UserId::parse(who).map_err(|_| {
            Error::BadRequest(format!("\"{who}\" is not a person's id. It looks like @name:server."))
        })?;
        if who == account.user_id {
            return Err(Error::BadRequest("That is you. Choose someone else.".to_owned()));
        }
        Ok(ConversationId(who.to_owned()))
    }

    async fn room(&self, room_id: &str) -> Result<ConversationId, Error> {
        let id = room_id.to_owned();
        let room = self.core().store.read(move |db| rooms::get(db, &id)).await?;
        room.map(|room| ConversationId(room.conversation))
            .ok_or_else(|| Error::NotFound(format!("The room {room_id}")))
    }

    /// The room behind an alias: as known here, else as the server says.
    pub(super) async fn alias(&self, alias: &str) -> Result<String, Error> {
        let name = alias.to_owned();
        if let Some(room_id) = self.core().store.read(move |db| rooms::by_alias(db, &name)).await? {
            return Ok(room_id);
        }
        let not_found = || Error::NotFound(format!("The room {alias}"));
        let name = RoomAliasId::parse(alias).map_err(|_| not_found())?;
        let session = self.core().session()?;
        match session.http.call(get_alias::v3::Request::new(name), LONG_PATIENCE).await {
            Ok(answer) => Ok(answer.room_id.to_string()),
            Err(Failure::Matrix { status: 400..=404, .. }) => Err(not_found()),
            Err(failure) => Err(failure.into()),
        }
    }
}
