//! Aliases of rooms.

use ruma::{
    CanonicalJsonValue, OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomAliasId, RoomId,
    events::StateEventType,
};

use super::{Content, RoomError, Rooms, Signer, append, draft, power};
use crate::store::{RoomNid, Snapshot, Tx};

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

    /// Forgets an alias, also where the room says it is its main one. Its maker may, and whoever may set the canonical alias.
    pub(crate) async fn remove_alias(
        &self,
        alias: OwnedRoomAliasId,
        user: OwnedUserId,
    ) -> Result<(), RoomError> {
        let signer = self.signer.clone();
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
                tx.delete_alias(&alias)?;
                drop_from_canonical(tx, nid, &alias, &user, &signer)
            })
            .await
    }

    /// An alias this server may hand out.
    pub(super) fn check_own(&self, alias: &RoomAliasId) -> Result<(), RoomError> {
        if alias.server_name() != self.server_name() {
            return Err(RoomError::InvalidParam("An alias must end with this server's name.".into()));
        }
        if alias.as_str().len() > 255
            || alias.alias().is_empty()
            || alias.alias().chars().any(|c| c == ':' || c == '\0' || c.is_whitespace())
        {
            return Err(RoomError::InvalidParam("This is not a possible alias.".into()));
        }
        Ok(())
    }
}

/// Takes a deleted alias out of the canonical alias event, if the deleter may.
fn drop_from_canonical(
    tx: &mut Tx<'_>,
    nid: RoomNid,
    alias: &RoomAliasId,
    user: &OwnedUserId,
    signer: &Signer,
) -> Result<(), RoomError> {
    let Some(head) = tx.head(nid)? else { return Ok(()) };
    let current = power::current(tx, &head, StateEventType::RoomCanonicalAlias)?;
    let Some(current) = current else { return Ok(()) };
    let mut content = Content::parse(current.content.get())?.object().clone();
    let mut named = content.get("alias").and_then(CanonicalJsonValue::as_str) == Some(alias.as_str());
    if named {
        content.remove("alias");
    }
    if let Some(CanonicalJsonValue::Array(alternatives)) = content.get_mut("alt_aliases") {
        let before = alternatives.len();
        alternatives.retain(|other| other.as_str() != Some(alias.as_str()));
        named |= alternatives.len() < before;
        if alternatives.is_empty() {
            content.remove("alt_aliases");
        }
    }
    if !named {
        return Ok(());
    }
    let content = Content::from(content);
    let change =
        draft(head.room_id.clone(), user.clone(), "m.room.canonical_alias", Some(String::new()), content);
    match append::append(tx, nid, change, None, signer) {
        // Whoever made an alias may delete it even where others say what the room is called.
        Ok(_) | Err(RoomError::Forbidden(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The aliases a canonical alias event names must lead to its room, unless they stood there before.
pub(super) fn check_canonical(
    snapshot: &Snapshot<'_>,
    nid: RoomNid,
    room: &RoomId,
    content: &Content,
) -> Result<(), RoomError> {
    let before = snapshot
        .auth_event(nid, room, &StateEventType::RoomCanonicalAlias, "")?
        .and_then(|event| Content::parse(event.content.get()).ok())
        .and_then(|content| named(&content).ok())
        .unwrap_or_default();
    for alias in named(content)? {
        if !before.contains(&alias) && snapshot.alias(&alias)?.is_none_or(|(leads_to, _)| leads_to != nid) {
            return Err(RoomError::BadAlias("That alias does not lead to this room: make it first."));
        }
    }
    Ok(())
}

/// Every alias a canonical alias event names. A null stands for none: clients write it to take the alias away.
fn named(content: &Content) -> Result<Vec<OwnedRoomAliasId>, RoomError> {
    let alternatives: &[CanonicalJsonValue] = match content.object().get("alt_aliases") {
        None | Some(CanonicalJsonValue::Null) => &[],
        Some(CanonicalJsonValue::Array(alternatives)) => alternatives,
        Some(_) => return Err(no_alias()),
    };
    let main = content.object().get("alias").filter(|alias| !is_nothing(alias));
    main.into_iter()
        .chain(alternatives)
        .map(|alias| RoomAliasId::parse(alias.as_str().unwrap_or_default()).map_err(|_| no_alias()))
        .collect()
}

fn is_nothing(alias: &CanonicalJsonValue) -> bool {
    matches!(alias, CanonicalJsonValue::Null) || alias.as_str() == Some("")
}

fn no_alias() -> RoomError {
    RoomError::InvalidParam("A canonical alias event names something that is no alias.".into())
}

/// Points an alias at a room that is just being made.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    alias: &RoomAliasId,
    room: RoomNid,
    creator: &OwnedUserId,
) -> Result<(), RoomError> {
    if tx.insert_alias(alias, room, creator)? { Ok(()) } else { Err(RoomError::AliasTaken) }
}
