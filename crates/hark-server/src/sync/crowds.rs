//! Rooms with many people online. Who comes and goes there is told to all of them together, once in a while: told at once, a
//! thousand people who come back after a restart would wake a thousand others each.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::store::RoomNid;

/// How long changes are gathered before they are told.
pub(super) const GATHERED_FOR: Duration = Duration::from_secs(3);

/// The crowded rooms in which somebody's presence changed.
#[derive(Clone, Default)]
pub(super) struct Crowds(Arc<Mutex<HashSet<RoomNid>>>);

impl Crowds {
    /// Notes that there is news in some rooms. True if the caller is to [`Self::take`] them after [`GATHERED_FOR`].
    pub(super) fn gather(&self, rooms: Vec<RoomNid>) -> bool {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = gathered.is_empty();
        gathered.extend(rooms);
        first && !gathered.is_empty()
    }

    /// The rooms with news.
    pub(super) fn take(&self) -> HashSet<RoomNid> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_news_starts_the_gathering_and_the_rest_joins_it() {
        let crowds = Crowds::default();
        assert!(!crowds.gather(vec![]), "nothing to gather");
        assert!(crowds.gather(vec![RoomNid(1)]));
        assert!(!crowds.gather(vec![RoomNid(2)]));
        assert_eq!(crowds.take(), HashSet::from([RoomNid(1), RoomNid(2)]));
        assert!(crowds.gather(vec![RoomNid(2)]), "and again");
    }
}
