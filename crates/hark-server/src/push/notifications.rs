//! What a user was told of, the newest first (`GET /notifications`).
//!
//! Nothing is stored for it: the rules are asked again. The rooms' timelines are walked together, each page of a room being read
//! when it is its turn, so that a page of notifications costs as much as the events it goes past.

use std::collections::{BinaryHeap, VecDeque};

use super::listener::{Listener, Listening, Told};
use crate::{
    rooms::RoomError,
    store::{Membership, Position, StoreError, StoredEvent},
};

/// Events looked at for one page.
const MAX_SCANNED: usize = 2_000;
/// Events of a room read at once.
const AT_ONCE: usize = 32;

/// A part of the list.
pub(crate) struct Page<'a> {
    pub(crate) rooms: Vec<Source<'a>>,
    /// Each with the index of its room in `rooms`.
    pub(crate) told: Vec<(usize, Told<'a>)>,
    /// Where the next part starts, if there may be more.
    pub(crate) next: Option<Position>,
}

/// The timeline of one room, going back.
pub(crate) struct Source<'a> {
    membership: Membership,
    /// Known from the moment the room is first looked at.
    room: Option<Listening<'a>>,
    waiting: VecDeque<StoredEvent>,
}

/// The newest notifications at or before `upto` that are `wanted`.
pub(crate) fn page<'a>(
    listener: &'a Listener<'a>,
    upto: Position,
    limit: usize,
    wanted: impl Fn(&Told<'_>) -> bool,
) -> Result<Page<'a>, RoomError> {
    let mut page = Page { rooms: Vec::new(), told: Vec::new(), next: None };
    let mut turns = BinaryHeap::new();
    for membership in listener.snapshot().rooms_of(listener.user())? {
        let newest = if membership.is_joined() {
            listener.snapshot().room(membership.room)?.map_or(Position::START, |room| room.head_pos)
        } else {
            membership.from
        };
        turns.push((newest.min(upto), page.rooms.len()));
        page.rooms.push(Source { membership, room: None, waiting: VecDeque::new() });
    }
    let mut scanned = 0;
    while let Some((bound, index)) = turns.pop() {
        let Some(source) = page.rooms.get_mut(index) else { continue };
        let Some(event) = source.next(listener, bound)? else { continue };
        // The room's turn may come later than was thought.
        if event.pos < bound && turns.peek().is_some_and(|(next, _)| *next > event.pos) {
            turns.push((event.pos, index));
            source.waiting.push_front(event);
            continue;
        }
        let pos = event.pos;
        if page.told.len() == limit || scanned == MAX_SCANNED {
            page.next = Some(pos);
            break;
        }
        scanned += 1;
        let room = source.room.as_ref();
        if let Some(told) = room.map(|room| room.told(event)).transpose()?.flatten().filter(&wanted) {
            page.told.push((index, told));
        }
        turns.push((pos.before(), index));
    }
    Ok(page)
}

impl<'a> Source<'a> {
    /// The room's newest event at or before `bound`.
    fn next(
        &mut self,
        listener: &'a Listener<'a>,
        bound: Position,
    ) -> Result<Option<StoredEvent>, StoreError> {
        if self.room.is_none() {
            self.room = listener.in_room(self.membership.clone())?;
        }
        let Some(room) = &self.room else { return Ok(None) };
        if self.waiting.is_empty() && bound > room.after {
            let found = listener.snapshot().newest_events(room.head.nid, room.after, bound, AT_ONCE)?;
            self.waiting.extend(found);
        }
        Ok(self.waiting.pop_front())
    }

    /// The room, which was looked at if anything of it is on the page.
    pub(crate) fn room(&self) -> Option<&Listening<'a>> {
        self.room.as_ref()
    }
}
