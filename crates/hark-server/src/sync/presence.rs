//! Who is there. In memory only: what is lost on a restart was about a moment that is over.
//!
//! A user is what their last word says: `PUT …/presence`, or `set_presence` of a /sync. Whoever has stopped syncing for
//! [`GONE_AFTER`] is offline. Changes are counted together with those of typing ([`Ticks`]).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ruma::{OwnedUserId, UserId, presence::PresenceState};

use super::ticks::Ticks;
use crate::{clock, json::Object};

/// How long after the last /sync a user is taken to be gone.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(30);
/// How long after their last sign of life a user counts as active.
const ACTIVE_FOR: Duration = Duration::from_mins(1);

/// What is known of one user.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Online, unavailable or offline.
    pub(crate) state: PresenceState,
    /// What they say of themselves.
    pub(crate) status: Option<String>,
    /// When they last did something.
    active_at: Instant,
}

impl Shown {
    /// Somebody of whom nothing is known.
    pub(super) fn offline() -> Self {
        Self { state: PresenceState::Offline, status: None, active_at: clock::instant() }
    }

    /// The content of an `m.presence` event, and the answer to who asks for it.
    pub(crate) fn write(&self, out: &mut Object<'_>) {
        let ago = clock::instant().saturating_duration_since(self.active_at);
        out.flag("currently_active", self.state == PresenceState::Online && ago < ACTIVE_FOR);
        out.number("last_active_ago", i64::try_from(ago.as_millis()).unwrap_or(i64::MAX));
        out.text("presence", self.state.as_str());
        if let Some(status) = &self.status {
            out.text("status_msg", status);
        }
    }
}

#[derive(Debug)]
struct Known {
    shown: Shown,
    /// When it changed last.
    changed: u64,
    /// Requests of /sync under way.
    syncing: usize,
    /// When the last of them ended.
    synced_at: Instant,
    /// Somebody waits to see whether the user comes back.
    watched: bool,
}

/// What is known of everybody since the server started.
pub(super) struct Presence {
    ticks: Ticks,
    /// If not, nobody is anything, whatever they say.
    told: bool,
    everybody: Mutex<Everybody>,
}

#[derive(Default)]
struct Everybody {
    users: HashMap<OwnedUserId, Known>,
    /// Who changed last at which tick.
    order: BTreeMap<u64, OwnedUserId>,
}

impl Presence {
    pub(super) fn new(ticks: Ticks, told: bool) -> Self {
        Self { ticks, told, everybody: Mutex::default() }
    }

    /// A user says what they are. True if others have news of it.
    pub(super) fn say(&self, user: &UserId, state: PresenceState, status: Option<String>) -> bool {
        if !self.told {
            return false;
        }
        let mut everybody = self.lock();
        let known = everybody.known(user);
        let news = known.shown.state != state || known.shown.status != status;
        known.shown = Shown { state, status, active_at: clock::instant() };
        if news {
            everybody.touch(user, self.ticks.next());
        }
        news
    }

    /// A user does something that others see. True if others have news of it: whoever was away is back, and whoever had done nothing
    /// for [`ACTIVE_FOR`] is active again.
    pub(super) fn act(&self, user: &UserId) -> bool {
        let mut everybody = self.lock();
        let Some(known) = everybody.users.get_mut(user) else { return false };
        let before = std::mem::replace(&mut known.shown.active_at, clock::instant());
        let idle = known.shown.active_at.saturating_duration_since(before) >= ACTIVE_FOR;
        let news = match known.shown.state {
            PresenceState::Online => idle,
            PresenceState::Unavailable => true,
            _ => false,
        };
        if news {
            known.shown.state = PresenceState::Online;
            everybody.touch(user, self.ticks.next());
        }
        news
    }

    /// A /sync of a user begins; `state` is what it makes them, if anything. True if others have news of it.
    pub(super) fn begin_sync(&self, user: &UserId, state: Option<PresenceState>) -> bool {
        if !self.told {
            return false;
        }
        let mut everybody = self.lock();
        let known = everybody.known(user);
        known.syncing += 1;
        let Some(state) = state.filter(|state| *state != known.shown.state) else { return false };
        known.shown.state = state;
        known.shown.active_at = clock::instant();
        everybody.touch(user, self.ticks.next());
        true
    }

    /// A /sync of a user has ended. True if the caller is to look after [`GONE_AFTER`] whether they are [`Self::gone`].
    pub(super) fn end_sync(&self, user: &UserId) -> bool {
        if !self.told {
            return false;
        }
        let mut everybody = self.lock();
        let known = everybody.known(user);
        known.syncing = known.syncing.saturating_sub(1);
        known.synced_at = clock::instant();
        known.syncing == 0 && !std::mem::replace(&mut known.watched, true)
    }

    /// Looks whether a user who is watched has gone.
    pub(super) fn gone(&self, user: &UserId) -> Gone {
        let mut everybody = self.lock();
        let known = everybody.known(user);
        let left = GONE_AFTER.saturating_sub(clock::instant().saturating_duration_since(known.synced_at));
        if known.syncing == 0 && !left.is_zero() {
            return Gone::Perhaps(left);
        }
        known.watched = false;
        if known.syncing > 0 || known.shown.state == PresenceState::Offline {
            return Gone::No;
        }
        known.shown.state = PresenceState::Offline;
        everybody.touch(user, self.ticks.next());
        Gone::Yes
    }

    /// What is known of a user.
    pub(super) fn of(&self, user: &UserId) -> Option<Shown> {
        self.lock().users.get(user).map(|known| known.shown.clone())
    }

