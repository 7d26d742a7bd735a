//! Who must hear of a commit, and what changed for them.
//!
//! Each user with a client online has an entry: the rooms they are in (kept up to date from the commits themselves) and a bounded
//! list of what changed there. A commit looks up the users of its rooms and marks them, so that a caught-up client costs the
//! number of its changes and not the number of its rooms. Level-triggered: a waiter first registers, then looks at the position,
//! then waits, so no wake-up is lost, and a slow one costs nothing.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use ruma::{OwnedUserId, UserId};
use tokio::sync::Notify;

use crate::store::{Batch, LogKind, Position, RoomNid, Store, StoreError};

/// Changes remembered for one user; a client further behind asks the database.
const MAX_CHANGES: usize = 1024;
/// Users with an entry; past it those who wait for nothing are dropped.
const MAX_USERS: usize = 10_000;
/// Users online in a room, with whom it is crowded.
const CROWD: usize = 100;

/// The users with a client online.
#[derive(Clone)]
pub(crate) struct Wakes(Arc<Mutex<Online>>);

#[derive(Default)]
struct Online {
    users: HashMap<OwnedUserId, Entry>,
    rooms: HashMap<RoomNid, HashSet<OwnedUserId>>,
    /// The last batch that was marked.
    head: Position,
}

struct Entry {
    wake: Arc<Notify>,
    /// True once `rooms` was read from the database.
    ready: bool,
    rooms: HashSet<RoomNid>,
    /// Every change after this position is in `changes`.
    floor: Position,
    changes: VecDeque<(Position, Option<RoomNid>)>,
}

impl Wakes {
    /// Nobody is online yet, and everything up to `head` is known to the database alone.
    pub(crate) fn new(head: Position) -> Self {
        Self(Arc::new(Mutex::new(Online { head, ..Online::default() })))
    }

    /// Marks what a commit changed.
    pub(crate) fn committed(&self, batch: &Batch) {
        let mut online = self.lock();
        let mut woken = HashSet::new();
        for logged in &batch.entries {
            let told_to_all = logged.kind != LogKind::PrivateReceipt;
            if let Some(room) = logged.room.filter(|_| told_to_all) {
                // Those in the room must hear of the user's devices; of the room itself there is nothing to tell.
                let changed = Some(room).filter(|_| logged.kind != LogKind::DeviceList);
                online.note_room(room, changed, logged.pos, &mut woken);
            }
            let Some(user) = &logged.user else { continue };
            if let (LogKind::Event, Some(room)) = (logged.kind, logged.room) {
                online.enter(user, room);
            }
            online.note_user(user, logged.pos, logged.room, &mut woken);
        }
        online.head = batch.to;
        for user in woken {
            online.wake(&user);
        }
    }

    /// Wakes those in a room for something that is not in the log.
    pub(crate) fn room_changed(&self, room: RoomNid) {
        let online = self.lock();
        for user in online.rooms.get(&room).into_iter().flatten() {
            online.wake(user);
        }
    }

    /// Wakes those in some rooms, each once, for something that is not in the log.
    pub(crate) fn crowds_changed(&self, rooms: &HashSet<RoomNid>) {
        let online = self.lock();
        let woken: HashSet<&OwnedUserId> =
            rooms.iter().filter_map(|room| online.rooms.get(room)).flatten().collect();
        for user in woken {
            online.wake(user);
        }
    }

    /// Wakes those who share a room with a user, and the user, for something that is not in the log. Those in crowded rooms are not
    /// woken: these rooms are returned.
    pub(crate) fn user_changed(&self, user: &UserId) -> Vec<RoomNid> {
        let online = self.lock();
        let Some(entry) = online.users.get(user) else { return Vec::new() };
        let is_crowded = |room: &&RoomNid| online.rooms.get(*room).is_some_and(|others| others.len() > CROWD);
        let (crowded, small): (Vec<&RoomNid>, Vec<&RoomNid>) = entry.rooms.iter().partition(is_crowded);
        let woken: HashSet<&OwnedUserId> =
            small.into_iter().filter_map(|room| online.rooms.get(room)).flatten().collect();
        for other in woken {
            online.wake(other);
        }
        online.wake(user);
        crowded.into_iter().copied().collect()
    }

    /// True if a commit in the user's rooms is noted here.
    pub(crate) fn knows(&self, user: &UserId) -> bool {
        self.lock().users.get(user).is_some_and(|entry| entry.ready)
    }

    /// The user's entry, made from the database at the first call. Wait on what it returns after enabling it and looking again.
    pub(crate) async fn join(&self, user: &UserId, store: &Store) -> Result<Arc<Notify>, StoreError> {
        let (wake, ready) = {
            let mut online = self.lock();
            online.make_space();
            let head = online.head.max(store.committed());
            let entry = online.users.entry(user.to_owned()).or_insert_with(|| Entry {
                wake: Arc::default(),
                ready: false,
                rooms: HashSet::new(),
                floor: head,
                changes: VecDeque::new(),
            });
            (entry.wake.clone(), entry.ready)
        };
        if !ready {
            let asked = user.to_owned();
            let rooms = store.read::<_, StoreError, _>(move |snapshot| snapshot.room_nids_of(&asked)).await?;
            let mut online = self.lock();
            for room in rooms {
                online.enter(user, room);
            }
            // What was committed while the list was read may be missing.
            let head = online.head.max(store.committed());
            if let Some(entry) = online.users.get_mut(user)
                && !entry.ready
            {
                entry.ready = true;
                entry.floor = head;
                entry.changes.clear();
            }
        }
        Ok(wake)
    }

