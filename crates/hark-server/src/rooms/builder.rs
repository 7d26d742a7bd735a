//! A room under construction: its create event, then one state event after the other, all in the caller's transaction. New rooms
//! and the successors of upgraded ones are both made with it.

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomId, RoomVersionId, UserId,
    events::room::member::MembershipState,
};

use super::{Content, Draft, RoomError, Signer, append, carry, draft, member, version};
use crate::{
    clock, random,
    store::{RoomNid, Tx},
};

/// Sends state into a new room in the name of its creator.
pub(super) struct Builder<'a, 'tx> {
    pub(super) tx: &'a mut Tx<'tx>,
    pub(super) nid: RoomNid,
    pub(super) room_id: OwnedRoomId,
    signer: &'a Signer,
    creator: OwnedUserId,
}

impl<'a, 'tx> Builder<'a, 'tx> {
    /// Appends the create event. `room_id` comes from [`choose_id`].
    pub(super) fn start(
        tx: &'a mut Tx<'tx>,
        signer: &'a Signer,
        creator: &UserId,
        version: &RoomVersionId,
        room_id: Option<OwnedRoomId>,
        content: Content,
    ) -> Result<Self, RoomError> {
        let create = Draft {
            room_id,
            kind: "m.room.create".into(),
            sender: creator.to_owned(),
            state_key: Some(String::new()),
            content,
            redacts: None,
            ts: clock::now(),
        };
        let head = append::append_create(tx, create, version, signer)?;
        Ok(Self { nid: head.nid, room_id: head.room_id.clone(), tx, signer, creator: creator.to_owned() })
    }

    /// The creator comes in, and brings what they had set up for the room this one follows.
    pub(super) fn creator_joins(&mut self) -> Result<(), RoomError> {
        let creator = self.creator.clone();
        self.member(&creator, &MembershipState::Join, CanonicalJsonObject::new())?;
        carry::over(self.tx, self.nid, &creator)
    }

    /// A member event that shows the member's profile.
    pub(super) fn member(
        &mut self,
        user: &UserId,
        membership: &MembershipState,
        extra: CanonicalJsonObject,
    ) -> Result<(), RoomError> {
        let content = member::content(self.tx, user, membership, extra)?;
        self.state("m.room.member", user.as_str(), content)
    }

    /// A state event.
    pub(super) fn state(&mut self, kind: &str, state_key: &str, content: Content) -> Result<(), RoomError> {
        let draft =
            draft(self.room_id.clone(), self.creator.clone(), kind, Some(state_key.to_owned()), content);
        append::append(self.tx, self.nid, draft, None, self.signer)?;
        Ok(())
    }
}

/// A random room id, for versions whose rooms are not named after their create event.
pub(super) fn choose_id(version: &RoomVersionId, signer: &Signer) -> Result<Option<OwnedRoomId>, RoomError> {
    let rules = version::rules(version).ok_or(RoomError::UnsupportedVersion)?;
    if rules.authorization.room_create_event_id_as_room_id {
        return Ok(None);
    }
    let opaque = random::letters(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 18);
    let room_id = RoomId::parse(format!("!{opaque}:{}", signer.server_name()));
    Ok(Some(room_id.map_err(|error| RoomError::InvalidParam(error.to_string()))?))
}

/// The content of a create event. Which members it has depends on the version; `asked` cannot overrule them.
pub(super) fn create_content(
    version: &RoomVersionId,
    creator: &UserId,
    mut asked: CanonicalJsonObject,
    equals: &[OwnedUserId],
) -> Result<Content, RoomError> {
    let rules = &version::rules(version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    asked.insert("room_version".into(), CanonicalJsonValue::String(version.to_string()));
    asked.remove("creator");
    if !rules.use_room_create_sender {
        asked.insert("creator".into(), CanonicalJsonValue::String(creator.to_string()));
    }
    if rules.additional_room_creators {
        let creators = additional_creators(asked.remove("additional_creators"), equals)?;
        if !creators.is_empty() {
            asked.insert("additional_creators".into(), CanonicalJsonValue::Array(creators));
        }
    }
    Content::parse(&CanonicalJsonValue::Object(asked).to_string())
}

/// Those named in the request and those who are equals anyway, each once.
fn additional_creators(
    asked: Option<CanonicalJsonValue>,
    equals: &[OwnedUserId],
) -> Result<Vec<CanonicalJsonValue>, RoomError> {
    let bad = || RoomError::BadJson("additional_creators must be a list of user ids.".into());
    let named = match asked {
        None => Vec::new(),
        Some(CanonicalJsonValue::Array(named)) => named,
        Some(_) => return Err(bad()),
    };
    let equals = equals.iter().map(|user| CanonicalJsonValue::String(user.to_string()));
    let mut creators = Vec::new();
    for creator in named.into_iter().chain(equals) {
        if creator.as_str().is_none_or(|id| UserId::parse(id).is_err()) {
            return Err(bad());
        }
        if !creators.contains(&creator) {
            creators.push(creator);
        }
    }
    Ok(creators)
}
