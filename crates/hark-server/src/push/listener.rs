//! One user's ears: which events of their rooms they are told of.

use ruma::{OwnedEventId, UserId, events::room::member::MembershipState};

use super::{CompiledRules, InRoom, Subject, rules::Outcome};
use crate::{
    gate::{self, Ignored, Viewer, Visible},
    rooms::RoomError,
    store::{Membership, Position, RoomHead, Snapshot, StoreError, StoredEvent},
    unread::Reading,
};

/// A user with their rules, at one moment.
pub(crate) struct Listener<'a> {
    snapshot: &'a Snapshot<'a>,
    user: &'a UserId,
    rules: CompiledRules,
    ignored: Ignored,
}

/// A user in a room they are in, or were asked into.
pub(crate) struct Listening<'a> {
    listener: &'a Listener<'a>,
    pub(crate) viewer: Viewer<'a>,
    pub(crate) head: RoomHead,
    pub(crate) membership: Membership,
    /// What happened up to here is not for them.
    pub(crate) after: Position,
    /// `None` for those who were asked in: they read nothing there.
    reading: Option<Reading>,
}

/// An event a user is told of.
pub(crate) struct Told<'a> {
    pub(crate) visible: Visible,
    pub(crate) outcome: Outcome<'a>,
    /// They have read it since.
    pub(crate) read: bool,
}

impl<'a> Listener<'a> {
    pub(crate) fn load(snapshot: &'a Snapshot<'a>, user: &'a UserId) -> Result<Self, StoreError> {
        let rules = CompiledRules::new(user, &snapshot.push_rules(user)?);
        Ok(Self { snapshot, user, rules, ignored: Ignored::load(snapshot, user)? })
    }

    /// `None` where the user neither is nor was asked in.
    pub(crate) fn in_room(&'a self, membership: Membership) -> Result<Option<Listening<'a>>, StoreError> {
        let (user, nid) = (self.user, membership.room);
        let (after, reading) = match membership.state {
            MembershipState::Join => {
                let since = self.snapshot.joined_since(user, nid)?.unwrap_or(Position::FOREVER);
                (since, Some(Reading::load(self.snapshot, user, nid)?))
            }
            MembershipState::Invite => (membership.from.before(), None),
            _ => return Ok(None),
        };
        let Some(head) = self.snapshot.stored_head(nid)? else { return Ok(None) };
        let viewer = Viewer::load(self.snapshot, user, nid, self.ignored.clone())?;
        Ok(Some(Listening { listener: self, viewer, head, membership, after, reading }))
    }

    /// Whose ears they are.
    pub(crate) fn user(&self) -> &'a UserId {
        self.user
    }

    /// The moment.
    pub(crate) fn snapshot(&self) -> &'a Snapshot<'a> {
        self.snapshot
    }

    /// Those whose messages the user does not want.
    pub(crate) fn ignored(&self) -> &Ignored {
        &self.ignored
    }
}

impl<'a> Listening<'a> {
    /// What the user is told of an event of this room, if anything: never of what they sent, of what they may not see, of what was
    /// redacted, or of what happened before they came.
    pub(crate) fn told(&self, event: StoredEvent) -> Result<Option<Told<'a>>, RoomError> {
        let user = self.listener.user;
        let own = event.is_member_of(user);
        let heard = event.pos > self.after && (self.reading.is_some() || own);
        if event.sender == user || !heard || event.redacted_by.is_some() {
            return Ok(None);
        }
        if self.listener.ignored.contains(&event.sender) {
            return Ok(None);
        }
        let Some(visible) = self.viewer.see(event) else { return Ok(None) };
        let subject = Subject::of(&visible, &self.head.room_id);
        let room = InRoom::new(self.listener.snapshot, &self.head, user);
        let outcome = self.listener.rules.evaluate(&subject, &room)?;
        if !outcome.notify {
            return Ok(None);
        }
        let read = self.has_read(visible.event())?;
        Ok(Some(Told { visible, outcome, read }))
    }

    /// What the user may know of the room's state: all of it for those in the room, what an invitation shows for those asked in.
    pub(crate) fn state(&self, kind: &str, state_key: &str) -> Result<Option<Visible>, StoreError> {
        let snapshot = self.listener.snapshot;
        if self.reading.is_none() {
            let shown = gate::stripped(snapshot, &self.membership)?;
            let is =
                |event: &StoredEvent| event.kind == kind && event.state_key.as_deref() == Some(state_key);
            return Ok(shown.into_iter().find(|shown| is(shown.event())));
        }
        let end = Position::FOREVER.before();
        let event = snapshot.state_event(self.head.nid, kind, state_key, end)?;
        Ok(event.and_then(|event| self.viewer.see_state(event)))
    }

    fn has_read(&self, event: &StoredEvent) -> Result<bool, StoreError> {
        let Some(reading) = &self.reading else { return Ok(false) };
        if event.pos <= reading.everything() {
            return Ok(true);
        }
        Ok(event.pos
            <= match self.thread_of(event)? {
                None => reading.main(),
                Some((root, root_id)) => {
                    let Listener { snapshot, user, .. } = self.listener;
                    let sent = snapshot.newest_sent(event.room, user, Some(root), self.head.pos)?;
                    reading.thread(&root_id).max(sent.unwrap_or(Position::START))
                }
            })
    }

    /// The root of the thread an event is in.
    fn thread_of(&self, event: &StoredEvent) -> Result<Option<(Position, OwnedEventId)>, StoreError> {
        let snapshot = self.listener.snapshot;
        if event.rel_type.is_none() {
            return Ok(None);
        }
        let place = snapshot.place(event.room, event.event_id.as_str())?;
        let Some(root) = place.and_then(|place| place.thread) else { return Ok(None) };
        Ok(snapshot.event_at(root)?.map(|event| (root, event.event_id)))
    }
}