    /// The rooms in which something changed for the user in `from < pos <= to`, each once; `None` if that is not known here.
    pub(crate) fn rooms_changed(&self, user: &UserId, from: Position, to: Position) -> Option<Vec<RoomNid>> {
        let online = self.lock();
        if online.head < to {
            return None;
        }
        let entry = online.users.get(user).filter(|entry| entry.ready && entry.floor <= from)?;
        let mut seen = HashSet::new();
        let in_window = entry.changes.iter().filter(|(pos, _)| *pos > from && *pos <= to);
        Some(in_window.filter_map(|(_, room)| *room).filter(|room| seen.insert(*room)).collect())
    }

    /// The first change for the user after `from` that is remembered here.
    pub(crate) fn first_change(&self, user: &UserId, from: Position) -> Option<Position> {
        let online = self.lock();
        let changes = &online.users.get(user)?.changes;
        // Who waited has little to go back over.
        changes.iter().rev().map(|(pos, _)| *pos).take_while(|pos| *pos > from).last()
    }

    /// True unless it is known that nothing concerns the user in `from < pos <= to`.
    pub(crate) fn may_have_changed(&self, user: &UserId, from: Position, to: Position) -> bool {
        let online = self.lock();
        if online.head < to {
            return true;
        }
        let Some(entry) = online.users.get(user).filter(|entry| entry.ready && entry.floor <= from) else {
            return true;
        };
        entry.changes.iter().any(|(pos, _)| *pos > from && *pos <= to)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Online> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Online {
    fn note_room(
        &mut self,
        room: RoomNid,
        changed: Option<RoomNid>,
        pos: Position,
        woken: &mut HashSet<OwnedUserId>,
    ) {
        for user in self.rooms.get(&room).into_iter().flatten() {
            if let Some(entry) = self.users.get_mut(user) {
                entry.note(pos, changed);
                woken.insert(user.clone());
            }
        }
    }

    fn note_user(
        &mut self,
        user: &UserId,
        pos: Position,
        room: Option<RoomNid>,
        woken: &mut HashSet<OwnedUserId>,
    ) {
        if let Some(entry) = self.users.get_mut(user) {
            entry.note(pos, room);
            woken.insert(user.to_owned());
        }
    }

    /// The user may have to hear of the room from now on. Whoever has left hears of it too often rather than too seldom, until
    /// their entry is made anew.
    fn enter(&mut self, user: &UserId, room: RoomNid) {
        if let Some(entry) = self.users.get_mut(user)
            && entry.rooms.insert(room)
        {
            self.rooms.entry(room).or_default().insert(user.to_owned());
        }
    }

    fn wake(&self, user: &UserId) {
        if let Some(entry) = self.users.get(user) {
            entry.wake.notify_waiters();
        }
    }

    /// Drops the entries of users who wait for nothing.
    fn make_space(&mut self) {
        if self.users.len() < MAX_USERS {
            return;
        }
        let idle: Vec<_> = self
            .users
            .iter()
            .filter(|(_, entry)| Arc::strong_count(&entry.wake) == 1)
            .map(|(user, _)| user.clone())
            .collect();
        for user in idle {
            let Some(entry) = self.users.remove(&user) else { continue };
            for room in entry.rooms {
                if let Some(users) = self.rooms.get_mut(&room) {
                    users.remove(&user);
                    if users.is_empty() {
                        self.rooms.remove(&room);
                    }
                }
            }
        }
    }
}

impl Entry {
    fn note(&mut self, pos: Position, room: Option<RoomNid>) {
        if self.changes.back() == Some(&(pos, room)) {
            return;
        }
        if self.changes.len() == MAX_CHANGES
            && let Some((oldest, _)) = self.changes.pop_front()
        {
            self.floor = oldest;
        }
        self.changes.push_back((pos, room));
    }
}

#[cfg(test)]
mod tests {
    use ruma::UserId;

    use super::*;

    const SMALL: RoomNid = RoomNid(1);
    const LARGE: RoomNid = RoomNid(2);

    fn online(user: &str, rooms: &[RoomNid], wakes: &Wakes) -> (OwnedUserId, Arc<Notify>) {
        let user = UserId::parse(format!("@{user}:x")).unwrap();
        let mut all = wakes.lock();
        let wake: Arc<Notify> = Arc::default();
        let entry = Entry {
            wake: wake.clone(),
            ready: true,
            rooms: HashSet::new(),
            floor: Position::START,
            changes: VecDeque::new(),
        };
        all.users.insert(user.clone(), entry);
        for room in rooms {
            all.enter(&user, *room);
        }
        (user, wake)
    }

    /// Whether a waiter is woken by what happens.
    fn is_woken(wake: &Notify, act: impl FnOnce()) -> bool {
        use futures_util::FutureExt;
        let woken = wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        act();
        woken.now_or_never().is_some()
    }

    #[test]
    fn presence_wakes_a_small_room_at_once_and_a_crowd_together() {
        let wakes = Wakes::new(Position::START);
        let (ann, _) = online("ann", &[SMALL, LARGE], &wakes);
        let (_, near) = online("near", &[SMALL], &wakes);
        let crowd: Vec<_> = (0..CROWD).map(|n| online(&format!("n{n}"), &[LARGE], &wakes).1).collect();
        let mut crowded = Vec::new();
        assert!(is_woken(&near, || crowded = wakes.user_changed(&ann)));
        assert_eq!(crowded, [LARGE]);
        assert!(!is_woken(&crowd[7], || drop(wakes.user_changed(&ann))));
        assert!(is_woken(&crowd[7], || wakes.crowds_changed(&HashSet::from([LARGE]))));
        assert!(!is_woken(&near, || wakes.crowds_changed(&HashSet::from([LARGE]))));
    }
}
