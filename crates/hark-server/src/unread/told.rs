//! What a user's own rules tell them of, event by event, remembered from one look to the next.
//!
//! Only rules that the totals cannot answer for come here. The newest [`MOST`] events after what was read are looked at once; after
//! that only what is new.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
/// Rooms of users remembered; past it everything is looked at anew.
const MAX_KNOWN: usize = 10_000;

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
pub(crate) struct Memory(Arc<Mutex<HashMap<(OwnedUserId, RoomNid), Known>>>);

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
    pub(super) changed: Position,
    pub(super) room: &'a Room,
}

impl Memory {
    /// The events after `after` the user is told of, oldest first.
    pub(super) fn told(
        &self,
        question: &Question<'_>,
        after: Position,
    ) -> Result<Arc<Vec<Told>>, StoreError> {
        let key = (question.user.to_owned(), question.room.nid);
        let known = self.lock().get(&key).cloned();
        let known = known.filter(|known| known.rules == question.changed && known.after <= after);
        let head = question.room.head_pos;
        let known = match known {
            Some(known) if known.upto >= head => return Ok(known.told),
            known => question.look(known, after)?,
        };
        let mut memory = self.lock();
        if memory.len() >= MAX_KNOWN {
            memory.clear();
        }
        memory.insert(key, known.clone());
        Ok(known.told)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(OwnedUserId, RoomNid), Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question<'_> {
    /// Looks at what came since `known`; at everything after `after`, if nothing is known or something was taken back since.
    fn look(&self, known: Option<Known>, after: Position) -> Result<Known, StoreError> {
        let upto = self.room.head_pos;
        if let Some(known) = known {
            let news = self.snapshot.newest_events(self.room.nid, known.upto, upto, MOST)?;
            if news.iter().all(|event| event.redacts.is_none()) {
                let mut told: Vec<_> = known.told.iter().filter(|told| told.pos > after).copied().collect();
                told.extend(self.ask(news)?);
                told.drain(..told.len().saturating_sub(MOST));
                return Ok(Known { after, upto, told: Arc::new(told), ..known });
            }
        }
        let events = self.snapshot.newest_events(self.room.nid, after, upto, MOST)?;
        Ok(Known { rules: self.changed, after, upto, told: Arc::new(self.ask(events)?) })
    }

    /// Asks the rules of events, the newest of which comes first.
    fn ask(&self, events: Vec<StoredEvent>) -> Result<Vec<Told>, StoreError> {
        let Some(head) = self.snapshot.stored_head(self.room.nid)? else { return Ok(Vec::new()) };
        let viewer = Viewer::load(self.snapshot, self.user, self.room.nid, self.ignored.clone())?;
        let surroundings = InRoom::new(self.snapshot, &head, self.user);
        let mut told = Vec::new();
        for visible in events.into_iter().rev().filter_map(|event| viewer.see(event)) {
            let subject = Subject::of(&visible, &self.room.id);
            let outcome = self.rules.evaluate(&subject, &surroundings).map_err(of_the_store)?;
            let event = visible.event();
            if outcome.notify && event.redacted_by.is_none() {
                told.push(Told { pos: event.pos, thread: event.thread, highlight: outcome.highlight });
            }
        }
        Ok(told)
    }
}

/// Rules only read the room: what goes wrong is that something of it cannot be read.
fn of_the_store(error: RoomError) -> StoreError {
    match error {
        RoomError::Store(error) => error,
        other => StoreError::Damaged { what: "room", reason: other.to_string() },
    }
}
