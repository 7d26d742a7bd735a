//! Replacing a room by one of another version (spec: "Room Upgrades"; room versions: MSC4289, MSC4291).
//!
//! One transaction makes the successor, copies what makes a room what it is, points the old room at it, and moves aliases and the
//! directory entry. The members follow by joining; what they had set up for the old room follows them then (`carry`).

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedEventId, OwnedRoomId, OwnedUserId, RoomVersionId,
    events::StateEventType,
};
use serde_json::json;

use super::{
    Content, RoomError, Rooms, Signer, append,
    builder::{Builder, choose_id, create_content},
    draft, heritage, power, version,
};
use crate::store::{RoomHead, RoomNid, Tx};

/// Which room, to what, by whom.
pub(crate) struct Upgrade {
    pub(crate) room: OwnedRoomId,
    pub(crate) version: RoomVersionId,
    pub(crate) requester: OwnedUserId,
    /// Who else is to be a creator of the new room, where its version knows that.
    pub(crate) additional_creators: Vec<OwnedUserId>,
}

impl Rooms {
    /// Replaces a room and returns the id of its successor. Durable when it returns.
    pub(crate) async fn upgrade(&self, upgrade: Upgrade) -> Result<OwnedRoomId, RoomError> {
        version::rules(&upgrade.version).ok_or(RoomError::UnsupportedVersion)?;
        // Every room of this server is named after it or after nothing, so this tells nobody which rooms exist.
        if upgrade.room.server_name().is_some_and(|server| server != self.server_name()) {
            return Err(RoomError::NotFound("There is no such room."));
        }
        let signer = self.signer.clone();
        self.store.write(move |tx| upgrade.run(tx, &signer)).await
    }
}

impl Upgrade {
    fn run(self, tx: &mut Tx<'_>, signer: &Signer) -> Result<OwnedRoomId, RoomError> {
        let old = self.admitted(tx)?;
        let heritage = heritage::of(tx, &old, &self.version, &self.requester, &self.additional_creators)?;
        // Where the successor's id is chosen, the old room can name it first and be named by its last event; where the id is made
        // from the create event, it cannot.
        let room_id = choose_id(&self.version, signer)?;
        let tombstone = match &room_id {
            Some(room_id) => Some(self.bury(tx, &old, room_id, signer)?),
            None => None,
        };
        let create = create_content(
            &self.version,
            &self.requester,
            heritage.creation(&old.room_id, tombstone.as_ref()),
            &self.additional_creators,
        )?;
        let mut new = Builder::start(tx, signer, &self.requester, &self.version, room_id, create)?;
        heritage.settle(&mut new)?;
        let (successor, nid) = (new.room_id.clone(), new.nid);
        if tombstone.is_none() {
            self.bury(tx, &old, &successor, signer)?;
        }
        move_addresses(tx, old.nid, nid)?;
        if heritage.canonical_alias.is_some() {
            self.if_allowed(tx, &old, "m.room.canonical_alias", Content::of(json!({}))?, signer)?;
        }
        self.quieten(tx, &old, signer)?;
        Ok(successor)
    }

    /// The head of the old room, if the requester is in it and may end it.
    fn admitted(&self, tx: &mut Tx<'_>) -> Result<RoomHead, RoomError> {
        let nid = tx.room_nid(&self.room)?.ok_or_else(RoomError::not_in_room)?;
        let head = tx.head(nid)?.ok_or_else(RoomError::not_in_room)?;
        if !tx.membership(&self.requester, nid)?.is_some_and(|member| member.is_joined()) {
            return Err(RoomError::not_in_room());
        }
        let levels = power::power_levels(tx, &head)?;
        if !levels.user_can_send_state(&self.requester, StateEventType::RoomTombstone) {
            return Err(RoomError::Forbidden("You may not replace this room.".into()));
        }
        Ok((*head).clone())
    }

    fn bury(
        &self,
        tx: &mut Tx<'_>,
        old: &RoomHead,
        successor: &OwnedRoomId,
        signer: &Signer,
    ) -> Result<OwnedEventId, RoomError> {
        let content =
            json!({ "body": "This room has been replaced", "replacement_room": successor.as_str() });
        self.say(tx, old, "m.room.tombstone", Content::of(content)?, signer)
    }

    /// Nobody but moderators is to speak or invite in the old room any more.
    fn quieten(&self, tx: &mut Tx<'_>, old: &RoomHead, signer: &Signer) -> Result<(), RoomError> {
        let Some(current) = power::current(tx, old, StateEventType::RoomPowerLevels)? else { return Ok(()) };
        let mut levels: CanonicalJsonObject = Content::parse(current.content.get())?.object().clone();
        let level = |levels: &CanonicalJsonObject, name: &str| match levels.get(name) {
            Some(CanonicalJsonValue::Integer(level)) => i64::from(*level),
            _ => 0,
        };
        let quiet = 50.max(level(&levels, "users_default").saturating_add(1));
        let mut changed = false;
        for name in ["events_default", "invite"] {
            if level(&levels, name) < quiet
                && let Ok(quiet) = ruma::Int::try_from(quiet)
            {
                levels.insert(name.to_owned(), CanonicalJsonValue::Integer(quiet));
                changed = true;
            }
        }
        if changed {
            self.if_allowed(tx, old, "m.room.power_levels", Content::from(levels), signer)?;
        }
        Ok(())
    }

    fn say(
        &self,
        tx: &mut Tx<'_>,
        old: &RoomHead,
        kind: &str,
        content: Content,
        signer: &Signer,
    ) -> Result<OwnedEventId, RoomError> {
        let event = draft(old.room_id.clone(), self.requester.clone(), kind, Some(String::new()), content);
        append::append(tx, old.nid, event, None, signer)
    }

    /// Who may replace a room may not always do all that should come with it. The room is replaced anyway.
    fn if_allowed(
        &self,
        tx: &mut Tx<'_>,
        old: &RoomHead,
        kind: &str,
        content: Content,
        signer: &Signer,
    ) -> Result<(), RoomError> {
        match self.say(tx, old, kind, content, signer) {
            Ok(_) | Err(RoomError::Forbidden(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn move_addresses(tx: &mut Tx<'_>, old: RoomNid, new: RoomNid) -> Result<(), RoomError> {
    tx.move_aliases(old, new)?;
    if tx.is_listed(old)? {
        tx.set_listed(old, false)?;
        tx.set_listed(new, true)?;
    }
    Ok(())
}
