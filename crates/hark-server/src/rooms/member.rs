//! Coming and going: join, invite, leave, kick, ban, unban, knock, forget.
//!
//! The auth rules judge every member event. What stands here is what they leave open: repeating what is already so, nicer refusals,
//! and the profile that goes into the event. A member event a client writes by hand goes the same way as the endpoints.

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedEventId, OwnedRoomId, OwnedUserId, UserId,
    events::{StateEventType, room::member::MembershipState},
};

use super::{
    Content, RoomError, Rooms, Signer, append, carry, draft,
    voucher::{self, is_in},
};
use crate::{
    invites,
    store::{LogEntry, LogKind, Membership, RoomNid, Snapshot, Tx},
};

/// What a client cannot say of itself in a member event.
pub(crate) const OURS: [&str; 2] = ["membership", "join_authorised_via_users_server"];

/// What happens to whom.
#[derive(Clone, Debug)]
pub(crate) enum MemberChange {
    /// The sender joins.
    Join,
    /// The sender leaves, turns an invitation down, or takes a knock back.
    Leave,
    /// The sender asks to be let in.
    Knock,
    /// The sender asks another in.
    Invite(OwnedUserId),
    /// The sender shows another out.
    Kick(OwnedUserId),
    /// The sender keeps another out.
    Ban(OwnedUserId),
    /// The sender lifts a ban.
    Unban(OwnedUserId),
}

impl Rooms {
    /// Makes one change of membership. `extra` goes into the member event. Durable when it returns.
    pub(crate) async fn change_member(
        &self,
        room: OwnedRoomId,
        sender: OwnedUserId,
        change: MemberChange,
        extra: CanonicalJsonObject,
    ) -> Result<(), RoomError> {
        let signer = self.signer.clone();
        if let MemberChange::Invite(target) = &change {
            self.check_local(target)?;
        }
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                let extra = match change {
                    MemberChange::Join => match rejoin(tx, nid, &room, &sender, extra)? {
                        Some(extra) => extra,
                        None => return Ok(()),
                    },
                    _ => extra,
                };
                Step { room, nid, sender, change, extra }.take(tx, &signer)?;
                Ok(())
            })
            .await
    }

    /// Sets a member event as a client wrote it; the answer is the event in force then.
    pub(crate) async fn set_member(
        &self,
        room: OwnedRoomId,
        sender: OwnedUserId,
        state_key: &str,
        content: &Content,
    ) -> Result<OwnedEventId, RoomError> {
        let target = UserId::parse(state_key).map_err(|_| {
            RoomError::InvalidParam("The state key of a member event must be a user id.".into())
        })?;
        let becomes: MembershipState = content
            .text("membership")
            .ok_or_else(|| RoomError::BadJson("A member event must say a membership.".into()))?
            .into();
        if becomes == MembershipState::Invite {
            self.check_local(&target)?;
        }
        let mut extra = content.object().clone();
        for name in OURS {
            extra.remove(name);
        }
        let signer = self.signer.clone();
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                let banned =
                    tx.membership(&target, nid)?.is_some_and(|member| member.state == MembershipState::Ban);
                let change = MemberChange::of(&becomes, target, &sender, banned)?;
                Step { room, nid, sender, change, extra }.take(tx, &signer)
            })
            .await
    }

    /// The user wants to hear no more of a room they are not in.
    pub(crate) async fn forget(&self, room: OwnedRoomId, user: OwnedUserId) -> Result<(), RoomError> {
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                let membership = tx.membership(&user, nid)?.ok_or_else(RoomError::not_in_room)?;
                if !matches!(membership.state, MembershipState::Leave | MembershipState::Ban) {
                    return Err(RoomError::Unknown("Leave the room before you forget it."));
                }
                tx.set_forgotten(&user, nid)?;
                tx.append(LogEntry { kind: LogKind::Forget, room: None, user: Some(&user) })?;
                Ok(())
            })
            .await
    }

    /// There is no federation, so somebody of another server could never answer.
    pub(super) fn check_local(&self, user: &UserId) -> Result<(), RoomError> {
        if user.server_name() == self.server_name() {
            return Ok(());
        }
        Err(RoomError::Forbidden(
            "That person is on another server, which this server does not talk to.".into(),
        ))
    }
}

