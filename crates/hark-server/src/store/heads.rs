//! What the writer must know of a room to append to it, kept in memory: the head, and the state that auth rules ask for.
//!
//! The writer owns the truth while a batch is open (`HeadCache`, with an undo list for commands that fail); after each commit the
//! heads it changed are published in [`SharedHeads`], where senders read them to build and sign their events beforehand. Both are
//! bounded and rebuilt from the database at need.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, RoomVersionId,
    UserId,
    events::{StateEventType, TimelineEventType, room::member::MembershipState},
};
use rusqlite::Connection;
use serde_json::value::RawValue;

use super::{Position, RoomNid, Snapshot, StoreError, Tx};

/// Rooms kept in memory; past it the cache starts anew.
const MAX_ROOMS: usize = 10_000;
/// State events, and senders, kept for one room.
const MAX_STATE: usize = 512;
/// Types of event kept for one sender.
const MAX_KINDS: usize = 16;

/// The key of a state event.
pub(crate) type StateKey = (StateEventType, String);

/// A state event as the auth rules look at it.
#[derive(Debug)]
pub(crate) struct AuthEvent {
    pub(crate) event_id: OwnedEventId,
    pub(crate) room_id: Option<OwnedRoomId>,
    pub(crate) sender: OwnedUserId,
    pub(crate) ts: MilliSecondsSinceUnixEpoch,
    pub(crate) kind: TimelineEventType,
    pub(crate) state_key: Option<String>,
    pub(crate) content: Box<RawValue>,
    /// The events that allow this one; known only while it is being checked.
    pub(crate) auth: Vec<OwnedEventId>,
    /// The event before this one; known only while it is being checked.
    pub(crate) prev: Option<OwnedEventId>,
}

impl AuthEvent {
    /// What a member event makes its user.
    pub(crate) fn membership(&self) -> Option<MembershipState> {
        #[derive(serde::Deserialize)]
        struct Content {
            membership: MembershipState,
        }
        serde_json::from_str::<Content>(self.content.get()).ok().map(|content| content.membership)
    }
}

impl ruma::state_res::Event for AuthEvent {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        &self.event_id
    }

    fn room_id(&self) -> Option<&RoomId> {
        self.room_id.as_deref()
    }

    fn sender(&self) -> &UserId {
        &self.sender
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        self.ts
    }

    fn event_type(&self) -> &TimelineEventType {
        &self.kind
    }

    fn content(&self) -> &RawValue {
        &self.content
    }

    fn state_key(&self) -> Option<&str> {
        self.state_key.as_deref()
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.prev.iter())
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.auth.iter())
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        None
    }

    fn rejected(&self) -> bool {
        false
    }
}

/// State events that were looked up; `None`: looked up and not there.
pub(crate) type KnownState = HashMap<StateKey, Option<Arc<AuthEvent>>>;

/// Where the next event of a room goes.
#[derive(Clone, Debug)]
pub(crate) struct RoomHead {
    pub(crate) nid: RoomNid,
    pub(crate) room_id: OwnedRoomId,
    pub(crate) version: RoomVersionId,
    /// The newest event; `None` only before the create event.
    pub(crate) event: Option<OwnedEventId>,
    pub(crate) pos: Position,
    pub(crate) depth: i64,
    pub(crate) joined: i64,
    pub(crate) invited: i64,
    /// Events that notify everybody by the default push rules.
    pub(crate) notify_total: i64,
    /// Those of them that are in no thread.
    pub(crate) main_total: i64,
    /// Changes with every state event: what was checked against an equal value is still right. Not stored: after a restart it
    /// starts at the head.
    pub(crate) state_pos: Position,
    pub(crate) known: Arc<KnownState>,
    /// What the auth rules allowed since the state changed last.
    pub(crate) allowed: Arc<Allowed>,
}

/// What the next event of a room follows.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// `None` only before the create event.
    pub(crate) event: Option<OwnedEventId>,
    pub(crate) depth: i64,
}

/// The state events an event is judged by.
pub(crate) type JudgedBy = Arc<[(StateKey, Option<Arc<AuthEvent>>)]>;

