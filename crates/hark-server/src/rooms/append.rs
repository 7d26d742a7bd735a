//! Adding an event to a room, inside the writer.
//!
//! On one node a room has one head and one writer, so each event follows the one before it and sees exactly the state its author
//! saw. A sender builds, checks and signs beforehand ([`Prepared`]), to follow whatever is on its way ([`super::line`]); here the
//! work is only done again as far as the room has moved otherwise: a new place in the history needs new hashes and a new signature,
//! a changed state needs a new judgement.

use std::sync::Arc;

use ruma::{
    OwnedDeviceId, OwnedEventId, UserId,
    events::{StateEventType, room::member::MembershipState},
};

use super::{
    Draft, Link, Pdu, RoomError, Signer,
    auth::{AuthState, as_auth_event},
    card, notify, pdu, power, relating, version,
};
use crate::store::{Counted, LogEntry, LogKind, NewRow, Position, RoomHead, RoomNid, Slot, Snapshot, Tx};

/// An event built for a place in the room that may be another's by now.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) draft: Draft,
    link: Link,
    pdu: Pdu,
    /// `RoomHead::state_pos` it was judged at.
    judged_at: Position,
    auth: AuthState,
}

/// The device that sent an event and its transaction id, shown to that device again.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) device: OwnedDeviceId,
    pub(crate) txn: String,
}

impl Prepared {
    /// The state that allows `draft` in the room of `head`. State that is not known yet is read from `snapshot`; without one, `None`
    /// is returned if it would be needed.
    pub(crate) fn judge(
        draft: &Draft,
        head: &RoomHead,
        snapshot: Option<&Snapshot<'_>>,
    ) -> Result<Option<AuthState>, RoomError> {
        if let Some(auth) = AuthState::allowed(draft, head) {
            return Ok(Some(auth));
        }
        let rules = &version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
        if draft.kind == "m.room.power_levels" {
            power::check_levels(&draft.content)?;
        }
        let keys = AuthState::keys(draft, rules)?;
        let auth = match (AuthState::known(&keys, &head.known), snapshot) {
            (Some(auth), _) => auth,
            (None, Some(snapshot)) => AuthState::load(&keys, head, snapshot)?,
            (None, None) => return Ok(None),
        };
        auth.check(draft, &Link::after(head.slot(), &auth, rules), rules)?;
        auth.remember(draft, head);
        Ok(Some(auth))
    }

    /// Links and signs `draft`, which `auth` allows, after `slot`.
    pub(crate) fn sign(
        draft: Draft,
        auth: AuthState,
        head: &RoomHead,
        slot: Slot,
        signer: &Signer,
    ) -> Result<Self, RoomError> {
        let rules = version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?;
        let link = Link::after(slot, &auth, &rules.authorization);
        let pdu = draft.sign(&link, signer, rules)?;
        Ok(Self { draft, link, pdu, judged_at: head.state_pos, auth })
    }

    /// Judges and signs `draft` to follow `head`, with all state at hand.
    pub(crate) fn make(
        draft: Draft,
        head: &RoomHead,
        snapshot: &Snapshot<'_>,
        signer: &Signer,
    ) -> Result<Self, RoomError> {
        let auth = Self::judge(&draft, head, Some(snapshot))?.ok_or_else(RoomError::not_in_room)?;
        Self::sign(draft, auth, head, head.slot(), signer)
    }

    /// Where the next event stands if this one is added as it is.
    pub(crate) fn slot(&self) -> Slot {
        Slot { event: Some(self.pdu.event_id.clone()), depth: self.link.depth }
    }

    /// True if everything that may go wrong with it does so before anything of it is written.
    pub(crate) fn is_plain(&self) -> bool {
        self.draft.state_key.is_none() && redaction_target(&self.draft).is_none()
    }