/// Refuses to invite who is not there, or does not want it.
pub(super) fn check_invitable(
    snapshot: &Snapshot<'_>,
    target: &UserId,
    inviter: &UserId,
) -> Result<(), RoomError> {
    if !snapshot.user_exists(target)? {
        return Err(RoomError::NotFound("There is nobody of that name on this server."));
    }
    if invites::verdict(snapshot, target, inviter)? == invites::Verdict::Block {
        return Err(RoomError::InviteBlocked);
    }
    Ok(())
}

/// Takes `user` out of a room: they leave, turn the invitation down, or take the knock back.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    nid: RoomNid,
    user: &OwnedUserId,
    signer: &Signer,
) -> Result<(), RoomError> {
    let Some(room) = tx.room(nid)? else { return Ok(()) };
    let step = Step {
        room: room.id,
        nid,
        sender: user.clone(),
        change: MemberChange::Leave,
        extra: CanonicalJsonObject::new(),
    };
    step.take(tx, signer).map(drop)
}

/// What a member who joins again asks to have in their event: what is there and what is new. `None` if there is nothing new.
fn rejoin(
    tx: &Tx<'_>,
    nid: RoomNid,
    room: &OwnedRoomId,
    user: &UserId,
    asked: CanonicalJsonObject,
) -> Result<Option<CanonicalJsonObject>, RoomError> {
    if !is_in(tx, nid, user)? {
        return Ok(Some(asked));
    }
    if asked.keys().all(|name| name == "reason") {
        return Ok(None);
    }
    let Some(event) = tx.auth_event(nid, room, &StateEventType::RoomMember, user.as_str())? else {
        return Ok(Some(asked));
    };
    let mut extra = Content::parse(event.content.get())?.object().clone();
    // The reason was that of the first time.
    OURS.iter().chain(&["reason"]).for_each(|name| drop(extra.remove(*name)));
    extra.extend(asked);
    Ok(Some(extra))
}

impl MemberChange {
    /// The change that makes `target` what a member event of `sender` says.
    fn of(
        becomes: &MembershipState,
        target: OwnedUserId,
        sender: &UserId,
        banned: bool,
    ) -> Result<Self, RoomError> {
        let own = target == sender;
        Ok(match becomes {
            MembershipState::Join if own => Self::Join,
            MembershipState::Knock if own => Self::Knock,
            MembershipState::Leave if own => Self::Leave,
            MembershipState::Leave if banned => Self::Unban(target),
            MembershipState::Leave => Self::Kick(target),
            MembershipState::Invite => Self::Invite(target),
            MembershipState::Ban => Self::Ban(target),
            MembershipState::Join | MembershipState::Knock => {
                return Err(RoomError::Forbidden("Everybody joins and knocks for themselves.".into()));
            }
            _ => return Err(RoomError::BadJson("There is no such membership.".into())),
        })
    }

    fn target<'a>(&'a self, sender: &'a UserId) -> &'a UserId {
        match self {
            Self::Join | Self::Leave | Self::Knock => sender,
            Self::Invite(target) | Self::Kick(target) | Self::Ban(target) | Self::Unban(target) => target,
        }
    }

    fn becomes(&self) -> MembershipState {
        match self {
            Self::Join => MembershipState::Join,
            Self::Leave | Self::Kick(_) | Self::Unban(_) => MembershipState::Leave,
            Self::Knock => MembershipState::Knock,
            Self::Invite(_) => MembershipState::Invite,
            Self::Ban(_) => MembershipState::Ban,
        }
    }

