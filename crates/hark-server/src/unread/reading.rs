//! How far a user has read in a room.
//!
//! In each timeline it is the furthest of their receipts for it, their receipts for the whole room, what they sent into it
//! themselves, and their joining. Nothing of it is stored twice: the receipts are rows, the rest stands in the room's history.

use std::collections::HashMap;

use ruma::{EventId, UserId};

use crate::store::{Position, RoomNid, Snapshot, StoreError};

/// How far one user has read in one room.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// In every timeline.
    everything: Position,
    /// In the main timeline.
    main: Position,
    /// What receipts say of threads, by their roots.
    threads: HashMap<String, Position>,
}

impl Reading {
    /// Of somebody who is in the room.
    pub(crate) fn load(snapshot: &Snapshot<'_>, user: &UserId, room: RoomNid) -> Result<Self, StoreError> {
        Self::load_at(snapshot, user, room, Position::FOREVER)
    }

    /// The same without what they sent after `upto`.
    pub(super) fn load_at(
        snapshot: &Snapshot<'_>,
        user: &UserId,
        room: RoomNid,
        upto: Position,
    ) -> Result<Self, StoreError> {
        let joined = snapshot.joined_since(user, room)?.unwrap_or(Position::FOREVER);
        let sent = snapshot.newest_sent(room, user, None, upto)?.unwrap_or(Position::START);
        let main = joined.max(sent);
        let mut reading = Self { everything: joined, main, threads: HashMap::new() };
        for (thread, read) in snapshot.read_by_receipts(room, user)? {
            match thread {
                None => {
                    reading.everything = reading.everything.max(read);
                    reading.main = reading.main.max(read);
                }
                Some(thread) if thread == MAIN => reading.main = reading.main.max(read),
                Some(root) => drop(reading.threads.insert(root, read)),
            }
        }
        Ok(reading)
    }

    /// Up to where every timeline was read.
    pub(crate) fn everything(&self) -> Position {
        self.everything
    }

    /// Up to where the main timeline was read.
    pub(crate) fn main(&self) -> Position {
        self.main
    }

    /// Up to where receipts say that a thread was read.
    pub(crate) fn thread(&self, root: &EventId) -> Position {
        self.threads.get(root.as_str()).map_or(self.everything, |read| self.everything.max(*read))
    }
}

/// What a receipt for the main timeline has as its thread.
pub(crate) const MAIN: &str = "main";