    /// The same event after `head`, doing again only what its movement made wrong.
    fn follow(mut self, head: &RoomHead, tx: &Tx<'_>, signer: &Signer) -> Result<Self, RoomError> {
        if head.state_pos != self.judged_at {
            return Self::make(self.draft, head, tx, signer);
        }
        if self.link.prev != head.event {
            let rules = version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?;
            self.link.prev.clone_from(&head.event);
            self.link.depth = head.depth + 1;
            self.pdu = self.draft.sign(&self.link, signer, rules)?;
        }
        Ok(self)
    }
}

/// Adds an event prepared beforehand and returns its id.
pub(crate) fn append_prepared(
    tx: &mut Tx<'_>,
    room: RoomNid,
    prepared: Prepared,
    origin: Option<&Origin>,
    signer: &Signer,
) -> Result<OwnedEventId, RoomError> {
    let head = tx.head(room)?.ok_or_else(RoomError::not_in_room)?;
    let prepared = prepared.follow(&head, tx, signer)?;
    insert(tx, &head, prepared, origin)
}

/// Builds an event here, adds it and returns its id.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    room: RoomNid,
    draft: Draft,
    origin: Option<&Origin>,
    signer: &Signer,
) -> Result<OwnedEventId, RoomError> {
    let head = tx.head(room)?.ok_or_else(RoomError::not_in_room)?;
    let prepared = Prepared::make(draft, &head, tx, signer)?;
    insert(tx, &head, prepared, origin)
}

/// Makes a room with its create event, whose room id may be made from that very event. Two rooms that are made alike in the same
/// millisecond would then be one: the later one is dated a millisecond on.
pub(crate) fn append_create(
    tx: &mut Tx<'_>,
    mut draft: Draft,
    room_version: &ruma::RoomVersionId,
    signer: &Signer,
) -> Result<Arc<RoomHead>, RoomError> {
    let rules = version::rules(room_version).ok_or(RoomError::UnsupportedVersion)?;
    let link = Link { prev: None, depth: 1, auth: Vec::new() };
    let auth = AuthState::nothing();
    auth.check(&draft, &link, &rules.authorization)?;
    let (pdu, room_id) = loop {
        let pdu = draft.sign(&link, signer, rules)?;
        let room_id = match &draft.room_id {
            Some(room_id) => room_id.clone(),
            None => ruma::RoomId::parse(format!("!{}", pdu.event_id.as_str().trim_start_matches('$')))
                .map_err(|error| RoomError::BadJson(error.to_string()))?,
        };
        if tx.room_nid(&room_id)?.is_none() {
            break (pdu, room_id);
        }
        draft.ts = ruma::MilliSecondsSinceUnixEpoch(draft.ts.0 + ruma::uint!(1));
    };
    let head = tx.create_room(&room_id, room_version)?;
    let nid = head.nid;
    tx.insert_card(nid)?;
    let prepared = Prepared { draft, link, pdu, judged_at: head.state_pos, auth };
    insert(tx, &head, prepared, None)?;
    tx.head(nid)?.ok_or_else(RoomError::not_in_room)
}