/// Who may send what, as long as the state of the room stands: for events that are judged by sender and type alone.
#[derive(Debug, Default)]
pub(crate) struct Allowed(Mutex<HashMap<OwnedUserId, Vec<(String, JudgedBy)>>>);

impl Allowed {
    /// What it was judged by that `sender` may send events of type `kind`; `None` if that was not judged.
    pub(crate) fn get(&self, sender: &UserId, kind: &str) -> Option<JudgedBy> {
        let allowed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        allowed.get(sender)?.iter().find(|(known, _)| known == kind).map(|(_, by)| by.clone())
    }

    /// Remembers that `sender` may.
    pub(crate) fn insert(&self, sender: &UserId, kind: &str, by: JudgedBy) {
        let mut allowed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if allowed.len() >= MAX_STATE {
            allowed.clear();
        }
        let kinds = allowed.entry(sender.to_owned()).or_default();
        if kinds.len() < MAX_KINDS {
            kinds.push((kind.to_owned(), by));
        }
    }
}

impl RoomHead {
    /// Where its next event goes.
    pub(crate) fn slot(&self) -> Slot {
        Slot { event: self.event.clone(), depth: self.depth }
    }

    /// The state is another from `pos` on: whatever was judged by it has to be judged again.
    pub(crate) fn state_moved(&mut self, pos: Position) {
        self.state_pos = pos;
        self.allowed = Arc::default();
    }

    /// The same head knowing more of the current state.
    pub(crate) fn learn(&mut self, found: &[(StateKey, Option<Arc<AuthEvent>>)]) {
        if found.iter().all(|(key, _)| self.known.contains_key(key)) {
            return;
        }
        let mut known = if self.known.len() < MAX_STATE { (*self.known).clone() } else { KnownState::new() };
        known.extend(found.iter().cloned());
        self.known = Arc::new(known);
    }

    /// Looks a state event up again when it is needed next: it says something else now.
    pub(crate) fn forget(&mut self, key: &StateKey) {
        if self.known.contains_key(key) {
            let mut known = (*self.known).clone();
            known.remove(key);
            self.known = Arc::new(known);
        }
    }

    /// Puts a new state event into what is known.
    pub(crate) fn set(&mut self, key: StateKey, event: Arc<AuthEvent>) {
        let mut known = if self.known.len() < MAX_STATE { (*self.known).clone() } else { KnownState::new() };
        known.insert(key, Some(event));
        self.known = Arc::new(known);
    }
}

/// Heads as of the last commit, for everybody.
#[derive(Clone, Default)]
pub(crate) struct SharedHeads(Arc<Mutex<HashMap<OwnedRoomId, Arc<RoomHead>>>>);

impl SharedHeads {
    /// The head of a room that was written to lately.
    pub(crate) fn get(&self, room: &RoomId) -> Option<Arc<RoomHead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(room).cloned()
    }

    fn publish(&self, heads: impl IntoIterator<Item = Arc<RoomHead>>) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.len() > MAX_ROOMS {
            shared.clear();
        }
        shared.extend(heads.into_iter().map(|head| (head.room_id.clone(), head)));
    }
}

/// The writer's heads, with what the open batch changed.
#[derive(Default)]
pub(super) struct HeadCache {
    heads: HashMap<RoomNid, Arc<RoomHead>>,
    /// What each change replaced, oldest first.
    undo: Vec<(RoomNid, Option<Arc<RoomHead>>)>,
    shared: SharedHeads,
}

impl HeadCache {
    pub(super) fn sharing(shared: SharedHeads) -> Self {
        Self { shared, ..Self::default() }
    }

    /// How many changes there are, to come back to with [`Self::undo_to`].
    pub(super) fn mark(&self) -> usize {
        self.undo.len()
    }

    pub(super) fn undo_to(&mut self, mark: usize) {
        for (nid, before) in self.undo.drain(mark..).rev() {
            match before {
                Some(head) => self.heads.insert(nid, head),
                None => self.heads.remove(&nid),
            };
        }
    }