    /// Whose presence changed after `seen`; if that is of another start of the server, all who are there.
    pub(super) fn changed_since(&self, seen: Option<(u32, u64)>) -> Vec<OwnedUserId> {
        let everybody = self.lock();
        if let Some(count) = self.ticks.of_this_start(seen) {
            return everybody.order.range(count + 1..).map(|(_, user)| user.clone()).collect();
        }
        let there = |known: &Known| known.shown.state != PresenceState::Offline;
        let users = everybody.users.iter().filter(|(_, known)| there(known));
        users.map(|(user, _)| user.clone()).collect()
    }

    /// True if anybody's presence changed after `seen`.
    pub(super) fn has_changed_since(&self, seen: Option<(u32, u64)>) -> bool {
        let Some(count) = self.ticks.of_this_start(seen) else { return true };
        self.lock().order.range(count + 1..).next().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Everybody> {
        self.everybody.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a user who stopped syncing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// They are offline now.
    Yes,
    /// They are back.
    No,
    /// They have so much time left.
    Perhaps(Duration),
}

impl Everybody {
    fn known(&mut self, user: &UserId) -> &mut Known {
        self.users.entry(user.to_owned()).or_insert_with(|| {
            let shown = Shown::offline();
            Known { synced_at: shown.active_at, shown, changed: 0, syncing: 0, watched: false }
        })
    }

    fn touch(&mut self, user: &UserId, tick: u64) {
        let before = std::mem::replace(&mut self.known(user).changed, tick);
        self.order.remove(&before);
        self.order.insert(tick, user.to_owned());
    }
}

/// An `m.presence` event.
pub(super) fn event(user: &UserId, shown: &Shown) -> String {
    let mut out = String::new();
    let mut event = Object::new(&mut out);
    shown.write(&mut event.object("content"));
    event.text("sender", user.as_str()).text("type", "m.presence");
    drop(event);
    out
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn syncing_makes_online_and_repeating_it_is_no_news() {
        let ticks = Ticks::default();
        let presence = Presence::new(ticks.clone(), true);
        let (ann, start) = (user_id!("@a:x"), ticks.now());
        assert!(!presence.begin_sync(ann, None), "set_presence=offline marks nobody online");
        assert!(presence.begin_sync(ann, Some(PresenceState::Online)));
        assert!(!presence.begin_sync(ann, Some(PresenceState::Online)));
        assert_eq!(presence.changed_since(Some(start)), [ann]);
        assert!(!presence.has_changed_since(Some(ticks.now())));
        let other_start = (start.0.wrapping_add(1), 99);
        assert_eq!(presence.changed_since(Some(other_start)), [ann]);
    }

    #[test]
    fn who_stopped_syncing_is_watched_once_and_not_gone_at_once() {
        let presence = Presence::new(Ticks::default(), true);
        let ann = user_id!("@a:x");
        presence.begin_sync(ann, Some(PresenceState::Online));
        presence.begin_sync(ann, Some(PresenceState::Online));
        assert!(!presence.end_sync(ann), "another device is still there");
        assert!(presence.end_sync(ann));
        assert!(matches!(presence.gone(ann), Gone::Perhaps(left) if left <= GONE_AFTER));
        presence.begin_sync(ann, None);
        assert!(!presence.end_sync(ann), "watched already");
        presence.begin_sync(ann, None);
        assert_eq!(presence.gone(ann), Gone::No);
    }

    #[test]
    fn who_acts_is_active_and_no_longer_away() {
        let ticks = Ticks::default();
        let presence = Presence::new(ticks.clone(), true);
        let ann = user_id!("@a:x");
        assert!(!presence.act(ann) && presence.of(ann).is_none(), "who is not there does not come by acting");
        presence.say(ann, PresenceState::Online, None);
        assert!(!presence.act(ann), "active already");
        let Some(long_ago) = clock::instant().checked_sub(ACTIVE_FOR * 2) else { return };
        presence.lock().known(ann).shown.active_at = long_ago;
        let before = ticks.now();
        assert!(presence.act(ann));
        assert_eq!(presence.changed_since(Some(before)), [ann]);
        presence.say(ann, PresenceState::Unavailable, Some("tea".into()));
        assert!(presence.act(ann));
        let shown = presence.of(ann).unwrap();
        assert_eq!((shown.state, shown.status.as_deref()), (PresenceState::Online, Some("tea")));
        presence.say(ann, PresenceState::Offline, None);
        assert!(!presence.act(ann));
        assert_eq!(presence.of(ann).unwrap().state, PresenceState::Offline, "who hides stays hidden");
    }

    #[test]
    fn switched_off_it_knows_nobody() {
        let ticks = Ticks::default();
        let presence = Presence::new(ticks.clone(), false);
        let ann = user_id!("@a:x");
        assert!(!presence.say(ann, PresenceState::Online, None));
        assert!(!presence.begin_sync(ann, Some(PresenceState::Online)) && !presence.end_sync(ann));
        assert!(presence.of(ann).is_none() && presence.changed_since(None).is_empty());
    }

    #[test]
    fn who_stays_away_is_offline() {
        let ticks = Ticks::default();
        let presence = Presence::new(ticks.clone(), true);
        let ann = user_id!("@a:x");
        presence.begin_sync(ann, Some(PresenceState::Online));
        presence.end_sync(ann);
        let before = ticks.now();
        let long_ago = clock::instant().checked_sub(GONE_AFTER * 2);
        let Some(long_ago) = long_ago else { return };
        presence.lock().known(ann).synced_at = long_ago;
        assert_eq!(presence.gone(ann), Gone::Yes);
        assert_eq!(presence.changed_since(Some(before)), [ann]);
        assert_eq!(presence.of(ann).unwrap().state, PresenceState::Offline);
        assert!(presence.changed_since(None).is_empty(), "a newcomer hears only of who is there");
    }
}
