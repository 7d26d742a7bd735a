//! Who is typing where. In memory only: it moves without the log moving, counted by [`Ticks`].

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruma::{OwnedUserId, UserId};

use super::ticks::Ticks;
use crate::{clock, store::RoomNid};

/// Rooms whose emptied lists are remembered, so that a client that was away hears of the stop.
const MAX_ROOMS: usize = 4096;

/// The typing lists of every room.
#[derive(Clone)]
pub(crate) struct Typing(Arc<Inner>);

struct Inner {
    ticks: Ticks,
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    rooms: HashMap<RoomNid, List>,
    /// Which room changed last at which count.
    order: BTreeMap<u64, RoomNid>,
}

#[derive(Default)]
struct List {
    changed: u64,
    /// Until when each types.
    users: BTreeMap<OwnedUserId, Instant>,
}

impl Typing {
    /// Nobody types yet.
    pub(super) fn new(ticks: Ticks) -> Self {
        Self(Arc::new(Inner { ticks, lists: Mutex::default() }))
    }

    /// Says that a user types until `timeout` is over. True if the list changed.
    pub(crate) fn start(&self, room: RoomNid, user: &UserId, timeout: Duration) -> bool {
        let until = clock::instant() + timeout;
        let mut lists = self.lock();
        let new = lists.rooms.entry(room).or_default().users.insert(user.to_owned(), until).is_none();
        if new {
            lists.touch(room, self.0.ticks.next());
        }
        new
    }

    /// Says that a user has stopped. True if the list changed.
    pub(crate) fn stop(&self, room: RoomNid, user: &UserId) -> bool {
        self.remove(room, user, |_| true)
    }

    /// Stops a user whose time is over; one who went on typing in between stays. True if the list changed.
    pub(crate) fn expire(&self, room: RoomNid, user: &UserId) -> bool {
        let now = clock::instant();
        self.remove(room, user, |until| until <= now)
    }

    /// The rooms whose list changed after `seen`; all that are not empty if it is of another start of the server.
    pub(crate) fn changed_since(&self, seen: Option<(u32, u64)>) -> Vec<RoomNid> {
        let lists = self.lock();
        match self.0.ticks.of_this_start(seen) {
            Some(count) => lists.order.range(count + 1..).map(|(_, room)| *room).collect(),
            None => {
                lists.rooms.iter().filter(|(_, list)| !list.users.is_empty()).map(|(room, _)| *room).collect()
            }
        }
    }

    /// Who types in a room.
    pub(crate) fn in_room(&self, room: RoomNid) -> Vec<OwnedUserId> {
        self.lock().rooms.get(&room).map(|list| list.users.keys().cloned().collect()).unwrap_or_default()
    }

    fn remove(&self, room: RoomNid, user: &UserId, when: impl Fn(Instant) -> bool) -> bool {
        let mut lists = self.lock();
        let Some(list) = lists.rooms.get_mut(&room) else { return false };
        if !list.users.get(user).is_some_and(|until| when(*until)) {
            return false;
        }
        list.users.remove(user);
        lists.touch(room, self.0.ticks.next());
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lists> {
        self.0.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    fn touch(&mut self, room: RoomNid, tick: u64) {
        let list = self.rooms.entry(room).or_default();
        let before = std::mem::replace(&mut list.changed, tick);
        self.order.remove(&before);
        self.order.insert(tick, room);
        while self.order.len() > MAX_ROOMS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.rooms.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    const ROOM: RoomNid = RoomNid(1);

    #[test]
    fn a_list_is_told_once_per_change_and_again_after_a_restart() {
        let ticks = Ticks::default();
        let typing = Typing::new(ticks.clone());
        let before = ticks.now();
        assert!(typing.start(ROOM, user_id!("@a:x"), Duration::from_secs(30)));
        assert!(
            !typing.start(ROOM, user_id!("@a:x"), Duration::from_secs(30)),
            "going on typing is no change"
        );
        assert_eq!(typing.changed_since(Some(before)), [ROOM]);
        let seen = ticks.now();
        assert_eq!(typing.changed_since(Some(seen)), []);
        assert_eq!(
            typing.changed_since(Some((seen.0.wrapping_add(1), 99))),
            [ROOM],
            "another start of the server"
        );
        assert!(typing.stop(ROOM, user_id!("@a:x")));
        assert_eq!((typing.changed_since(Some(seen)), typing.in_room(ROOM)), (vec![ROOM], vec![]));
    }

    #[test]
    fn somebody_who_went_on_typing_does_not_expire() {
        let typing = Typing::new(Ticks::default());
        typing.start(ROOM, user_id!("@a:x"), Duration::ZERO);
        typing.start(ROOM, user_id!("@a:x"), Duration::from_secs(30));
        assert!(!typing.expire(ROOM, user_id!("@a:x")));
        typing.start(ROOM, user_id!("@b:x"), Duration::ZERO);
        assert!(typing.expire(ROOM, user_id!("@b:x")));
    }
}
