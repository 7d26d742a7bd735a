//! The events of each room that are on their way to the writer, in the order in which it will meet them.
//!
//! An event names the one before it, so whoever signs one must know what it will follow. That is the newest committed event only if
//! nothing is on its way; otherwise it is the last in line. Should that one be refused in the end, or another kind of change come in
//! between, the writer signs again: the line is a guess that is nearly always right, and nothing depends on it.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ruma::{OwnedRoomId, RoomId};

use crate::store::{RoomHead, Slot};

/// Rooms that share one lock.
const SHARDS: usize = 64;

/// The lines of all rooms that have one.
pub(super) struct Lines {
    shards: [Mutex<HashMap<OwnedRoomId, Line>>; SHARDS],
    hasher: RandomState,
}

struct Line {
    /// How many are in it.
    waiting: usize,
    /// Where the next one goes.
    end: Slot,
}

/// One event in a line; it leaves when this is dropped.
pub(super) struct InLine<'a> {
    lines: &'a Lines,
    room: OwnedRoomId,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// Takes the next place in the room of `head`. `enter` is given that place, has the room to itself, and says what place its event
    /// leaves to the next; when it returns, its event must be on its way to the writer.
    pub(super) fn enter<T, E>(
        &self,
        head: &RoomHead,
        enter: impl FnOnce(Slot) -> Result<(Slot, T), E>,
    ) -> Result<(InLine<'_>, T), E> {
        let room = &head.room_id;
        let mut lines = self.shard(room);
        let slot = lines.get(room).map_or_else(|| head.slot(), |line| line.end.clone());
        let (end, entered) = enter(slot)?;
        match lines.get_mut(room) {
            Some(line) => {
                line.waiting += 1;
                line.end = end;
            }
            None => drop(lines.insert(room.clone(), Line { waiting: 1, end })),
        }
        Ok((InLine { lines: self, room: room.clone() }, entered))
    }

    fn shard(&self, room: &RoomId) -> MutexGuard<'_, HashMap<OwnedRoomId, Line>> {
        let shard = self.hasher.hash_one(room) as usize % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let mut lines = self.lines.shard(&self.room);
        if let Some(line) = lines.get_mut(&self.room) {
            line.waiting -= 1;
            if line.waiting == 0 {
                lines.remove(&self.room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::{RoomVersionId, event_id, owned_room_id};

    use super::*;
    use crate::store::{Position, RoomNid};

    fn head(depth: i64) -> RoomHead {
        RoomHead {
            nid: RoomNid(1),
            room_id: owned_room_id!("!room:hark.test"),
            version: RoomVersionId::V12,
            event: Some(event_id!("$committed").to_owned()),
            pos: Position(depth),
            depth,
            joined: 1,
            invited: 0,
            notify_total: 0,
            main_total: 0,
            state_pos: Position(1),
            known: std::sync::Arc::default(),
            allowed: std::sync::Arc::default(),
        }
    }

    fn enter<'a>(lines: &'a Lines, head: &RoomHead) -> (InLine<'a>, i64) {
        lines
            .enter::<_, ()>(head, |slot| {
                let depth = slot.depth + 1;
                Ok((Slot { event: None, depth }, depth))
            })
            .unwrap()
    }

    #[test]
    fn an_event_follows_the_last_in_line_and_the_committed_one_when_nobody_is() {
        let lines = Lines::new();
        let (first, depth) = enter(&lines, &head(5));
        assert_eq!(depth, 6);
        let (second, depth) = enter(&lines, &head(5));
        assert_eq!(depth, 7);
        drop(first);
        let (third, depth) = enter(&lines, &head(6));
        assert_eq!(depth, 8, "the second is still on its way");
        drop((second, third));
        assert_eq!(enter(&lines, &head(20)).1, 21);
    }

    #[test]
    fn who_is_refused_takes_no_slot() {
        let lines = Lines::new();
        assert!(lines.enter::<(), _>(&head(5), |_| Err(())).is_err());
        assert_eq!(enter(&lines, &head(9)).1, 10);
        assert!(lines.shards.iter().all(|shard| shard.lock().unwrap().is_empty()), "nothing is left of it");
    }
}
