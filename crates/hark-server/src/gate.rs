//! The gate: what of a room a user may see and do (SERVER: "Visibility of one event").
//!
//! Every read path goes through a [`Viewer`], one user's view of one room, which turns a [`StoredEvent`] into a [`Visible`] or
//! nothing. Only a `Visible` can be rendered: the content of a stored event is read with a [`Pass`], and passes are made here.

mod preview;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ruma::{
    DeviceId, EventId, OwnedUserId, RoomId, UserId,
    events::room::{history_visibility::HistoryVisibility, member::MembershipState},
};

use crate::{
    rooms::RoomError,
    store::{Members, Membership, Position, Room, RoomNid, Snapshot, StoreError, StoredEvent, to_json_error},
};

pub(crate) use self::preview::Preview;

/// Proof that the gate let an event through.
#[derive(Clone, Debug)]
pub(crate) struct Pass(());

/// An event its viewer may see.
#[derive(Clone, Debug)]
pub(crate) struct Visible {
    event: StoredEvent,
    /// The viewer's membership at the event (MSC4115).
    membership: MembershipState,
    pass: Pass,
}

impl Visible {
    /// Place, type and author.
    pub(crate) fn event(&self) -> &StoredEvent {
        &self.event
    }

    /// The content as JSON text.
    pub(crate) fn content(&self) -> &str {
        self.event.content(&self.pass)
    }

    /// The whole PDU as canonical JSON.
    pub(crate) fn pdu(&self) -> &str {
        self.event.pdu(&self.pass)
    }

    /// The viewer's membership at the event.
    pub(crate) fn membership(&self) -> &MembershipState {
        &self.membership
    }

    /// The state event this one replaced: who sees a change of state sees what it changed.
    pub(crate) fn replaced(&self, snapshot: &Snapshot<'_>) -> Result<Option<Self>, StoreError> {
        self.follow(self.event.replaces, snapshot)
    }

    /// The redaction that emptied this event.
    pub(crate) fn redaction(&self, snapshot: &Snapshot<'_>) -> Result<Option<Self>, StoreError> {
        self.follow(self.event.redacted_by, snapshot)
    }

    fn follow(&self, pos: Option<Position>, snapshot: &Snapshot<'_>) -> Result<Option<Self>, StoreError> {
        let Some(pos) = pos else { return Ok(None) };
        let found = snapshot.event_at(pos)?;
        Ok(found.map(|event| Self { event, membership: self.membership.clone(), pass: self.pass.clone() }))
    }
}

/// Users of whom a user hears less than of others: those whose messages they do not want (`m.ignored_user_list`), and those who had
/// themselves erased.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored {
    unwanted: Arc<HashSet<OwnedUserId>>,
    /// With when, in the log.
    erased: Arc<HashMap<OwnedUserId, Position>>,
}

impl Ignored {
    /// The type of account data that lists them.
    pub(crate) const TYPE: &'static str = "m.ignored_user_list";

    /// Reads the list from the user's account data; a malformed one ignores nobody.
    pub(crate) fn load(snapshot: &Snapshot<'_>, user: &UserId) -> Result<Self, StoreError> {
        #[derive(serde::Deserialize)]
        struct Content {
            ignored_users: std::collections::BTreeMap<OwnedUserId, serde_json::Value>,
        }
        let stored = snapshot.account_data(user, None, Self::TYPE)?;
        let content = stored.and_then(|content| serde_json::from_str::<Content>(content.get()).ok());
        let unwanted = content.into_iter().flat_map(|content| content.ignored_users.into_keys()).collect();
        let erased = snapshot.erased_users()?.into_iter().collect();
        Ok(Self { unwanted: Arc::new(unwanted), erased: Arc::new(erased) })
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &UserId> {
        self.unwanted.iter().map(AsRef::as_ref)
    }

    /// True if the user does not want to hear of `other`.
    pub(crate) fn contains(&self, other: &UserId) -> bool {
        self.unwanted.contains(other)
    }
}

/// One user's view of one room.
pub(crate) struct Viewer<'a> {
    snapshot: &'a Snapshot<'a>,
    user: &'a UserId,
    room: RoomNid,
    /// Every stretch of the user's membership, oldest first.
    history: Vec<Membership>,
    /// From where on which visibility was in force, oldest first.
    visibility: Vec<(Position, HistoryVisibility)>,
    ignored: Ignored,
}

impl<'a> Viewer<'a> {
    /// The view of a room by whoever it is; it may show nothing.
    pub(crate) fn load(
        snapshot: &'a Snapshot<'a>,
        user: &'a UserId,
        room: RoomNid,
        ignored: Ignored,
    ) -> Result<Self, StoreError> {
        let history = snapshot.membership_history(user, room)?;
        let mut visibility = Vec::new();
        for pos in snapshot.state_history(room, "m.room.history_visibility", "")? {
            visibility.push((pos, visibility_of(&snapshot.content_json(pos)?)?));
        }
        Ok(Self { snapshot, user, room, history, visibility, ignored })
    }

