//! Coming and going: join, invite, leave, kick, ban, unban, knock, forget.
//!
//! The auth rules judge every member event. What stands here is what they leave open: repeating what is already so, nicer refusals,
//! the profile that goes into the event, and who vouches for a restricted join.

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomId, UserId,
    events::{StateEventType, room::member::MembershipState},
    room::{AllowRule, JoinRule},
};

use super::{Content, RoomError, Rooms, append, draft, power};
use crate::store::{LogEntry, LogKind, Membership, RoomHead, RoomNid, Snapshot, StoreError, Tx};

/// What happens to whom.
#[derive(Clone, Debug)]
pub(crate) enum MemberChange {
    /// The sender joins; the request's further members go into the event.
    Join(CanonicalJsonObject),
    /// The sender leaves, or turns an invitation down.
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
    /// Makes one change of membership. Durable when it returns.
    pub(crate) async fn change_member(
        &self,
        room: OwnedRoomId,
        sender: OwnedUserId,
        change: MemberChange,
        reason: Option<String>,
    ) -> Result<(), RoomError> {
        let signer = self.signer.clone();
        if let MemberChange::Invite(target) = &change {
            self.check_local(target)?;
        }
        self.store
            .write(move |tx| {
                let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                let before = tx.membership(change.target(&sender), nid)?;
                if change.target(&sender) != sender && !is_in(tx, nid, &sender)? {
                    return Err(RoomError::not_in_room());
                }
                if let MemberChange::Invite(target) = &change
                    && !tx.user_exists(target)?
                {
                    return Err(RoomError::NotFound("There is nobody of that name on this server."));
                }
                if change.is_so_already(before.as_ref()) {
                    return Ok(());
                }
                change.check_before(before.as_ref())?;
                let content = change.content(tx, nid, &sender, before.as_ref(), reason)?;
                let target = change.target(&sender).to_string();
                let draft = draft(room, sender, "m.room.member", Some(target), content);
                append::append(tx, nid, draft, None, &signer)?;
                Ok(())
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

impl MemberChange {
    fn target<'a>(&'a self, sender: &'a UserId) -> &'a UserId {
        match self {
            Self::Join(_) | Self::Leave | Self::Knock => sender,
            Self::Invite(target) | Self::Kick(target) | Self::Ban(target) | Self::Unban(target) => target,
        }
    }

    fn becomes(&self) -> MembershipState {
        match self {
            Self::Join(_) => MembershipState::Join,
            Self::Leave | Self::Kick(_) | Self::Unban(_) => MembershipState::Leave,
            Self::Knock => MembershipState::Knock,
            Self::Invite(_) => MembershipState::Invite,
            Self::Ban(_) => MembershipState::Ban,
        }
    }

    /// A repeated join or leave adds nothing.
    fn is_so_already(&self, before: Option<&Membership>) -> bool {
        match (self, before.map(|before| &before.state)) {
            (Self::Join(extra), Some(MembershipState::Join)) => extra.is_empty(),
            (Self::Leave, Some(MembershipState::Leave)) => true,
            _ => false,
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

    fn content(
        &self,
        tx: &Tx<'_>,
        room: RoomNid,
        sender: &UserId,
        before: Option<&Membership>,
        reason: Option<String>,
    ) -> Result<Content, RoomError> {
        let mut extra = match self {
            Self::Join(extra) => extra.clone(),
            _ => CanonicalJsonObject::new(),
        };
        if let Some(reason) = reason {
            extra.insert("reason".into(), CanonicalJsonValue::String(reason));
        }
        let invited = before.is_some_and(|before| before.state == MembershipState::Invite);
        if let (Self::Join(_), false) = (self, invited)
            && let Some(voucher) = voucher(tx, room, sender)?
        {
            extra.insert(
                "join_authorised_via_users_server".into(),
                CanonicalJsonValue::String(voucher.into()),
            );
        }
        content(tx, self.target(sender), &self.becomes(), extra)
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

/// Who vouches for a join that the join rule allows to members of other rooms: a joined member who may invite.
fn voucher(tx: &Tx<'_>, room: RoomNid, user: &UserId) -> Result<Option<OwnedUserId>, RoomError> {
    let Some(head) = tx.stored_head(room)? else { return Ok(None) };
    let Some(rules) = power::current(tx, &head, StateEventType::RoomJoinRules)? else { return Ok(None) };
    // A mangled rule allows nobody: the auth rules refuse the join.
    let Ok(rule) = serde_json::from_str::<JoinRule>(rules.content.get()) else { return Ok(None) };
    let (JoinRule::Restricted(restricted) | JoinRule::KnockRestricted(restricted)) = rule else {
        return Ok(None);
    };
    for allowed in restricted.allow {
        let AllowRule::RoomMembership(allowed) = allowed else { continue };
        if is_joined(tx, &allowed.room_id, user)? {
            return a_member_who_may_invite(tx, &head);
        }
    }
    Ok(None)
}

fn is_joined(snapshot: &Snapshot<'_>, room: &RoomId, user: &UserId) -> Result<bool, StoreError> {
    let Some(nid) = snapshot.room_nid(room)? else { return Ok(false) };
    is_in(snapshot, nid, user)
}

fn is_in(snapshot: &Snapshot<'_>, room: RoomNid, user: &UserId) -> Result<bool, StoreError> {
    Ok(snapshot.membership(user, room)?.is_some_and(|membership| membership.is_joined()))
}

fn a_member_who_may_invite(tx: &Tx<'_>, head: &RoomHead) -> Result<Option<OwnedUserId>, RoomError> {
    let levels = power::power_levels(tx, head)?;
    let creators = levels.rules.privileged_creators.iter().flatten();
    for user in creators.chain(levels.users.keys()).filter(|user| levels.user_can_invite(user)) {
        if is_in(tx, head.nid, user)? {
            return Ok(Some(user.clone()));
        }
    }
    // Nobody is named, but everybody may invite.
    let members = tx.members_at(head.nid, head.pos)?;
    Ok(members
        .into_iter()
        .find(|member| member.is_joined() && levels.user_can_invite(&member.user))
        .map(|m| m.user))
}
