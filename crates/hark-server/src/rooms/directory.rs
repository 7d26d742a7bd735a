//! Aliases of rooms.

use ruma::{
    CanonicalJsonValue, OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomAliasId, RoomId,
    events::StateEventType,
};

use super::{Content, RoomError, Rooms, power};
use crate::store::{Snapshot, Tx};

impl Rooms {
    /// The room an alias leads to.
    pub(crate) async fn resolve(&self, alias: OwnedRoomAliasId) -> Result<OwnedRoomId, RoomError> {
        self.store
            .read(move |snapshot| {
                let unknown = || RoomError::NotFound("There is no room with that alias.");
                let (nid, _) = snapshot.alias(&alias)?.ok_or_else(unknown)?;
                Ok(snapshot.room(nid)?.ok_or_else(unknown)?.id)
            })
            .await
    }

    /// Points a new alias at a room its maker is in.
    pub(crate) async fn add_alias(
        &self,
        alias: OwnedRoomAliasId,
        room: OwnedRoomId,
        creator: OwnedUserId,
    ) -> Result<(), RoomError> {
        self.check_own(&alias)?;
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                if !tx.membership(&creator, nid)?.is_some_and(|m| m.is_joined()) {
                    return Err(RoomError::not_in_room());
                }
                if tx.insert_alias(&alias, nid, &creator)? { Ok(()) } else { Err(RoomError::AliasConflict) }
            })
            .await
    }

    /// Forgets an alias. Its maker may, and whoever may set the room's canonical alias.
    pub(crate) async fn remove_alias(
        &self,
        alias: OwnedRoomAliasId,
        user: OwnedUserId,
    ) -> Result<(), RoomError> {
        self.store
            .write(move |tx| {
                let unknown = || RoomError::NotFound("There is no room with that alias.");
                let (nid, creator) = tx.alias(&alias)?.ok_or_else(unknown)?;
                let head = tx.head(nid)?.ok_or_else(unknown)?;
                let joined = tx.membership(&user, nid)?.is_some_and(|m| m.is_joined());
                let may_set = joined
                    && power::power_levels(tx, &head)?
                        .user_can_send_state(&user, StateEventType::RoomCanonicalAlias);
                if creator != user.as_str() && !may_set {
                    return Err(RoomError::Forbidden(
                        "You may not remove this alias: it is not yours.".into(),
                    ));
                }
                Ok(tx.delete_alias(&alias)?)
            })
            .await
    }

    /// An alias this server may hand out.
    pub(super) fn check_own(&self, alias: &RoomAliasId) -> Result<(), RoomError> {
        if alias.server_name() != self.server_name() {
            return Err(RoomError::InvalidParam("An alias must end with this server's name.".into()));
        }
        if alias.as_str().len() > 255
            || alias.alias().chars().any(|c| c == ':' || c == '\0' || c.is_whitespace())
        {
            return Err(RoomError::InvalidParam("This is not a possible alias.".into()));
        }
        Ok(())
    }
}

/// The aliases a canonical alias event names must lead to its room, unless they stood there before.
pub(super) fn check_canonical(
    snapshot: &Snapshot<'_>,
    room: &RoomId,
    content: &Content,
) -> Result<(), RoomError> {
    let Some(nid) = snapshot.room_nid(room)? else { return Ok(()) };
    let before = snapshot
        .auth_event(nid, room, &StateEventType::RoomCanonicalAlias, "")?
        .and_then(|event| Content::parse(event.content.get()).ok());
    let before = before.as_ref().map(named).unwrap_or_default();
    for alias in named(content) {
        if before.contains(&alias) {
            continue;
        }
        let parsed = RoomAliasId::parse(alias.as_str()).map_err(|_| {
            RoomError::InvalidParam("A canonical alias event names something that is no alias.".into())
        })?;
        if snapshot.alias(&parsed)?.is_none_or(|(leads_to, _)| leads_to != nid) {
            return Err(RoomError::BadAlias("That alias does not lead to this room: make it first."));
        }
    }
    Ok(())
}

fn named(content: &Content) -> Vec<String> {
    let alternatives =
        content.object().get("alt_aliases").and_then(CanonicalJsonValue::as_array).unwrap_or_default();
    content
        .text("alias")
        .into_iter()
        .chain(alternatives.iter().filter_map(CanonicalJsonValue::as_str))
        .map(ToOwned::to_owned)
        .collect()
}

/// Points an alias at a room that is just being made.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    alias: &RoomAliasId,
    room: crate::store::RoomNid,
    creator: &OwnedUserId,
) -> Result<(), RoomError> {
    if tx.insert_alias(alias, room, creator)? { Ok(()) } else { Err(RoomError::AliasTaken) }
}