    /// Writes what the open batch changed: once for each room, however many events it got.
    pub(super) fn store(&self, connection: &Connection) -> Result<(), StoreError> {
        for nid in self.changed() {
            let Some(head) = self.heads.get(&nid) else { continue };
            let event = head.event.as_deref().map_or("", EventId::as_str);
            Snapshot::over(connection)
                .prepare(
                    "UPDATE rooms SET head_event = $1, head_pos = $2, depth = $3, joined = $4, invited = $5,
                         notify_total = $6, main_total = $7 WHERE room_nid = $8",
                )?
                .execute((
                    event,
                    head.pos,
                    head.depth,
                    head.joined,
                    head.invited,
                    head.notify_total,
                    head.main_total,
                    nid,
                ))?;
        }
        Ok(())
    }

    /// The rooms the open batch changed, each once.
    fn changed(&self) -> HashSet<RoomNid> {
        self.undo.iter().map(|(nid, _)| *nid).collect()
    }

    pub(super) fn committed(&mut self) {
        let changed = self.changed();
        self.undo.clear();
        self.shared.publish(changed.iter().filter_map(|nid| self.heads.get(nid).cloned()));
        if self.heads.len() > MAX_ROOMS {
            self.heads.clear();
        }
    }
}

impl Tx<'_> {
    /// The head of a room as the open transaction sees it.
    pub(crate) fn head(&mut self, nid: RoomNid) -> Result<Option<Arc<RoomHead>>, StoreError> {
        if let Some(head) = self.pending.heads.heads.get(&nid) {
            return Ok(Some(head.clone()));
        }
        let head = self.stored_head(nid)?.map(Arc::new);
        if let Some(head) = &head {
            self.pending.heads.heads.insert(nid, head.clone());
        }
        Ok(head)
    }

    /// Moves the head of a room. Its row follows when the batch is committed.
    pub(crate) fn set_head(&mut self, head: RoomHead) {
        let nid = head.nid;
        let before = self.pending.heads.heads.insert(nid, Arc::new(head));
        self.pending.heads.undo.push((nid, before));
    }

    /// Looks the state of a room up again when it is needed next.
    pub(crate) fn forget_known_state(&mut self, room: RoomNid) -> Result<(), StoreError> {
        let Some(head) = self.head(room)? else { return Ok(()) };
        let head = RoomHead::clone(&head);
        self.set_head(RoomHead { known: Arc::default(), allowed: Arc::default(), ..head });
        Ok(())
    }

    /// Makes an empty room; its create event must follow in the same command.
    pub(crate) fn create_room(
        &mut self,
        room_id: &RoomId,
        version: &RoomVersionId,
    ) -> Result<RoomHead, StoreError> {
        let nid = self
            .prepare(
                "INSERT INTO rooms (room_id, version, head_event, head_pos, depth, joined, invited, notify_total)
                 VALUES ($1, $2, '', 0, 0, 0, 0, 0) RETURNING room_nid",
            )?
            .query_row((room_id.as_str(), version.as_str()), |row| row.get(0))?;
        Ok(RoomHead {
            nid,
            room_id: room_id.to_owned(),
            version: version.clone(),
            event: None,
            pos: Position::START,
            depth: 0,
            joined: 0,
            invited: 0,
            notify_total: 0,
            main_total: 0,
            state_pos: Position::START,
            known: Arc::default(),
            allowed: Arc::default(),
        })
    }
}

impl Snapshot<'_> {
    /// A room's head from its row.
    pub(crate) fn stored_head(&self, nid: RoomNid) -> Result<Option<RoomHead>, StoreError> {
        let Some(room) = self.room(nid)? else { return Ok(None) };
        Ok(Some(RoomHead {
            nid,
            room_id: room.id,
            version: room.version,
            event: Some(room.head_event),
            pos: room.head_pos,
            depth: room.depth,
            joined: room.joined,
            invited: room.invited,
            notify_total: room.notify_total,
            main_total: room.main_total,
            state_pos: room.head_pos,
            known: Arc::default(),
            allowed: Arc::default(),
        }))
    }
}