    /// The view of a room for a request about it: refused, in the same words as for a room that does not exist, unless the user
    /// is or was joined, or everybody may look in.
    pub(crate) fn of_request(
        snapshot: &'a Snapshot<'a>,
        user: &'a UserId,
        room: &RoomId,
    ) -> Result<(Self, Room), RoomError> {
        let room = snapshot.room_by_id(room)?.ok_or_else(RoomError::not_in_room)?;
        let viewer = Self::load(snapshot, user, room.nid, Ignored::load(snapshot, user)?)?;
        if viewer.state_position().is_none() {
            return Err(RoomError::not_in_room());
        }
        Ok((viewer, room))
    }

    /// Lets the event through if the user may see it.
    pub(crate) fn see(&self, event: StoredEvent) -> Option<Visible> {
        self.shows(&event).then(|| self.visible(event))
    }

    /// Lets the event through if the user may see it, or knows it anyhow because it is the room's state at `at`.
    pub(crate) fn see_or_know(
        &self,
        event: StoredEvent,
        at: Position,
    ) -> Result<Option<Visible>, StoreError> {
        if self.shows(&event) {
            return Ok(Some(self.visible(event)));
        }
        let Some(state_key) = &event.state_key else { return Ok(None) };
        let in_force = self.snapshot.state_pos(self.room, &event.kind, state_key, at)?;
        Ok(if in_force == Some(event.pos) { self.see_state(event) } else { None })
    }

    fn shows(&self, event: &StoredEvent) -> bool {
        if self.ignored.contains(&event.sender) && event.state_key.is_none() {
            return false;
        }
        let visibility_change =
            event.kind == "m.room.history_visibility" && event.state_key.as_deref() == Some("");
        let own = event.is_member_of(self.user);
        event.room == self.room && self.may_see(event.pos, visibility_change, own)
    }

    /// True if the user may see a message of `sender` at `pos`, for counting messages without reading them.
    pub(crate) fn sees_message(&self, pos: Position, sender: &UserId) -> bool {
        !self.ignored.contains(sender) && self.may_see(pos, false, false)
    }