    fn check_before(&self, before: Option<&Membership>) -> Result<(), RoomError> {
        let state = before.map(|before| &before.state);
        match (self, state) {
            (Self::Kick(_), None | Some(MembershipState::Leave | MembershipState::Ban)) => {
                Err(RoomError::Forbidden("That person is not in the room.".into()))
            }
            (Self::Unban(_), state) if state != Some(&MembershipState::Ban) => {
                Err(RoomError::Forbidden("That person is not banned.".into()))
            }
            (Self::Leave, None) => Err(RoomError::not_in_room()),
            _ => Ok(()),
        }
    }
}

/// One change about to be made.
struct Step {
    room: OwnedRoomId,
    nid: RoomNid,
    sender: OwnedUserId,
    change: MemberChange,
    /// What the request wants in the event.
    extra: CanonicalJsonObject,
}

impl Step {
    fn take(self, tx: &mut Tx<'_>, signer: &Signer) -> Result<OwnedEventId, RoomError> {
        let target = self.change.target(&self.sender).to_owned();
        let before = tx.membership(&target, self.nid)?;
        if target != self.sender && !is_in(tx, self.nid, &self.sender)? {
            return Err(RoomError::not_in_room());
        }
        if let MemberChange::Invite(target) = &self.change {
            check_invitable(tx, target, &self.sender)?;
        }
        let current = tx.auth_event(self.nid, &self.room, &StateEventType::RoomMember, target.as_str())?;
        let left_before = before.as_ref().is_some_and(|before| before.state == MembershipState::Leave);
        if let (MemberChange::Leave, true, Some(current)) = (&self.change, left_before, &current) {
            return Ok(current.event_id.clone());
        }
        self.change.check_before(before.as_ref())?;
        let content = self.content(tx, &target, before.as_ref())?;
        // Saying again what one has said adds nothing.
        if let Some(current) = current
            && current.sender == self.sender
            && current.content.get() == content.json()
        {
            return Ok(current.event_id.clone());
        }
        let draft = draft(self.room, self.sender, "m.room.member", Some(target.to_string()), content);
        let event = append::append(tx, self.nid, draft, None, signer)?;
        let was_in = before.is_some_and(|before| before.is_joined());
        if matches!(self.change, MemberChange::Join) && !was_in {
            carry::over(tx, self.nid, &target)?;
        }
        Ok(event)
    }

    fn content(
        &self,
        tx: &mut Tx<'_>,
        target: &UserId,
        before: Option<&Membership>,
    ) -> Result<Content, RoomError> {
        let mut extra = self.extra.clone();
        let needs_nobody = before
            .is_some_and(|before| matches!(before.state, MembershipState::Invite | MembershipState::Join));
        if let (MemberChange::Join, false) = (&self.change, needs_nobody)
            && let Some(voucher) = voucher::for_join(tx, self.nid, target)?
        {
            let name = "join_authorised_via_users_server";
            extra.insert(name.into(), CanonicalJsonValue::String(voucher.into()));
        }
        content(tx, target, &self.change.becomes(), extra)
    }
}

/// The content of a member event: the membership, who the target is, and what else the request says.
pub(super) fn content(
    snapshot: &Snapshot<'_>,
    target: &UserId,
    membership: &MembershipState,
    extra: CanonicalJsonObject,
) -> Result<Content, RoomError> {
    let mut content = CanonicalJsonObject::new();
    if matches!(membership, MembershipState::Join | MembershipState::Invite | MembershipState::Knock) {
        let profile = snapshot.profile(target)?;
        for field in ["displayname", "avatar_url"] {
            if let Some(value) = profile.get(field).and_then(serde_json::Value::as_str) {
                content.insert(field.into(), CanonicalJsonValue::String(value.to_owned()));
            }
        }
    }
    content.extend(extra);
    content.insert("membership".into(), CanonicalJsonValue::String(membership.to_string()));
    Content::parse(&CanonicalJsonValue::Object(content).to_string())
}
