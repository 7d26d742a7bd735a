//! What a user's own rules tell them of, event by event, remembered from one look to the next.
//!
//! Only rules that the totals cannot answer for come here. The newest [`MOST`] events after what was read are looked at once; after
//! that only what is new.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ruma::{OwnedUserId, UserId};

use crate::{
    gate::{Ignored, Viewer},
    push::{CompiledRules, InRoom, Subject},
    rooms::RoomError,
    store::{Position, Room, RoomNid, Snapshot, StoreError, StoredEvent},
};

/// Events looked at in one room.
const MOST: usize = 1_000;
/// Events remembered in all; past it everything is looked at anew.
const MOST_REMEMBERED: usize = 1_000_000;
/// What one answer may cost in all, in rules times bytes of content: some tenths of a second. Rules and messages that are both as
/// large as they may be are asked of the newest messages only.
const MOST_WORK: usize = 200_000_000;
/// What asking a rule costs besides the content.
const RULE: usize = 64;

/// An event a user is told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) pos: Position,
    /// The root of its thread.
    pub(super) thread: Option<Position>,
    pub(super) highlight: bool,
}

/// What was found out, for every user and room. A cheap, clonable handle.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    known: HashMap<(OwnedUserId, RoomNid), Known>,
    /// Events in all of them.
    events: usize,
}

/// What may still be done for one answer.
pub(super) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(MOST_WORK))
    }
}

impl Work {
    /// False if so much is not left.
    fn spend(&self, cost: usize) -> bool {
        let left = self.0.get().checked_sub(cost);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

#[derive(Clone)]
struct Known {
    /// When the rules that were asked came into force.
    rules: Position,
    /// What is known is of events in `after < pos <= upto`.
    after: Position,
    upto: Position,
    told: Arc<Vec<Told>>,
}

/// Whose rules are asked, and of which room.
pub(super) struct Question<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    pub(super) user: &'a UserId,
    pub(super) ignored: &'a Ignored,
    pub(super) rules: &'a CompiledRules,
    /// When they came into force.
    pub(super) since: Position,
    pub(super) room: &'a Room,
    pub(super) work: &'a Work,
}

impl Memory {
    /// The events after `after` the user is told of, oldest first.
    pub(super) fn told(
        &self,
        question: &Question<'_>,
        after: Position,
    ) -> Result<Arc<Vec<Told>>, StoreError> {
        let key = (question.user.to_owned(), question.room.nid);
        let known = self.lock().known.get(&key).cloned();
        let known = known.filter(|known| known.rules == question.since && known.after <= after);
        let head = question.room.head_pos;
        let (known, whole) = match known {
            Some(known) if known.upto >= head => return Ok(known.told),
            known => question.look(known, after)?,
        };
        let told = known.told.clone();
        // What was cut short because of other rooms is not what a later answer has to be content with.
        if whole {
            self.lock().remember(key, known);
        }
        Ok(told)
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn remember(&mut self, key: (OwnedUserId, RoomNid), known: Known) {
        self.events += known.told.len() + 1;
        if let Some(before) = self.known.insert(key, known) {
            self.events -= before.told.len() + 1;
        }
        if self.events > MOST_REMEMBERED {
            *self = Self::default();
        }
    }
}

impl Question<'_> {
    /// Looks at what came since `known`; at everything after `after`, if nothing is known or something was taken back since. True:
    /// at all of it.
    fn look(&self, known: Option<Known>, after: Position) -> Result<(Known, bool), StoreError> {
        let upto = self.room.head_pos;
        if let Some(known) = known {
            let news = self.snapshot.newest_events(self.room.nid, known.upto, upto, MOST)?;
            if news.iter().all(|event| event.redacts.is_none()) {
                let (new, whole) = self.ask(news)?;
                let mut told: Vec<_> = known.told.iter().filter(|told| told.pos > after).copied().collect();
                told.extend(new);
                told.drain(..told.len().saturating_sub(MOST));
                return Ok((Known { after, upto, told: Arc::new(told), ..known }, whole));
            }
        }
        let events = self.snapshot.newest_events(self.room.nid, after, upto, MOST)?;
        let (told, whole) = self.ask(events)?;
        Ok((Known { rules: self.since, after, upto, told: Arc::new(told) }, whole))
    }

    /// Asks the rules of events, the newest of which comes first, as long as it does not become too much work. What they tell of is
    /// returned in the order it was said.
    fn ask(&self, events: Vec<StoredEvent>) -> Result<(Vec<Told>, bool), StoreError> {
        let Some(head) = self.snapshot.stored_head(self.room.nid)? else { return Ok((Vec::new(), true)) };
        let viewer = Viewer::load(self.snapshot, self.user, self.room.nid, self.ignored.clone())?;
        let surroundings = InRoom::new(self.snapshot, &head, self.user);
        let (mut told, mut whole) = (Vec::new(), true);
        for visible in events.into_iter().filter_map(|event| viewer.see(event)) {
            if !self.work.spend(self.rules.len() * (RULE + visible.content().len())) {
                whole = false;
                break;
            }
            let subject = Subject::of(&visible, &self.room.id);
            let outcome = self.rules.evaluate(&subject, &surroundings).map_err(of_the_store)?;
            let event = visible.event();
            if outcome.notify && event.redacted_by.is_none() {
                told.push(Told { pos: event.pos, thread: event.thread, highlight: outcome.highlight });
            }
        }
        told.reverse();
        Ok((told, whole))
    }
}

/// Rules only read the room: what goes wrong is that something of it cannot be read.
fn of_the_store(error: RoomError) -> StoreError {
    match error {
        RoomError::Store(error) => error,
        other => StoreError::Damaged { what: "room", reason: other.to_string() },
    }
}