/// Writes the event and all that follows from it.
fn insert(
    tx: &mut Tx<'_>,
    head: &RoomHead,
    prepared: Prepared,
    origin: Option<&Origin>,
) -> Result<OwnedEventId, RoomError> {
    let Prepared { draft, link, pdu, auth, .. } = prepared;
    let room = head.nid;
    let member = member_change(&draft)?;
    let parent = relating::parent(tx, room, &draft)?;
    let notice = notify::by_default(tx, head, &draft)?;
    let thread = parent.as_ref().and_then(|parent| relating::thread(&draft, parent));
    let pos = tx.append(LogEntry {
        kind: LogKind::Event,
        room: Some(room),
        user: member.as_ref().map(|(user, _)| user.as_ref()),
    })?;

    let mut next = head.clone();
    next.event = Some(pdu.event_id.clone());
    next.pos = pos;
    next.depth = link.depth;
    next.learn(auth.found());
    let counted = count(tx, &mut next, thread, notice.all)?;

    let mut replaces = None;
    if let Some(state_key) = &draft.state_key {
        replaces = tx.set_state(room, &draft.kind, state_key, pos)?;
        if state_key.is_empty() {
            card::note(tx, room, &draft.kind, draft.content.object())?;
        }
        next.state_moved(pos);
        let key = (StateEventType::from(draft.kind.as_str()), state_key.clone());
        next.set(key, Arc::new(as_auth_event(&draft, &link, pdu.event_id.clone())?));
    }
    if let Some((user, state)) = &member {
        let before = tx.set_membership(user, room, pos, state, &draft.sender)?;
        let was = before.map(|before| before.state);
        next.joined += change(was.as_ref(), state, &MembershipState::Join);
        next.invited += change(was.as_ref(), state, &MembershipState::Invite);
    }
    let redacts = redaction_target(&draft);
    let relation = relating::parts(&draft.content);
    tx.insert_event(&NewRow {
        pos,
        room,
        draft: &draft,
        pdu: &pdu,
        replaces,
        redacts: redacts.as_deref(),
        relation,
        counted,
        origin: origin.map(|origin| (origin.device.as_ref(), origin.txn.as_str())),
    })?;
    if let Some(parent) = &parent {
        tx.mark_related(parent)?;
    }
    notice.write(tx, room, &counted, pos)?;
    if let Some(target) = &redacts {
        apply_redaction(tx, &mut next, target, pos)?;
    }
    tx.set_head(next);
    Ok(pdu.event_id)
}

/// Adds an event to the totals of its room, and of its thread if it is in one.
fn count(
    tx: &mut Tx<'_>,
    head: &mut RoomHead,
    thread: Option<Position>,
    notifies: bool,
) -> Result<Counted, RoomError> {
    let one = i64::from(notifies);
    head.notify_total += one;
    let thread_total = if let Some(root) = thread {
        tx.add_to_thread(head.nid, root, one, head.pos)?
    } else {
        head.main_total += one;
        0
    };
    let (notify_total, main_total) = (head.notify_total, head.main_total);
    Ok(Counted { thread, notifies, notify_total, main_total, thread_total })
}

/// Who a member event is about and what it makes them.
fn member_change(draft: &Draft) -> Result<Option<(ruma::OwnedUserId, MembershipState)>, RoomError> {
    let (true, Some(user)) = (draft.kind == "m.room.member", &draft.state_key) else { return Ok(None) };
    let user = UserId::parse(user.as_str())
        .map_err(|_| RoomError::InvalidParam("The state key of a member event must be a user id.".into()))?;
    let state = draft.content.text("membership").unwrap_or_default().into();
    Ok(Some((user, state)))
}

/// How a count of members with `counted` changes.
fn change(was: Option<&MembershipState>, is: &MembershipState, counted: &MembershipState) -> i64 {
    i64::from(is == counted) - i64::from(was == Some(counted))
}

/// The event a redaction is for, wherever its room version writes it.
fn redaction_target(draft: &Draft) -> Option<OwnedEventId> {
    if draft.kind != "m.room.redaction" {
        return None;
    }
    let in_content = || draft.content.text("redacts").and_then(|id| OwnedEventId::try_from(id).ok());
    draft.redacts.clone().or_else(in_content)
}

/// Empties the target in the same transaction. Whether the sender may was checked before the redaction was appended.
fn apply_redaction(
    tx: &mut Tx<'_>,
    head: &mut RoomHead,
    target: &ruma::EventId,
    by: Position,
) -> Result<(), RoomError> {
    let rules = version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?;
    let Some(target) = tx.event_by_id(target)? else { return Ok(()) };
    if target.room != head.nid || target.redacted_by.is_some() {
        return Ok(());
    }
    tx.redact_event(target.pos, by, |json| pdu::redact(json, rules))?;
    if let Some(state_key) = &target.state_key {
        // What is left of it is what later events are judged by.
        head.forget(&(StateEventType::from(target.kind.as_str()), state_key.clone()));
        head.state_moved(by);
    }
    card::note_redacted(tx, &target)
}