    /// Whose view it is.
    pub(crate) fn user(&self) -> &'a UserId {
        self.user
    }

    /// Lets an event through as part of the room's state at [`Self::state_position`], whenever it was sent. What the user's own
    /// membership became is theirs to know even after that.
    pub(crate) fn see_state(&self, event: StoredEvent) -> Option<Visible> {
        let known =
            event.is_member_of(self.user) || self.state_position().is_some_and(|upto| event.pos <= upto);
        (event.room == self.room && event.state_key.is_some() && known).then(|| self.visible(event))
    }

    /// Up to where the user may know the room's state: the end for members and where the world may look in, their leave for
    /// those who left; `None` for everybody else.
    pub(crate) fn state_position(&self) -> Option<Position> {
        let present = self.history.last();
        if present.is_some_and(Membership::is_joined)
            || self.visibility_at(Position::FOREVER) == HistoryVisibility::WorldReadable
        {
            return Some(Position::FOREVER.before());
        }
        // Invited or banned after leaving: what they know ends where they left all the same.
        let last_joined = self.history.iter().rposition(Membership::is_joined)?;
        // What was forgotten stays so until they join again: an invitation brings nothing back.
        let forgotten = self.history[last_joined..].iter().any(|stretch| stretch.forgotten);
        (!forgotten).then(|| self.history[last_joined].to)
    }

    /// Behind this the user may see nothing: not even their own membership changes there, nor may the world look in.
    pub(crate) fn horizon(&self) -> Position {
        let own = self.history.last().map(|present| present.from);
        let open = self
            .visibility
            .iter()
            .rposition(|(_, visibility)| *visibility == HistoryVisibility::WorldReadable);
        let closed = open.map(|open| {
            self.visibility.get(open + 1).map_or(Position::FOREVER.before(), |(closing, _)| *closing)
        });
        [own, closed, self.state_position()].into_iter().flatten().max().unwrap_or_default()
    }

    fn visible(&self, event: StoredEvent) -> Visible {
        let membership = self.membership_at(event.pos).unwrap_or(MembershipState::Leave);
        let event = if self.came_too_late_for(&event) { event.emptied(self.snapshot) } else { event };
        Visible { event, membership, pass: Pass(()) }
    }

    /// True for what somebody said who was erased since, if the user came to the room only after that (spec: "POST
    /// …/account/deactivate"): they are shown what a redaction would leave. The room's state stays what it is.
    fn came_too_late_for(&self, event: &StoredEvent) -> bool {
        let erased = self.ignored.erased.get(&event.sender);
        erased.is_some_and(|erased| {
            let was_there = |stretch: &Membership| stretch.is_joined() && stretch.from < *erased;
            event.state_key.is_none() && !self.history.iter().any(was_there)
        })
    }

    /// True if the user is or was in the room.
    pub(crate) fn was_joined(&self) -> bool {
        self.history.iter().any(Membership::is_joined)
    }

    fn membership_at(&self, pos: Position) -> Option<MembershipState> {
        let at = self.history.iter().rev().find(|stretch| stretch.from <= pos)?;
        Some(at.state.clone())
    }

    fn visibility_at(&self, pos: Position) -> HistoryVisibility {
        let at = self.visibility.iter().rev().find(|(from, _)| *from <= pos);
        at.map_or(HistoryVisibility::Shared, |(_, visibility)| visibility.clone())
    }

    fn may_see(&self, pos: Position, visibility_change: bool, own: bool) -> bool {
        // A change of visibility is seen by those who see what was before it, too.
        let mut visibilities = vec![self.visibility_at(pos)];
        if visibility_change {
            visibilities.push(self.visibility_at(pos.before()));
        }
        if visibilities.contains(&HistoryVisibility::WorldReadable) {
            return true;
        }
        // What becomes of one's own membership one is told, were it a refused knock.
        if own {
            return true;
        }
        if self.state_position().is_none_or(|end| pos > end) {
            return false;
        }
        let at = self.membership_at(pos);
        at == Some(MembershipState::Join)
            || visibilities.iter().any(|visibility| match visibility {
                HistoryVisibility::Shared => {
                    self.history.iter().any(|stretch| stretch.is_joined() && stretch.to > pos)
                }
                HistoryVisibility::Invited => at == Some(MembershipState::Invite),
                _ => false,
            })
    }

    /// The snapshot this view is of.
    pub(crate) fn snapshot(&self) -> &'a Snapshot<'a> {
        self.snapshot
    }

    /// An event of this room by its id, if it may be seen.
    pub(crate) fn event(&self, id: &EventId) -> Result<Option<Visible>, StoreError> {
        Ok(self.snapshot.event_by_id(id)?.and_then(|event| self.see(event)))
    }

    /// The room's state as far as the user may know it at `at`.
    pub(crate) fn state(&self, at: Position, members: Members) -> Result<Vec<Visible>, StoreError> {
        let Some(end) = self.state_position() else { return Ok(Vec::new()) };
        let state = self.snapshot.state_at(self.room, at.min(end), members)?;
        Ok(state.into_iter().filter_map(|event| self.see_state(event)).collect())
    }
}

/// State types an invited (or knocking) user is shown (spec: "Stripped state").
const STRIPPED: [&str; 8] = [
    "m.room.create",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.join_rules",
    "m.room.canonical_alias",
    "m.room.encryption",
    "m.room.member",
];

/// What an invited or knocking user is told of the room: the types above, the inviter's and their own member events.
pub(crate) fn stripped(snapshot: &Snapshot<'_>, membership: &Membership) -> Result<Vec<Visible>, StoreError> {
    if !matches!(membership.state, MembershipState::Invite | MembershipState::Knock) {
        return Ok(Vec::new());
    }
    let own = membership.user.as_str();
    let keys = STRIPPED.iter().map(|kind| (*kind, if *kind == "m.room.member" { own } else { "" }));
    let inviter =
        (membership.sender != membership.user).then_some(("m.room.member", membership.sender.as_str()));
    let mut shown = Vec::new();
    for (kind, state_key) in keys.chain(inviter) {
        if let Some(event) = snapshot.state_event(membership.room, kind, state_key, membership.from)? {
            shown.push(Visible { event, membership: membership.state.clone(), pass: Pass(()) });
        }
    }
    Ok(shown)
}

/// The room, if the user is in it now: who may type, read, and set things up there.
pub(crate) fn joined(snapshot: &Snapshot<'_>, user: &UserId, room: &RoomId) -> Result<RoomNid, RoomError> {
    let nid = snapshot.room_nid(room)?.ok_or_else(RoomError::not_in_room)?;
    let membership = snapshot.membership(user, nid)?.ok_or_else(RoomError::not_in_room)?;
    if membership.is_joined() { Ok(nid) } else { Err(RoomError::not_in_room()) }
}

/// Who is looking, and from which device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) device: Option<&'a DeviceId>,
}

fn visibility_of(content: &str) -> Result<HistoryVisibility, StoreError> {
    let content: serde_json::Value = serde_json::from_str(content).map_err(to_json_error("event"))?;
    let visibility =
        content.get("history_visibility").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(match visibility {
        "world_readable" => HistoryVisibility::WorldReadable,
        "invited" => HistoryVisibility::Invited,
        "joined" => HistoryVisibility::Joined,
        _ => HistoryVisibility::Shared,
    })
}
